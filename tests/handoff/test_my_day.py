"""My day: what is due, for each team; every number opens exactly what it counts."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import conversation, lifecycle, promises
from handoff.day import Day
from handoff.models import Handoff, Notice
from leads import capture, editing
from leads.models import Import, Lead, LeadScore, Signal, Submission
from tests.factories import make_deal, make_handoff, make_handoffs, make_lead, make_leads, make_reason, make_user

DAY = reverse("handoff:my_day")
HTMX = {"hx-request": "true"}


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


def plan(lead, what, at, **fields):
    Lead.objects.filter(pk=lead.pk).update(next_action=what, next_action_at=at, **fields)


def figure(text, label):
    """The number under a label, and the address it opens."""
    found = re.search(rf"<dt>{label}</dt><dd><a href=\"([^\"]+)\">([^<]+)</a>", text)
    return int(found[2]), found[1].replace("&amp;", "&")


def test_a_rep_s_day_begins_with_what_is_overdue(client, sam):
    now = timezone.now()
    late, soon = make_deal(name="Isabel").leads.get(), make_deal(name="Emma").leads.get()
    plan(soon, "Demo with two sites", now + timedelta(days=1))
    plan(late, "Send redlines", now - timedelta(days=2))
    client.force_login(sam)
    text = client.get(DAY).text
    assert text.index("Send redlines") < text.index("Demo with two sites")
    assert "2 d over" in text


def test_every_figure_opens_exactly_what_it_counts(client, mia, sam, ruth):
    now = timezone.now()
    for number in range(3):
        plan(make_deal().leads.get(), "Call", now - timedelta(days=number + 1))
    plan(make_lead("customer"), "Second site", now - timedelta(hours=1))
    plan(make_lead(), "Send the sheet", now - timedelta(days=1), marketer=mia, look_again_on=timezone.localdate())
    make_handoffs(2)
    for person in (sam, mia, ruth):
        client.force_login(person)
        strip = client.get(DAY).context["figures"]
        assert strip
        for drawn in strip.values():
            page = client.get(drawn.href)
            listed = page.context["total"] if "total" in page.context else len(page.context["page"].lines)
            assert listed == drawn.number, (person, drawn)
    client.force_login(sam)
    assert figure(client.get(DAY).text, "Next actions overdue") == (4, f"{reverse('leads:table')}?owner=me&due=over")
    client.force_login(ruth)
    assert figure(client.get(DAY).text, "Customers this month")[0] == 1


def test_a_rep_claims_from_the_queue_with_one_click(client, sam):
    handoff = make_handoff(name="Katrin Hofer")
    client.force_login(sam)
    text = client.get(DAY).text
    assert "Katrin Hofer" in text
    assert "Claim next" in text
    response = client.post(reverse("handoff:act", args=[handoff.lead_id, "claim"]), {"next": DAY}, headers=HTMX)
    assert response.status_code == 204
    assert f'"path": "{DAY}"' in response["HX-Location"]
    text = client.get(DAY).text
    assert "Claim next" not in text
    assert reverse("handoff:inbox_item", args=[handoff.pk]) in text


def test_what_is_done_is_done_with_one_click_and_what_is_next_is_planned(client, sam):
    lead = make_deal().leads.get()
    plan(lead, "Send redlines", timezone.now() - timedelta(days=2))
    client.force_login(sam)
    address, tomorrow = reverse("handoff:plan", args=[lead.pk]), timezone.localtime() + timedelta(days=1)
    done = client.post(address, {"was": "Send redlines", "now": "done"}, headers=HTMX)
    assert "Done. Nothing is planned for" in done["HX-Trigger"]
    form = client.get(address, headers=HTMX)
    assert "<dialog" not in form.text
    assert "Plan what is next" in form.text
    said = {"was": "", "next_action": "Call the board", "next_action_at": tomorrow.strftime("%Y-%m-%dT%H:%M")}
    assert client.post(address, said, headers=HTMX).status_code == 204
    lead.refresh_from_db()
    assert (lead.next_action, lead.next_action_at.date()) == ("Call the board", tomorrow.date())
    assert lead.activities.filter(kind="lead:edit").count() == 2


def test_a_plan_that_somebody_changed_meanwhile_is_kept(client, sam):
    lead = make_deal().leads.get()
    plan(lead, "Call the board", timezone.now() + timedelta(days=1))
    client.force_login(sam)
    response = client.post(
        reverse("handoff:plan", args=[lead.pk]), {"was": "Send redlines", "now": "done"}, headers=HTMX
    )
    assert response.status_code == 422
    assert "By now this is planned: Call the board. Nothing was changed." in response["HX-Trigger"]
    with pytest.raises(ValidationError, match="By now this is planned"):
        editing.plan(lead, actor=sam, next_action="", next_action_at=None, was="Send redlines")
    lead.refresh_from_db()
    assert lead.next_action == "Call the board"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"next_action": "Call", "next_action_at": "2020-01-01T09:00"}, "This moment is past."),
        ({"next_action": "Call", "next_action_at": "soon"}, "Enter a valid date/time."),
        ({"next_action": "", "next_action_at": "2099-01-01T09:00"}, "Say what is to be done then"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_every_word_kept(client, sam, said, why):
    lead = make_deal().leads.get()
    client.force_login(sam)
    for headers in (HTMX, {}):
        response = client.post(reverse("handoff:plan", args=[lead.pk]), said, headers=headers)
        assert response.status_code == 422
        assert why in response.text
        assert f'value="{said["next_action_at"]}"' in response.text


def test_the_wrong_team_and_the_outsider_plan_nothing(client, mia):
    lead = make_deal().leads.get()
    address = reverse("handoff:plan", args=[lead.pk])
    assert client.get(address).status_code == 302
    client.force_login(mia)
    response = client.post(address, {"next_action": "Call"})
    assert response.status_code == 403
    assert "In BOFU this is for sales." in response.text


def test_who_has_been_idle_longer_than_their_lane_allows_has_gone_quiet(client, sam):
    quiet, busy, resting = (make_deal(name=name).leads.get() for name in ("Sven Larsson", "Ruta", "Matteo"))
    old = timezone.now() - timedelta(days=16)
    Lead.objects.filter(pk__in=[quiet.pk, resting.pk]).update(last_activity_at=old)
    Lead.objects.filter(pk=resting.pk).update(look_again_on=timezone.localdate() + timedelta(days=5))
    Lead.objects.filter(pk=busy.pk).update(last_activity_at=timezone.now() - timedelta(days=13))
    found = Day(sam).quiet()
    assert [(lead.name, lead.days, lead.limit, lead.lane) for lead in found] == [("Sven Larsson", 16, 14, "discovery")]
    client.force_login(sam)
    assert "16 of 14 d" in client.get(DAY).text


def test_a_rep_sees_the_promises_they_kept(sam):
    kept, waiting = make_handoff("sal"), make_handoff("sal")
    lifecycle.log_touch(kept.lead, actor=sam, kind="call:no_answer")
    calls, talks, answers = Day(sam).promises()
    assert (calls.kept, calls.of) == (1, 1)
    assert (talks.kept, talks.of) == (0, 0)
    assert (answers.kept, answers.of) == (2, 2)
    over = timezone.now() - timedelta(days=5)
    waiting.promises.filter(kind="attempt").update(due_at=over, next_event="breach", next_at=over)
    promises.sweep()
    calls, _talks, _answers = Day(sam).promises()
    assert (calls.kept, calls.of) == (1, 2)


def test_marketing_reads_what_came_back_what_became_of_its_leads_and_who_is_near_the_line(client, mia, sam):
    mend = make_handoff(name="Paula Berger")
    lifecycle.return_to_marketing(
        mend.lead, actor=sam, reason=make_reason("return", "no_working_contact"), verdict="A fax line"
    )
    definitional = make_handoff(name="Daniel Ott")
    lifecycle.return_to_marketing(
        definitional.lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small"
    )
    make_handoff("sal", name="Chiara Bianchi")
    near, far = make_lead(name="Anders Falk"), make_lead(name="Marie Dubois")
    LeadScore.objects.filter(lead=near).update(fit=40, engagement=17, total=57)
    LeadScore.objects.filter(lead=far).update(fit=40, engagement=10, total=50)
    client.force_login(mia)
    response = client.get(DAY)
    assert [task.lead.name for task in response.context["mend"]] == ["Paula Berger"]
    assert "Returned because: No working phone or e-mail. A fax line" in response.text
    assert {handoff.lead.name for handoff in response.context["became"].latest} == {
        "Paula Berger",
        "Daniel Ott",
        "Chiara Bianchi",
    }
    assert [lead.name for lead in response.context["near"]] == ["Anders Falk"]
    assert "The MQL line is 60, agreement v1" in response.text
    task = response.context["mend"][0]
    assert client.post(reverse("handoff:mended", args=[task.pk])).status_code == 302
    assert client.get(DAY).context["mend"] == []
    assert Lead.objects.get(pk=mend.lead_id).stage == "mofu"


def test_what_the_other_team_said_is_told_and_offers_are_not_told_twice(client, mia, sam):
    lead = make_handoff().lead
    conversation.comment(lead, actor=mia, text="@sam the film is ready")
    client.force_login(sam)
    said = client.get(DAY).context["said"]
    assert [each.notice.kind for each in said] == ["comment:mention"]
    client.force_login(mia)
    assert client.get(DAY).context["said"] == []


def test_a_manager_sees_what_runs_out_whose_it_is_and_what_nobody_has_claimed(client, sam, ruth):
    late, taken = make_handoff(name="Greta Holm"), make_handoff(name="Hugo Martin")
    lifecycle.claim(taken, actor=sam)
    Handoff.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=3))
    client.force_login(ruth)
    response = client.get(DAY)
    assert [each.handoff.lead.name for each in response.context["running"]] == ["Greta Holm", "Hugo Martin"]
    assert [each.handoff.lead.name for each in response.context["queue"]] == ["Greta Holm"]
    assert [(row["name"], row["running"], row["over"]) for row in response.context["reps"]] == [
        (None, 1, 1),
        ("Sam", 1, 0),
    ]


def test_what_nobody_has_claimed_is_counted_alike_on_the_tile_on_the_card_and_in_the_list(client, sam, ruth, mia):
    free, routed = make_handoff(name="Greta Holm"), make_handoff(name="Hugo Martin")
    Handoff.objects.filter(pk=routed.pk).update(owner=sam, queue=None)  # routed to a rep who has not answered
    make_handoff("sal", rep=sam, name="Paula Berger")
    client.force_login(ruth)
    day = client.get(DAY)
    number, address = figure(day.text, "Unowned offers")
    listed = client.get(address)
    assert (number, [each.pk for each in day.context["queue"]], listed.context["total"]) == (1, [free.pk], 1)
    assert "Greta Holm" in listed.text
    assert "Hugo Martin" not in listed.text
    assert f'href="{address}">All unowned offers' in day.text
    client.force_login(make_user("gone", is_active=False))
    assert client.get(address).status_code == 302


def test_each_number_of_the_open_promises_opens_the_leads_that_it_counts(client, sam, ruth):
    make_handoffs(2)
    late, _called = make_handoff("sal", rep=sam, name="Paula Berger"), make_handoff("sal", rep=sam)
    Handoff.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=3))
    client.force_login(ruth)
    day = client.get(DAY)
    table = day.text[day.text.index("h-reps") : day.text.index("h-plan")]
    found = re.findall(r'<a href="([^"]+)">(?:<b class="down">)?(\d+)', table)
    assert len(found) == 4  # the pool: 2 run; Sam: 2 run, 1 is over its time, 2 were never touched
    for address, number in found:
        listed = client.get(address.replace("&amp;", "&"))
        assert listed.context["total"] == int(number), address
        whose = "Sam" if "holder=sam" in address else "Unowned, in a queue"
        assert f"Hand-off with <b>{whose}</b>" in listed.text


def test_a_sentence_of_a_return_ends_with_one_full_stop_and_says_nothing_twice(client, mia, sam):
    handoff = make_handoff(name="Paula Berger")
    reason = make_reason("return", "no_working_contact")
    lifecycle.return_to_marketing(handoff.lead, actor=sam, reason=reason, verdict="The number is a fax line.")
    client.force_login(mia)
    day = client.get(DAY).text
    assert "Returned because: No working phone or e-mail. The number is a fax line. <span" in day
    assert ".." not in re.sub(r"<[^>]+>", "", day)
    said = Notice.objects.get(person=mia, kind="handoff:returned").text
    assert said == "Sam returned Paula Berger because: No working phone or e-mail. The number is a fax line."
    assert Notice.objects.get(person=mia, kind="task:fix").text == (
        "Sam asks you on Paula Berger: “Mend: The number is a fax line.”"
    )
    card = day[day.index('id="h-said"') : day.index('id="h-near"')]
    words = re.sub(r"<[^>]+>", "", card[card.index("<ul") : card.index("</li>")])
    assert (words.count("Sam"), words.count("Paula Berger")) == (1, 1)


def test_the_latest_return_stands_first_and_the_number_counts_them_all(client, mia, sam):
    reason = make_reason("return", "facts_missing")
    for number in range(9):
        lead = make_handoff(name=f"Returned {number}").lead
        lifecycle.return_to_marketing(lead, actor=sam, reason=reason, fields=["phone"])
    client.force_login(mia)
    page = client.get(DAY)
    assert page.context["mend"][0].lead.name == "Returned 8"
    assert '<h2 id="h-mend">Returned to you, to mend</h2><span class="cnt">9</span>' in page.text
    listed = client.get(reverse("handoff:tasks"), {"show": "mend"}).text
    assert f'{reverse("handoff:tasks")}?show=mend">All 9 to mend</a>' in page.text
    assert listed.count("Mended: offer again<span") == 9
    assert "Mended: offer again<span" in client.get(lead.get_absolute_url()).text


def test_whatever_can_be_offered_again_has_the_button_and_what_is_on_its_way_is_only_mended(client, mia, sam):
    reason = make_reason("return", "no_working_contact")

    def returned(name, of="tofu"):
        lead = make_handoff(name=name).lead if of == "tofu" else make_lead("customer", name=name)
        if of == "customer":
            lifecycle.offer(lead, actor=mia)
        lifecycle.return_to_marketing(lead, actor=sam, reason=reason, verdict="A fax line")
        return Lead.objects.get(pk=lead.pk)

    resting, customer, again = returned("Paula Berger"), returned("Hugo Martin", "customer"), returned("Greta Holm")
    lifecycle.offer(again, actor=mia)
    client.force_login(mia)
    text = client.get(DAY).text
    for lead, words in ((resting, "Mended: offer again"), (customer, "Mended: offer again"), (again, "Mended")):
        assert f'{words}<span class="vh"> {lead}</span></button>' in text, lead
    task = customer.tasks.get()
    client.force_login(sam)
    assert client.post(reverse("handoff:mended", args=[resting.tasks.get().pk])).status_code == 403
    client.force_login(mia)
    assert client.post(reverse("handoff:mended", args=[task.pk])).status_code == 302
    customer.refresh_from_db()
    assert (customer.stage, customer.handoffs.open().get().origin) == ("mofu", "expansion")
    client.post(reverse("handoff:task_done", args=[again.tasks.get().pk]), {"next": DAY})
    assert [each.lead for each in client.get(DAY).context["mend"]] == [resting]


@pytest.mark.parametrize(("team", "words"), [
    ("sales", ["Every hand-off is answered", "Nothing is planned.", "Nobody has gone quiet"]),
    ("marketing", ["Nothing came back to be mended.", "Nothing was handed over", "See the highest scores"]),
    ("management", ["No promise runs at the moment"]),
])  # fmt: skip
def test_an_empty_day_names_the_next_step(client, team, words):
    client.force_login(make_user(f"new-{team}", team=team))
    text = client.get(DAY).text
    for word in words:
        assert word in text


@pytest.mark.parametrize("team", ["sales", "marketing", "management"])
def test_a_day_takes_as_many_queries_for_300_leads_as_for_3(client, team, mia, sam):
    def fill(number):
        now = timezone.now()
        leads = [lead.pk for lead in make_leads(number)]
        Lead.objects.filter(pk__in=leads).update(
            marketer=mia, next_action="Call", next_action_at=now, look_again_on=timezone.localdate(now)
        )
        LeadScore.objects.filter(lead__in=leads).update(fit=40, engagement=17, total=57)
        offers = make_handoffs(number, company={"name": "Alpmilch"})
        mine = [offer.pk for offer in offers[::2]]
        Handoff.objects.filter(pk__in=mine).update(owner=sam, claimed_at=now)
        quiet = [offer.lead_id for offer in offers[::2]]
        Lead.objects.filter(pk__in=quiet).update(
            rep=sam, next_action="Call", next_action_at=now, last_activity_at=now - timedelta(days=9)
        )

    def queries():
        client.get(DAY)
        with CaptureQueriesContext(connection) as taken:
            client.get(DAY)
        return len(taken)

    make_deal()
    fill(3)
    client.force_login({"sales": sam, "marketing": mia}.get(team) or make_user("ruth", team="management"))
    few = queries()
    fill(297)
    assert queries() <= few <= 14


WAITS = re.compile(r'<dt>([^<]+)</dt><dd class="num"><a class="lnk" href="(/waiting/[^"]+|/submissions/)">([^<]+)</a>')


def test_every_number_of_what_waits_opens_exactly_what_it_counts(client, ruth):
    for number in range(3):
        capture.accept({"email": f"waits{number}@firm.example", "name": f"Waits {number}"}, way="api")
    Submission.objects.create(way="file", payload={"name": "Cannot be read"}, error="An e-mail is wrong.")
    lead = make_lead(name="Lena Fischer")
    Signal.objects.create(lead=lead, kind="hand_raise", at=timezone.now(), error="ValidationError")
    Import.objects.create(name="fair.csv", state="waiting")
    client.force_login(ruth)
    found = {label: (address, int(number)) for label, address, number in WAITS.findall(client.get(DAY).text)}
    assert {label: number for label, (_address, number) in found.items()} == {
        "Captured": 3, "To mend": 1, "Signals": 1, "Imports": 1,
    }  # fmt: skip
    pages = {label: client.get(address) for label, (address, _number) in found.items()}
    assert {label: len(page.context.get("lines") or page.context["found"]) for label, page in pages.items()} == {
        label: number for label, (_address, number) in found.items()
    }
    for label, words in (
        ("Captured", "Waits 2"), ("To mend", "An e-mail is wrong."), ("Signals", lead.get_absolute_url()),
        ("Imports", "fair.csv"),
    ):  # fmt: skip
        assert words in pages[label].text


def test_what_waits_is_listed_a_page_at_a_time_and_for_managers_alone(client, ruth, sam, django_assert_num_queries):
    for lead in make_leads(60):
        Signal.objects.create(lead=lead, kind="hand_raise", at=timezone.now())
    address = reverse("handoff:waiting", args=["signals"])
    client.force_login(ruth)
    first = client.get(address)
    assert (len(first.context["lines"]), client.get(f"{address}?after=nonsense").status_code) == (50, 200)
    assert len(client.get(f"{address}?after={first.context['next']}").context["lines"]) == 10
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    Signal.objects.filter(pk__gt=Signal.objects.order_by("pk")[2].pk).delete()
    with django_assert_num_queries(len(many)):
        client.get(address)
    assert client.get(reverse("handoff:waiting", args=["gold"])).status_code == 404
    client.force_login(sam)
    assert client.get(address).status_code == 403


def test_who_rests_above_the_line_stands_below_who_is_near_it_and_rests_by_the_reader_s_day(client, mia, time_machine):
    time_machine.move_to(datetime(2026, 3, 10, 20, tzinfo=UTC))
    mia.time_zone = "Pacific/Auckland"  # where it is the 11th
    mia.save()
    above, near, ready = (make_lead(name=name) for name in ("Anders Falk", "Marie Dubois", "Lena Fischer"))
    for lead, total in ((above, 70), (near, 57), (ready, 80)):
        LeadScore.objects.filter(lead=lead).update(fit=40, engagement=total - 40, total=total)
    Lead.objects.filter(pk=above.pk).update(look_again_on=date(2026, 3, 12))
    Lead.objects.filter(pk__in=[near.pk, ready.pk]).update(look_again_on=date(2026, 3, 11))
    client.force_login(mia)
    page = client.get(DAY)
    assert [lead.name for lead in page.context["near"]] == ["Marie Dubois", "Anders Falk"]
    assert ("rests until 12 Mar" in page.text, "rests until 11 Mar" in page.text) == (True, False)
