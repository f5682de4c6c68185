"""Each row of the journey: the act, where the lead is after it, and what it leaves."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from handoff import answers, deals, lifecycle
from handoff.models import Handoff, Notice
from leads import capture
from leads.models import Lead, Outcome, Signal
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user
from tests.leads.test_webforms import make_form, send


def journey(lead):
    return list(lead.stage_changes.order_by("seq").values_list("old", "new", "act"))


def standing(lead):
    lead = Lead.objects.get(pk=lead.pk)
    handoff = lead.handoffs.filter(ended_at=None).first()
    return lead.stage, handoff.lane if handoff else None


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def test_offering_opens_a_handoff_with_a_brief_a_clock_and_the_agreement(mia):
    lead = make_lead(job_title="Head of energy")
    handoff = lifecycle.offer(lead, actor=mia, note="Tariff ends in January")
    assert standing(lead) == ("mofu", "mql")
    assert (handoff.agreement.version, handoff.promise) == (1, "answer")
    assert handoff.due_at > handoff.offered_at
    parts = handoff.brief["score"]["parts"]
    assert sum(part["points"] for part in parts) == handoff.brief["score"]["total"]


def test_sales_hears_of_an_offer_and_marketing_of_the_verdict(mia, sam):
    handoff = make_handoff()
    assert Notice.objects.filter(person=sam, event=f"handoff:{handoff.pk}:offer").exists()
    lifecycle.return_to_marketing(
        handoff.lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small"
    )
    assert "because: Below the fit line." in Notice.objects.filter(person=mia).latest("id").text


def test_nobody_hears_of_their_own_act(mia):
    lifecycle.offer(make_lead(), actor=mia)
    assert not Notice.objects.filter(person=mia).exists()


def test_a_lead_that_was_claimed_early_says_why(sam):
    lead = make_lead()
    with pytest.raises(ValidationError, match="Say why"):
        lifecycle.claim_early(lead, actor=sam, note=" ")
    lifecycle.claim_early(lead, actor=sam, note="Met at the fair")
    assert standing(lead) == ("mofu", "mql")
    assert journey(lead)[-1] == ("tofu", "mofu", "claim_early")


def test_accepting_claims_and_starts_the_clock_of_the_first_attempt(sam):
    lead = make_handoff().lead
    handoff = lifecycle.accept(lead, actor=sam)
    assert (handoff.lane, handoff.owner, handoff.promise) == ("sal", sam, "attempt")
    assert Outcome.objects.filter(lead=lead, kind="accepted").count() == 1


def test_what_a_colleague_has_claimed_is_theirs_to_answer(sam):
    handoff = make_handoff()
    lifecycle.claim(handoff, actor=sam)
    kim = make_user("kim", team="sales")
    for act in (lifecycle.accept, lambda lead, actor: lifecycle.claim(handoff, actor=actor)):
        with pytest.raises(ValidationError, match="Sam has claimed this lead"):
            act(handoff.lead, actor=kim)
    lifecycle.accept(handoff.lead, actor=make_user("ruth", team="management"))
    assert standing(handoff.lead) == ("mofu", "sal")


def test_an_attempt_stops_the_clock_and_is_not_a_contact(sam):
    lead = make_handoff("sal").lead
    lifecycle.log_touch(lead, actor=sam, kind="call:no_answer")
    handoff = lead.handoffs.get()
    assert (handoff.first_contact_at, handoff.promise) == (None, "contact")
    assert handoff.first_attempt_at
    lifecycle.log_touch(lead, actor=sam, kind="call:spoke")
    assert lead.handoffs.get().first_contact_at


def test_the_first_call_that_accepting_planned_is_done_by_calling_and_a_plan_of_ones_own_is_not(sam):
    lead = make_handoff("sal").lead
    assert Lead.objects.get(pk=lead.pk).next_action == "First call"
    lifecycle.log_touch(lead, actor=sam, kind="call:spoke")
    assert Lead.objects.get(pk=lead.pk).next_action == ""
    own = make_handoff("sal").lead
    Lead.objects.filter(pk=own.pk).update(next_action="Send the sheet", next_action_at=timezone.now())
    lifecycle.log_touch(own, actor=sam, kind="call:spoke")
    assert Lead.objects.get(pk=own.pk).next_action == "Send the sheet"


def test_what_marketing_logs_is_no_attempt_of_sales(mia):
    lead = make_handoff("sal").lead
    lifecycle.log_touch(lead, actor=mia, kind="call:spoke")
    assert lead.handoffs.get().first_attempt_at is None


def test_a_procedural_return_offers_the_lead_to_the_right_rep_at_once(sam):
    kim, handoff = make_user("kim", team="sales"), make_handoff()
    following = lifecycle.return_to_marketing(
        handoff.lead, actor=sam, reason=make_reason("return", "another_region"), to=kim
    )
    assert standing(handoff.lead) == ("mofu", "mql")
    assert (following.owner, following.origin) == (kim, "rerouted")
    assert list(handoff.lead.handoffs.order_by("id").values_list("end", flat=True)) == ["returned", ""]
    assert len(journey(handoff.lead)) == 2


def test_a_clerical_return_asks_marketing_to_mend_the_record(sam):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(
        lead, actor=sam, reason=make_reason("return", "no_working_contact"), verdict="The number is a fax line"
    )
    lead.refresh_from_db()
    task = lead.tasks.get()
    assert (lead.stage, task.title, task.owner.username) == ("tofu", "Mend: The number is a fax line", "mia")


def test_a_definitional_return_waits_before_the_line_counts_again(mia, sam):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small")
    lead.refresh_from_db()
    assert lead.look_again_on == timezone.localdate() + timedelta(days=90)
    for _touch in range(4):
        capture.log(lead, kind="web:pricing")
        capture.log(lead, kind="form:hand_raise")
    capture.log(lead, kind="event:attended")
    assert not lead.signals.exists()


def test_after_contact_it_is_no_return_any_more(sam):
    lead = make_handoff().lead
    lifecycle.log_touch(lead, actor=sam, kind="call:spoke")
    with pytest.raises(ValidationError, match="after contact"):
        lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small")
    assert standing(lead) == ("mofu", "mql")


def test_no_return_without_a_reason_of_its_own(sam):
    lead = make_handoff().lead
    for reason in (None, make_reason("lose")):
        with pytest.raises(ValidationError, match="Choose a reason"):
            lifecycle.return_to_marketing(lead, actor=sam, reason=reason)


def test_either_team_says_qualified_by_name_but_sales_accepts_first(mia):
    lead = make_handoff().lead
    with pytest.raises(ValidationError, match="accepts the hand-off first"):
        lifecycle.qualify(lead, actor=mia)
    lead = make_handoff("sal").lead
    assert lifecycle.qualify(lead, actor=mia).qualified_by == mia


def test_opening_a_deal_from_sal_qualifies_in_the_same_click(sam):
    lead = make_handoff("sal").lead
    deal = deals.open_deal(lead, actor=sam, amount=100)
    handoff = lead.handoffs.get()
    assert standing(lead) == ("bofu", None)
    assert (handoff.end, handoff.qualified_by, deal.handoff) == ("qualified", sam, handoff)


def test_no_deal_begins_with_an_offer_nobody_has_accepted(sam):
    with pytest.raises(ValidationError, match="Accept the hand-off first"):
        deals.open_deal(make_handoff().lead, actor=sam)


def test_needs_more_qualifying_keeps_the_deal_open_and_takes_it_up_again(sam):
    deal = make_deal(value=500)
    lead = deal.leads.get()
    handoff = lifecycle.requalify(lead, actor=sam, note="Who signs?")
    assert (standing(lead), handoff.owner, handoff.due_at) == (("mofu", "sal"), sam, None)
    with pytest.raises(ValidationError, match="qualify again"):
        deals.win(deal, actor=sam)
    again = deals.open_deal(lead, actor=sam)
    assert (again, lead.deals.count(), standing(lead)) == (deal, 1, ("bofu", None))


def test_a_won_deal_makes_a_customer_and_counts_once(mia, sam):
    deal = make_deal()
    deals.win(deal, actor=sam, amount=61_000)
    lead = deal.leads.get()
    assert (lead.stage, lead.customer_since is not None) == ("customer", True)
    assert "is a customer" in Notice.objects.filter(person=mia).latest("id").text
    with pytest.raises(ValidationError, match="Nothing was changed"):
        deals.win(deal, actor=sam)
    assert Outcome.objects.filter(lead=lead, kind="won").count() == 1


@pytest.mark.parametrize(("code", "stage"), [("timing", "tofu"), ("cannot_serve", "out")])
def test_a_lost_deal_goes_back_to_nurture_unless_the_reason_is_final(sam, code, stage):
    deal = make_deal()
    deals.lose(deal, actor=sam, reason=make_reason("lose", code), competitor="Meterline")
    lead = deal.leads.get()
    assert lead.stage == stage
    assert (lead.look_again_on is not None) is (stage == "tofu")


def test_a_customer_who_buys_no_more_stays_a_customer(mia, sam):
    lead = make_lead("customer")
    since = lead.customer_since
    lifecycle.offer(lead, actor=mia, note="Second site")
    lifecycle.accept(lead, actor=sam)
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"))
    assert standing(lead) == ("customer", None)
    lifecycle.offer(lead, actor=mia)
    lifecycle.accept(lead, actor=sam)
    deal = deals.open_deal(lead, actor=sam)
    deals.lose(deal, actor=sam, reason=make_reason("lose", "cannot_serve"))
    lead.refresh_from_db()
    assert (lead.stage, lead.customer_since) == ("customer", since)


def test_a_customer_who_left_can_be_won_back(mia, sam):
    lead = make_lead("customer")
    lifecycle.churn(lead, actor=sam, reason=make_reason("churn"))
    lifecycle.offer(lead, actor=mia)
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"))
    assert standing(lead) == ("tofu", None)


def test_recycling_sets_a_day_to_look_again_and_refuses_one_that_is_past(sam):
    lead = make_handoff("sal").lead
    with pytest.raises(ValidationError, match="This day is past"):
        lifecycle.recycle(
            lead, actor=sam, reason=make_reason("recycle"), look_again_on=timezone.localdate() - timedelta(days=1)
        )
    assert standing(lead) == ("mofu", "sal")
    day = timezone.localdate() + timedelta(days=30)
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"), look_again_on=day)
    lead.refresh_from_db()
    assert (lead.stage, lead.look_again_on) == ("tofu", day)


def test_disqualifying_closes_the_handoff_and_the_deal(sam):
    deal = make_deal()
    lead = deal.leads.get()
    lifecycle.disqualify(lead, actor=sam, reason=make_reason("disqualify"))
    deal.refresh_from_db()
    assert (standing(lead), deal.status) == (("out", None), "lost")


def test_who_asked_not_to_be_contacted_comes_back_only_with_consent(mia, sam):
    lead = make_handoff("sal").lead
    lifecycle.disqualify(lead, actor=sam, reason=make_reason("disqualify", "do_not_contact"))
    capture.process([capture.accept({"email": lead.email, "activity": {"kind": "web:pricing"}}, way="api")])
    with pytest.raises(ValidationError, match="consent"):
        lifecycle.reopen(lead, actor=mia)
    assert standing(lead) == ("out", None)
    lifecycle.reopen(lead, actor=mia, consent=True)
    lead.refresh_from_db()
    assert (lead.stage, lead.do_not_contact) == ("tofu", False)


def test_who_was_out_comes_back_by_themselves(sam):
    lead = make_lead("out")
    capture.process([capture.accept({"email": lead.email}, way="api")])
    assert journey(lead)[-1] == ("out", "tofu", "return_by_self")


def test_a_new_consent_in_a_form_brings_back_who_asked_not_to_be_contacted_and_their_message_is_offered(client, sam):
    form = make_form(consent="I agree that you write to me.", hand_raise="always")
    earlier = send(client, form, {"email": "lena@fehr.example", "consent": "1"})
    lead = make_handoff("sal", email="lena@fehr.example").lead
    lifecycle.disqualify(lead, actor=sam, reason=make_reason("disqualify", "do_not_contact"))
    capture.process_waiting()  # what they sent before they asked is no new consent
    answers.answer_all()
    assert (earlier.status_code, standing(lead)) == (303, ("out", None))
    capture.process([capture.accept({"email": lead.email, "hand_raise": True}, way="api")])
    answers.answer_all()
    assert standing(lead) == ("out", None)

    assert send(client, form, {"email": lead.email, "consent": "1", "message": "Please call"}).status_code == 303
    capture.process_waiting()
    answers.answer_all()
    lead.refresh_from_db()
    assert (standing(lead), lead.do_not_contact) == (("mofu", "mql"), False)
    assert ("out", "tofu", "return_by_self") in journey(lead)
    assert "agreed to version 1" in told(client, lead, sam)


def told(client, lead, person):
    client.force_login(person)
    return client.get(lead.get_absolute_url()).text


def test_a_purchase_takes_the_fast_lane_and_records_what_it_skipped():
    lead = make_lead()
    capture.process([capture.accept({"email": lead.email, "purchase": {"deal": {"amount": "99.90"}}}, way="api")])
    answers.answer_all()
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_changes.latest("seq").skipped) == ("customer", ["mofu", "bofu"])
    assert str(lead.deals.get().amount) == "99.90"


def test_a_purchase_ends_the_open_handoff_and_leaves_the_open_deal_to_sales():
    lead = make_handoff("sal").lead
    lifecycle.purchase(lead, at=timezone.now())
    assert (standing(lead), lead.handoffs.get().end) == (("customer", None), "purchased")


def test_a_lead_over_the_line_is_offered_by_the_system_once():
    lead = make_lead(job_title="Head of energy", company={"name": "Alpmilch", "size": 310})
    for kind in ("web:pricing", "web:pricing", "web:pricing", "event:attended", "web:pricing"):
        capture.log(lead, kind=kind)
    assert answers.answer_all() == 1
    assert standing(lead) == ("mofu", "mql")
    handoff = lead.handoffs.get()
    assert (handoff.origin, handoff.offered_by) == (Handoff.Origin.LINE, None)


def test_a_hand_raiser_is_offered_at_once_and_against_the_shorter_clock():
    usual = make_handoff()
    submission = capture.accept({"email": "lena@fehr.example", "hand_raise": {"note": "Call before noon"}}, way="api")
    capture.process([submission])
    answers.answer_all()
    handoff = Handoff.objects.get(lead__email="lena@fehr.example")
    assert (handoff.origin, handoff.note) == ("hand_raise", "Call before noon")
    assert handoff.due_at < usual.due_at


def test_who_asks_to_talk_and_crosses_the_line_in_one_go_is_offered_as_a_hand_raiser():
    payload = {
        "email": "lena@fehr.example", "phone": "+43 316 123456", "job_title": "Director", "hand_raise": {"note": "Call"},
        "company": {"name": "Fehr", "size": 90, "industry": "Brewery", "country": "AT"}, "country": "AT",
    }  # fmt: skip
    capture.process([capture.accept(payload, way="api")])
    assert set(Signal.objects.values_list("kind", flat=True)) == {"hand_raise", "mql_line"}
    answers.answer_all()
    assert Handoff.objects.get().origin == "hand_raise"


def test_an_offer_that_waits_is_hastened_when_they_ask_to_talk(sam):
    handoff = make_handoff(email="lena@fehr.example")
    payload = {"email": "lena@fehr.example", "hand_raise": {"note": "Call before noon"}}
    for _time in range(2):
        capture.process([capture.accept(payload, way="api")])
        answers.answer_all()
    hastened = Handoff.objects.get()
    assert (hastened.pk, hastened.origin, hastened.note) == (handoff.pk, "hand_raise", "Call before noon")
    assert hastened.due_at < handoff.due_at
    assert Notice.objects.filter(person=sam, kind="handoff:hand_raise").count() == 1


def test_a_purchase_leaves_no_plan_of_sales_behind(sam):
    lead = make_handoff("sal").lead
    assert Lead.objects.get(pk=lead.pk).next_action == "First call"
    lifecycle.purchase(lead, at=timezone.now())
    assert Lead.objects.get(pk=lead.pk).next_action == ""


def test_a_form_made_for_another_standing_changes_nothing(sam):
    lead = make_handoff("sal").lead
    with pytest.raises(ValidationError, match="Nothing was changed"):
        lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"), seen="mofu:mql:1")
    with pytest.raises(ValidationError, match="it is in MOFU, SAL accepted now"):
        lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"), seen="mofu:mql:1")
    assert standing(lead) == ("mofu", "sal")


def test_a_company_s_rep_is_offered_the_next_lead_of_that_company(mia, sam):
    colleague = make_handoff("sal", email="katrin@alpmilch.example").lead
    lead = make_lead(email="georg@alpmilch.example")
    assert (lead.company, lifecycle.offer(lead, actor=mia).owner) == (colleague.company, sam)
