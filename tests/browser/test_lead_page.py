"""The lead page in a browser: a lead by hand, a word to a colleague, a call in one tap."""

from django.utils import timezone

from handoff import conversation, lifecycle
from handoff.models import Notice
from leads import capture
from leads.models import Lead
from personas.models import Persona
from tests.browser.everybody import held
from tests.factories import make_deal, make_handoff, make_lead, make_user


def rich_lead():
    """A lead with something in every part of its page, and long words in it."""
    Persona.objects.create(
        name="Energy manager",
        hopes="One figure per line",
        fears="A stop of line 4",
        rules=[{"field": "job_title", "op": "contains", "value": ["energy"], "points": 5}],
    )
    company = {"name": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", "domain": "firm.example", "size": 240}
    make_lead(name="Georg Pichler", email="georg@firm.example", company=company)
    lead = make_deal(
        name="Lena Fischer-Wolfeschlegelsteinhausenbergerdorff",
        email="lena.fischer.of.the.long.address@firm.example",
        job_title="Head of energy",
        company=company,
        custom={"erp": "SAP", "a_very_long_name_of_a_custom_field_that_somebody_chose": "x" * 80},
    ).leads.get()
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    conversation.comment(lead, actor=mia, text="@sam the film is cut " + "verylongword" * 20)
    lifecycle.log_touch(lead, actor=sam, kind="call:spoke", text="Knows her figures. " * 20)
    return lead


def test_a_marketer_adds_a_lead_and_tells_a_colleague_by_name(page_of):
    mia, sam = make_user("mia"), make_user("sam", team="sales", name="Jonas Weber")
    page = page_of(mia)
    page.goto("/leads/add/")
    page.get_by_label("Name").fill("Lena Fischer")
    page.get_by_label("E-mail").fill("lena@fehr.example")
    page.locator("#id_company").fill("Brauhaus Fehr")
    page.get_by_role("button", name="Add lead").click()
    page.get_by_role("heading", name="Lena Fischer").wait_for()
    page.locator(".toast", has_text="Lena Fischer is added.").wait_for()
    words = page.get_by_label("Comment", exact=True)
    words.press_sequentially("For you, @jon")
    page.get_by_role("option", name="Jonas Weber").wait_for()
    words.press("Enter")
    assert words.input_value() == "For you, @sam "
    words.press_sequentially("she asked about line 4")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.locator(".time .say, .time .ink2").get_by_text("she asked about line 4").wait_for()
    assert words.input_value() == ""
    assert Notice.objects.get(person=sam).text.startswith("Mia mentioned you on Lena Fischer")


def test_a_rep_logs_a_call_in_one_tap_and_the_page_follows_without_a_jump(page_of):
    lead, sam = make_handoff("sal", name="Lena Fischer").lead, make_user("sam", team="sales")
    for number in range(40):
        capture.log(lead, kind="web:page", text=f"Page {number}")
    page = page_of(sam)
    page.goto(lead.get_absolute_url())
    page.get_by_text("First call promised by").wait_for()
    page.get_by_label("Comment", exact=True).fill("Half a sentence")
    page.get_by_role("button", name="No answer").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    page.get_by_role("button", name="No answer").click()
    page.locator(".toast", has_text="Logged: No answer.").wait_for()
    page.locator(".time").get_by_text("called, no answer").wait_for()
    assert abs(page.evaluate("scrollY") - before) < 200
    assert page.get_by_label("Comment", exact=True).input_value() == "Half a sentence"
    page.get_by_text("Words, another time, next action").click()
    page.get_by_label("In words").fill("Knows her figures")
    page.get_by_label("Next action").fill("Send the sheet")
    page.get_by_role("button", name="Spoke").click()
    page.locator(".time").get_by_text("Knows her figures").wait_for()
    lead.refresh_from_db()
    assert lead.next_action == "Send the sheet"
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_text("a note is its words").wait_for()


def test_the_timeline_is_filtered_and_goes_on_in_place(page_of):
    lead, mia = make_lead(name="Lena Fischer"), make_user("mia")
    for number in range(60):
        capture.log(lead, kind="web:page", text=f"Page number {number}.", at=timezone.now())
    conversation.comment(lead, actor=mia, text="A word in between")
    page = page_of(mia)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Earlier").click()
    page.get_by_text("Page number 0.").wait_for()
    assert page.get_by_text("Page number 59.").count() == 1
    page.get_by_role("link", name="Comments").click()
    page.get_by_text("Page number 59.").wait_for(state="detached")
    assert page.url.endswith("?group=comments")
    page.reload()
    page.get_by_text("A word in between").first.wait_for()
    assert page.get_by_text("Page number 59.").count() == 0


def test_a_move_is_done_from_the_menu_by_keys(page_of):
    lead, mia = make_lead(name="Lena Fischer"), make_user("mia")
    make_user("sam", team="sales")
    page = page_of(mia)
    page.goto(lead.get_absolute_url())
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Hand to sales").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Why now").fill("Tariff ends in January")
    page.get_by_role("button", name="Hand over").click()
    page.locator(".crown").get_by_text("MQL offered").wait_for()
    page.get_by_text("Tariff ends in January").first.wait_for()
    assert Lead.objects.get().stage == "mofu"


def test_on_a_phone_the_score_and_the_chance_stand_right_behind_why_now(page_of, transactional_db):
    page = page_of(make_user("ruth", team="management"), viewport={"width": 390, "height": 844})
    page.goto(make_handoff().lead.get_absolute_url())
    tops = [page.locator(one).bounding_box()["y"] for one in ("#why", "#score", "#chance", "#sides", "#reach")]
    assert tops == sorted(tops)


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page_of):
    rich, offered, plain = rich_lead(), make_handoff().lead, make_lead(name="", email="plain@gmail.com", company={})
    page = page_of(make_user("ruth", team="management"))
    for lead in (rich, offered, plain):
        page.goto(lead.get_absolute_url())
        held(page, lead)
    page.get_by_label("Comment", exact=True).press_sequentially("@s")
    page.get_by_role("option").first.wait_for()
    held(page)
    for address in ("/leads/add/", f"/leads/{rich.pk}/edit/"):
        page.goto(address)
        for details in page.locator("details").all():
            details.locator("summary").click()
        held(page, address)
    page.get_by_label("Phone").fill("not a number")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Begin with + and the country code").wait_for()
    held(page)


def test_without_scripts_everything_that_is_said_is_kept_too(page_of):
    lead = make_handoff("sal", name="Lena Fischer").lead
    page = page_of(make_user("sam", team="sales"), java_script_enabled=False)
    page.goto(lead.get_absolute_url())
    page.get_by_label("Comment", exact=True).fill("Said without a script")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.locator(".time").get_by_text("Said without a script").wait_for()
    page.get_by_role("button", name="Spoke").click()
    page.locator(".time").get_by_text("spoke with them").wait_for()
