"""Following a hand-off up: attempts in one tap, what is put off, what is mended, ratings, the brief."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import deals, lifecycle, sla, todo
from handoff.models import Agreement, Handoff, Notice, Task
from leads import capture, editing
from leads.models import Lead
from tests.factories import make_agreement, make_handoff, make_lead, make_reason, make_user

HTMX = {"hx-request": "true"}


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def act(client, lead, name, **said):
    return client.post(reverse("handoff:act", args=[lead.pk, name]), said, headers=HTMX)


def tap(client, lead, kind, **said):
    return client.post(reverse("handoff:log", args=[lead.pk]), {"kind": kind, "tap": "1", **said}, headers=HTMX)


def item(client, handoff):
    return client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text


def test_a_tap_counts_the_attempt_and_plans_the_next_in_business_time(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    assert "0 of 5 attempts over 10 business days" in item(client, handoff)
    answer = tap(client, handoff.lead, "call:no_answer")
    assert (answer.status_code, "Next: Try again: attempt 2 of 5" in answer.headers["HX-Trigger"]) == (204, True)
    lead = Lead.objects.get(pk=handoff.lead_id)
    calendar = sla.Calendar.of(Agreement.objects.in_force())
    called = lead.activities.get(kind="call:no_answer").at
    assert calendar.minutes(called, lead.next_action_at) == pytest.approx(2 * 510, abs=0.01)  # 10 days, 5 attempts
    assert "1 of 5 attempts" in item(client, handoff)


def test_a_contact_ends_the_tries_and_a_plan_of_ones_own_is_kept(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    tap(client, handoff.lead, "call:left_message")
    tap(client, handoff.lead, "call:spoke")
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.next_action, lead.handoffs.get().attempts_made) == ("", 2)
    assert "Disqualify…" in item(client, handoff)
    tap(client, handoff.lead, "email:sent", next_action="Send the sheet")
    assert Lead.objects.get(pk=lead.pk).next_action == "Send the sheet"


def test_after_the_agreed_attempts_recycling_as_unreachable_is_one_click(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    for _number in range(4):
        tap(client, handoff.lead, "call:no_answer")
    assert "Recycle as unreachable" not in item(client, handoff)
    early = act(client, handoff.lead, "unreachable")
    assert "1 attempt is still agreed on." in early.headers["HX-Trigger"]
    assert "The agreed 5 attempts are made" in tap(client, handoff.lead, "email:sent").headers["HX-Trigger"]
    assert "Recycle as unreachable" in item(client, handoff)
    assert "Recycle as unreachable" in client.get(handoff.lead.get_absolute_url()).text
    act(client, handoff.lead, "unreachable")
    handoff.refresh_from_db()
    assert (handoff.end, handoff.reason.code) == ("recycled", "unreachable")
    assert Lead.objects.get(pk=handoff.lead_id).look_again_on


def test_what_is_put_off_leaves_the_inbox_until_its_moment_and_its_promise_goes_on(client, mia, sam):
    handoff = make_handoff(name="Katrin Hofer")
    due = handoff.due_at
    client.force_login(sam)
    assert (
        "Say why"
        not in act(client, handoff.lead, "snooze", reason="On leave until Monday", until="week").headers["HX-Trigger"]
    )
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.due_at, handoff.promise) == (sam, due, "answer")
    assert handoff.pk not in [line.pk for line in client.get("/inbox/").context["page"].lines]
    assert [line.pk for line in client.get("/inbox/?show=snoozed").context["page"].lines] == [handoff.pk]
    assert "The promise goes on meanwhile." in item(client, handoff)
    assert not Notice.objects.filter(person=mia, kind__startswith="handoff:snooze").exists()
    client.force_login(mia)
    assert handoff.pk in [line.pk for line in client.get("/inbox/").context["page"].lines]
    assert "On leave until Monday" in item(client, handoff)
    client.force_login(sam)
    act(client, handoff.lead, "wake")
    assert [line.pk for line in client.get("/inbox/").context["page"].lines] == [handoff.pk]


def test_putting_off_needs_a_reason_and_a_moment_to_come(client, sam):
    handoff = make_handoff()
    client.force_login(sam)
    assert act(client, handoff.lead, "snooze", until="week").status_code == 422
    past = f"{timezone.localtime() - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    answer = act(client, handoff.lead, "snooze", reason="Later", until="week", at=past)
    assert (answer.status_code, "This moment is past" in answer.text) == (422, True)
    priya = make_user("priya", team="sales")
    lifecycle.claim(handoff, actor=priya)
    assert "Priya has claimed this lead" in act(client, handoff.lead, "snooze", reason="Later", until="week").text


def test_a_clerical_return_names_what_to_mend_and_once_mended_the_lead_is_offered_again(client, mia, sam):
    handoff, reason = make_handoff(name="Paula Berger"), make_reason("return", "facts_missing")
    client.force_login(sam)
    bare = act(client, handoff.lead, "return", reason=reason.pk)
    assert (bare.status_code, "Tick what is missing or wrong, or say it" in bare.text) == (422, True)
    act(client, handoff.lead, "return", reason=reason.pk, fields_wrong=["phone", "job_title"], verdict="A fax line")
    task = Task.objects.get(lead=handoff.lead)
    assert (task.owner, task.fields, task.handoff) == (mia, ["phone", "job_title"], handoff)
    assert task.title == "Mend phone, job title"
    assert not Lead.objects.get(pk=handoff.lead_id).next_action
    client.force_login(mia)
    day = client.get(reverse("handoff:my_day"))
    assert "Mend phone, job title" in day.text
    assert [figure.number for name, figure in day.context["figures"].items() if name == "over"] == [0]
    edit = client.get(reverse("leads:edit", args=[handoff.lead_id]))
    assert "Returned because: Facts missing or wrong. A fax line" in edit.text
    early = client.post(reverse("handoff:mended", args=[task.pk]), headers=HTMX)
    assert (early.status_code, "Nothing of this has changed since the return" in early["HX-Trigger"]) == (422, True)
    lead = Lead.objects.get(pk=handoff.lead_id)
    editing.edit(lead, actor=mia, changes={"phone": "+43 1 5550102"}, version=lead.version)
    mended = client.post(reverse("handoff:mended", args=[task.pk]), headers=HTMX)
    assert "undo" in json.loads(mended["HX-Trigger"])["toast"]
    task.refresh_from_db()
    again = Lead.objects.get(pk=handoff.lead_id).handoffs.open().get()
    assert (task.done_by, again.offered_by, "Mended: phone, job title" in again.note) == (mia, mia, True)


def test_what_a_touch_of_another_day_brought_in_since_is_mended_too(client, mia, sam):
    handoff = make_handoff()
    client.force_login(sam)
    act(client, handoff.lead, "return", reason=make_reason("return", "facts_missing").pk, fields_wrong=["phone"])
    came = {"kind": "event:attended", "at": (timezone.now() - timedelta(days=2)).isoformat()}
    said = {"email": handoff.lead.email, "phone": "+43 1 5550102", "activity": came}
    capture.process([capture.accept(said, way="api", actor=mia)])
    client.force_login(mia)
    task = Task.objects.get(lead=handoff.lead)
    assert client.post(reverse("handoff:mended", args=[task.pk]), headers=HTMX).status_code == 204
    assert "Mended: phone" in Lead.objects.get(pk=handoff.lead_id).handoffs.open().get().note


def test_the_form_of_a_lead_asks_as_often_with_much_to_mend_as_with_little(client, mia, sam):
    handoff = make_handoff()
    client.force_login(sam)
    act(client, handoff.lead, "return", reason=make_reason("return", "facts_missing").pk, verdict="A fax line")
    client.force_login(mia)

    def asked():
        with CaptureQueriesContext(connection) as taken:
            page = client.get(reverse("leads:edit", args=[handoff.lead_id]))
        return page.text.count("Returned because: Facts missing or wrong"), len(taken)

    asked()
    one, few = asked()
    for number in range(5):
        todo.add(f"Mend {number}", actor=sam, owner=mia, lead=handoff.lead, handoff=Handoff.objects.get(pk=handoff.pk))
    assert (one, asked()) == (1, (6, few))


def test_a_duplicate_is_returned_in_words_alone_since_no_fact_of_it_is_wrong(client, mia, sam):
    handoff = make_handoff()
    client.force_login(sam)
    said = "The same person wrote from the group's address"
    duplicate = make_reason("return", "duplicate").pk
    assert act(client, handoff.lead, "return", reason=duplicate, verdict=said).status_code == 204
    task = Task.objects.get(lead=handoff.lead)
    assert (task.owner, task.fields, task.title) == (mia, [], f"Mend: {said}")


def test_a_definitional_return_says_what_would_have_made_it_right(client, sam):
    handoff, reason = make_handoff(), make_reason("return", "below_fit")
    client.force_login(sam)
    bare = act(client, handoff.lead, "return", reason=reason.pk)
    assert (bare.status_code, "Say what would have made it right" in bare.text) == (422, True)
    assert act(client, handoff.lead, "return", reason=reason.pk, verdict="Forty staff or more").status_code == 204


def test_a_procedural_return_goes_to_whom_the_rules_name_and_never_back_to_the_same_rep(client, sam):
    handoff = make_handoff()
    lifecycle.claim(handoff, actor=sam)
    client.force_login(sam)
    act(client, handoff.lead, "return", reason=make_reason("return", "another_region").pk)
    following = handoff.lead.handoffs.open().get()
    assert (following.origin, following.owner == sam) == ("rerouted", False)


def test_before_contact_nobody_is_disqualified_and_the_sentence_says_what_to_do(client, sam):
    handoff, reason = make_handoff("sal"), make_reason("disqualify", "no_need")
    client.force_login(sam)
    refused = act(client, handoff.lead, "disqualify", reason=reason.pk)
    assert (refused.status_code, "before contact it is Return" in refused.text) == (422, True)
    tap(client, handoff.lead, "call:spoke")
    assert act(client, handoff.lead, "disqualify", reason=reason.pk).status_code == 204
    late = make_handoff("sal")
    tap(client, late.lead, "call:spoke")
    answer = act(client, late.lead, "return", reason=make_reason("return", "below_fit").pk, verdict="Forty staff")
    assert "after contact it is Disqualify or Recycle" in answer.text


def test_recycling_names_its_day_by_a_distance_or_exactly(client, sam):
    reason = make_reason("recycle", "not_now")
    client.force_login(sam)
    for said, days in (({"days": "30"}, 30), ({"days": "180"}, 180), ({}, 90)):
        lead = make_handoff("sal").lead
        act(client, lead, "recycle", reason=reason.pk, **said)
        assert Lead.objects.get(pk=lead.pk).look_again_on == timezone.localdate() + timedelta(days=days)
    lead, day = make_handoff("sal").lead, timezone.localdate() + timedelta(days=12)
    act(client, lead, "recycle", reason=reason.pk, days="30", look_again_on=day.isoformat())
    assert Lead.objects.get(pk=lead.pk).look_again_on == day


def test_each_side_rates_the_other_s_work_in_one_tap_and_both_see_it(client, mia, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    rate = reverse("handoff:rate", args=[handoff.pk])
    assert client.post(rate, {"good": "yes"}, headers=HTMX).status_code == 204
    client.force_login(mia)
    client.post(rate, {"good": "no"}, headers=HTMX)
    handoff.refresh_from_db()
    assert (handoff.lead_good, handoff.lead_rated_by) == (True, sam)
    assert (handoff.follow_up_good, handoff.follow_up_rated_by) == (False, mia)
    assert "The lead, says sales" in item(client, handoff)
    client.post(rate, {"good": "none"}, headers=HTMX)
    handoff.refresh_from_db()
    assert (handoff.follow_up_good, handoff.follow_up_rated_at, handoff.lead_good) == (None, None, True)
    client.force_login(make_user("ruth", team="management"))
    assert "Sales rates the lead" in client.post(rate, {"good": "yes"}, headers=HTMX).headers["HX-Trigger"]


def test_the_brief_begins_with_what_set_it_off_and_marketing_tops_it_up(client, mia, sam):
    lead = make_lead(name="Lena Fischer", email="lena@fehr.example")
    make_lead(name="Otto Fehr", email="otto@fehr.example", company={}, job_title="Buyer")
    capture.log(lead, kind="message:told", actor=mia, text="Payback within two years")
    capture.log(lead, kind="web:pricing")
    lifecycle.offer(lead, actor=mia, note="Asked for prices")
    handoff = lead.handoffs.get()
    assert handoff.brief["trigger"] == "Offered by marketing; did last: read the pricing page"
    client.force_login(sam)
    text = item(client, handoff)
    for words in ("What they were told", "Payback within two years", "Otto Fehr", "Company and buying group"):
        assert words in text
    assert act(client, lead, "top_up", note="No").status_code == 403
    client.force_login(mia)
    act(client, lead, "top_up", note="Their contract ends in March", was="Asked for prices")
    handoff.refresh_from_db()
    assert handoff.note == "Their contract ends in March"
    stale = act(client, lead, "top_up", note="Something else", was="Asked for prices")
    assert (stale.status_code, "It says now: “Their contract ends in March”" in stale.text) == (422, True)
    line = lead.activities.get(kind="handoff:brief")
    assert line.data["changes"]["why now"] == ["Asked for prices", "Their contract ends in March"]


def test_a_rep_who_has_not_accepted_plans_no_next_try(sam):
    lead = make_handoff().lead
    lifecycle.log_touch(lead, actor=sam, kind="call:no_answer")
    assert Lead.objects.get(pk=lead.pk).next_action == ""
    with pytest.raises(ValidationError):
        lifecycle.recycle_unreachable(lead, actor=sam)


def test_on_its_day_a_recycled_lead_comes_back_to_the_rep_and_the_marketer_once(client, mia, sam):
    lead = make_handoff("sal", name="Nils Aaberg").lead
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle", "not_now"))
    assert lifecycle.look_again() == 0
    Lead.objects.filter(pk=lead.pk).update(look_again_on=timezone.localdate(), marketer=mia)
    assert (lifecycle.look_again(), lifecycle.look_again()) == (1, 0)
    told = Notice.objects.filter(kind="handoff:again", lead=lead)
    assert {notice.person for notice in told} == {sam, mia}
    assert lead.activities.filter(kind="lead:again").count() == 1
    client.force_login(sam)
    assert "Back to be looked at again" in client.get(reverse("handoff:my_day")).text
    assert Lead.objects.get(pk=lead.pk).stage == "tofu"


def test_the_brief_says_what_is_not_known_yet_until_somebody_adds_it(client, mia, sam):
    make_agreement(required_facts=["phone"])
    handoff = make_handoff("sal", name="Katrin Hofer", job_title="Plant manager")
    client.force_login(sam)
    for page in (reverse("handoff:inbox_item", args=[handoff.pk]), reverse("handoff:brief", args=[handoff.pk])):
        text = " ".join(client.get(page).text.split())
        assert "Not known yet: phone, industry, staff, country" in text
        assert reverse("leads:edit", args=[handoff.lead_id]) in text
    form = client.get(reverse("leads:edit", args=[handoff.lead_id])).context["form"]
    said = {field.html_name: field.value() for field in form if field.value() not in (None, "")}
    answer = client.post(reverse("leads:edit", args=[handoff.lead_id]), {**said, "phone": "+43 1 5550123"})
    assert answer.status_code == 302
    assert "Not known yet: industry, staff, country" in item(client, handoff)
    deals.open_deal(handoff.lead, actor=sam)
    client.force_login(mia)
    over = item(client, handoff)
    assert "Not known yet: phone" in over  # as it stood at the offer
    assert "Add what you know" not in over
