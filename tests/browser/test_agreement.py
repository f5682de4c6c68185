"""The agreement in a browser: a person new to it signs one and sets a calendar without help, on any screen."""

from django.urls import reverse

from handoff import agreement, answers
from handoff.models import Agreement, Handoff
from leads import capture, pipeline
from tests.browser.everybody import held
from tests.factories import make_agreement, make_draft, make_lead, make_user

LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of):
    mia = make_user("mia", name=LONG)
    page = page_of(mia)
    page.goto(reverse("handoff:agreement"))
    held(page, "first")
    make_agreement(mql_line=55, high_intent=["web:pricing"], required_facts=["phone", "company"])
    draft = make_draft(mql_line=50, holidays="AT", definition=" ".join([LONG] * 4), why=f"Because {LONG}")
    agreement.sign(draft, actor=mia, team="marketing", seen=draft.edit)
    for name, args in (
        ("agreement", []), ("agreement_draft", []), ("agreement_edit", []), ("agreement_version", [1]),
        ("points", []), ("points_edit", []),
    ):  # fmt: skip
        page.goto(reverse(f"handoff:{name}", args=args))
        held(page, name)


def test_somebody_new_to_it_sets_a_calendar_and_both_sign(page_of):
    mia, sam = make_user("mia", name="Mia Novak"), make_user("sam", team="sales", name="Sam Okafor")
    page = page_of(mia)
    page.goto("/")
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Agreement").click()
    page.get_by_role("link", name="Propose a change").click()
    page.get_by_label("Without the holidays of").select_option("Austria")
    page.locator("#days").get_by_text("Christmas Day").wait_for()
    page.get_by_label("Days off of our own").fill("2030-06-03")
    page.get_by_label("Friday", exact=True).uncheck()
    page.get_by_text("Hours of single weekdays").click()
    page.get_by_label("Thursday from").fill("09:00")
    page.get_by_label("Thursday until").fill("12:30")
    page.get_by_label("To", exact=True).fill("16:00")
    page.get_by_label("Accept or return within").fill("half a day")
    page.get_by_role("button", name="Save as draft v2").click()
    page.get_by_text("Say it in hours and minutes, such as 8 h or 1 h 30 min.", exact=True).wait_for()
    page.get_by_label("Accept or return within").fill("3 h 30 min")
    page.get_by_role("button", name="Save as draft v2").click()
    page.get_by_role("button", name="Sign v2 for marketing").click()
    page.get_by_text("You have signed v2.").first.wait_for()
    theirs = page_of(sam)
    theirs.goto(reverse("handoff:notices"))
    theirs.get_by_text("It waits for Sales.").first.wait_for()
    theirs.goto(reverse("handoff:agreement_draft"))
    theirs.get_by_role("button", name="Sign v2 for sales").click()
    theirs.get_by_text("Both have signed: v2 is in force.").first.wait_for()
    current = Agreement.objects.in_force()
    assert (current.holidays, current.accept_within, current.weekdays) == ("AT", 210, [0, 1, 2, 3])
    assert current.hours == {"3": ["09:00", "12:30"]}
    assert f"{current.closes:%H:%M} {current.days_off[0]}" == "16:00 2030-06-03"


def test_a_rule_is_changed_its_replay_is_read_both_sign_and_what_was_foretold_happens(page_of):
    mia, sam = make_user("mia", name="Mia Novak"), make_user("sam", team="sales", name="Sam Okafor")
    fits = {"phone": "+43 316 811235", "job_title": "Director", "country": "AT"}
    for name, kind, size in (
        ("Nora Near", "web:pricing", 90),
        ("Carl Clicks", "email:click", 90),
        ("Sue Small", "web:pricing", 2),
    ):
        lead = make_lead(name=name, company={"name": f"{name} Ltd", "size": size, "industry": "Steel"}, **fits)
        capture.log(lead, kind=kind)
    page = page_of(mia)
    page.goto("/")
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Agreement").click()
    page.get_by_role("navigation", name="Versions").get_by_role("link", name="Points").click()
    page.get_by_role("row", name="Pricing page").get_by_role("cell", name="2", exact=True).wait_for()
    page.get_by_role("link", name="Propose other points").click()
    rule = page.get_by_role("group", name="Pricing page")
    rule.get_by_label("Points", exact=True).fill("many")
    page.get_by_role("button", name="Add a rule").first.click()
    added = page.get_by_role("group", name="New rule")
    assert added.get_by_label("Called").evaluate("field => field === document.activeElement")
    added.get_by_role("button", name="Remove this rule").click()
    added.wait_for(state="detached")
    page.get_by_role("button", name="Move Pricing page up").click()
    page.get_by_role("button", name="Save as draft v2").click()
    rule.get_by_text("Say it as a number.").wait_for()
    assert rule.get_by_label("Points", exact=True).input_value() == "many"
    held(page, "a wrong rule")
    rule.get_by_label("Points", exact=True).fill("12")
    rule.get_by_label("Points", exact=True).press("Enter")
    page.get_by_text("The points of v2 are saved.").first.wait_for()
    page.get_by_text("When it comes into force, 1 lead in TOFU is offered at once.").wait_for()
    page.get_by_text("Who is offered at once").click()
    page.get_by_role("listitem").filter(has_text="Nora Near").last.wait_for()
    page.get_by_role("button", name="Sign v2 for marketing").click()
    page.get_by_text("You have signed v2.").first.wait_for()
    theirs = page_of(sam)
    theirs.goto(reverse("handoff:points_edit"))
    theirs.get_by_text("Marketing writes the points, and both teams sign them.").wait_for()
    theirs.get_by_role("link", name="Draft v2").click()
    theirs.get_by_role("button", name="Sign v2 for sales").click()
    theirs.get_by_text("Both have signed: v2 is in force.").first.wait_for()
    pipeline.rescore_outdated()
    answers.answer_all()
    assert [handoff.lead.name for handoff in Handoff.objects.select_related("lead")] == ["Nora Near"]
