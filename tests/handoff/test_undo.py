"""Taking an act back: the lead, its hand-off, its deal and its clock are as before, and figures never knew."""

from datetime import timedelta
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from dashboards import period
from dashboards.funnel import Funnel
from dashboards.selection import Selection
from handoff import deals, invariants, lifecycle, undo
from handoff.models import Deal, Deed, Handoff, Notice, Promise
from leads.models import Lead, Outcome, StageChange, Visit
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user

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


def rows(model, *without, **which):
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in without]
    return list(model.objects.filter(**which).order_by("pk").values(*names))


def known(lead):
    """All that anybody could count or read of a lead, but its ledger, its timeline and its version."""
    return {
        "lead": rows(Lead, "version", "moves", "last_activity_at", "search", pk=lead.pk),
        "handoffs": [row for row in rows(Handoff, "brief", lead=lead) if row["end"] != "undone"],
        "deals": rows(Deal, leads=lead),
        "promises": rows(Promise, handoff__lead=lead),
        "visits": rows(Visit, lead=lead),
        "outcomes": rows(Outcome, lead=lead),
        "moves": list(
            StageChange.objects.filter(lead=lead, undone=False).order_by("seq").values_list("seq", "old", "new", "act")
        ),
    }


def figures():
    """What the funnel tells, independent of whose lead it is."""
    told = Funnel(Selection(period.read({"period": "all"})))
    steps = [
        (step.key, step.visits.count, step.leads.count, step.moved.count, [(p.words, p.count) for p in step.fates])
        for step in told.steps
    ]
    months = [(month.first, month.offered.count, month.accepted.count, month.qualified.count) for month in told.months]
    return steps, told.wins.deals.count, [(a.total, a.currency) for a in told.wins.amounts], months


def reason(act, code=""):
    return make_reason(act, code)


ACTS = {
    "offer": (lambda: make_lead(), lambda lead, mia, sam: lifecycle.offer(lead, actor=mia, note="Asked")),
    "claim early": (lambda: make_lead(), lambda lead, mia, sam: lifecycle.claim_early(lead, actor=sam, note="Met")),
    "claim": (lambda: make_handoff().lead, lambda lead, mia, sam: lifecycle.claim(lead.handoffs.get(), actor=sam)),
    "accept": (lambda: make_handoff().lead, lambda lead, mia, sam: lifecycle.accept(lead, actor=sam)),
    "qualify": (lambda: make_handoff("sal").lead, lambda lead, mia, sam: lifecycle.qualify(lead, actor=sam)),
    "put off": (
        lambda: make_handoff().lead,
        lambda lead, mia, sam: lifecycle.snooze(
            lead, actor=sam, until=timezone.now() + timedelta(days=1), reason="On leave"
        ),
    ),
    "return, procedural": (
        lambda: make_handoff().lead,
        lambda lead, mia, sam: lifecycle.return_to_marketing(
            lead, actor=sam, reason=reason("return", "another_region"), to=make_user("kim", team="sales")
        ),
    ),
    "return, clerical": (
        lambda: make_handoff().lead,
        lambda lead, mia, sam: lifecycle.return_to_marketing(
            lead, actor=sam, reason=reason("return", "facts_missing"), fields=["phone"]
        ),
    ),
    "return, definitional": (
        lambda: make_handoff("sal").lead,
        lambda lead, mia, sam: lifecycle.return_to_marketing(
            lead, actor=sam, reason=reason("return", "below_fit"), verdict="Too small"
        ),
    ),
    "recycle": (
        lambda: make_handoff("sal").lead,
        lambda lead, mia, sam: lifecycle.recycle(lead, actor=sam, reason=reason("recycle")),
    ),
    "withdraw": (
        lambda: make_handoff().lead,
        lambda lead, mia, sam: lifecycle.withdraw(lead, actor=mia, reason=reason("withdraw")),
    ),
    "disqualify": (
        lambda: make_handoff("sql").lead,
        lambda lead, mia, sam: lifecycle.disqualify(lead, actor=sam, reason=reason("disqualify")),
    ),
    "do not contact": (
        lambda: make_deal().leads.get(),
        lambda lead, mia, sam: lifecycle.disqualify(lead, actor=sam, reason=reason("disqualify", "do_not_contact")),
    ),
    "open a deal": (
        lambda: make_handoff("sal").lead,
        lambda lead, mia, sam: deals.open_deal(lead, actor=sam, name="Barns", amount=900),
    ),
    "more to qualify": (
        lambda: make_deal().leads.get(),
        lambda lead, mia, sam: lifecycle.requalify(lead, actor=sam, note="Budget?"),
    ),
    "move the deal": (
        lambda: make_deal().leads.get(),
        lambda lead, mia, sam: deals.advance(lead.deals.get(), actor=sam, step="proposal"),
    ),
    "win": (
        lambda: make_deal().leads.get(),
        lambda lead, mia, sam: deals.win(lead.deals.get(), actor=sam, amount=4_000),
    ),
    "lose": (
        lambda: make_deal().leads.get(),
        lambda lead, mia, sam: deals.lose(lead.deals.get(), actor=sam, reason=reason("lose")),
    ),
    "expand": (lambda: make_lead("customer"), lambda lead, mia, sam: lifecycle.offer(lead, actor=mia)),
    "churn": (
        lambda: make_lead("customer"),
        lambda lead, mia, sam: lifecycle.churn(lead, actor=sam, reason=reason("churn")),
    ),
    "bring back": (lambda: make_lead("out"), lambda lead, mia, sam: lifecycle.reopen(lead, actor=mia)),
}


@pytest.mark.parametrize("name", ACTS)
def test_undone_everything_is_as_if_it_had_never_happened(name, mia, sam):
    make, act = ACTS[name]
    lead = make()
    before, told = known(lead), figures()
    act(Lead.objects.get(pk=lead.pk), mia, sam)
    assert known(lead) != before
    deed = Deed.objects.filter(lead=lead).latest("pk")
    undo.undo(deed, actor=deed.actor)
    assert known(lead) == before
    assert figures() == told
    assert invariants.violations() == []


@pytest.mark.parametrize("name", ACTS)
def test_the_timeline_keeps_the_act_and_what_took_it_back(name, mia, sam):
    make, act = ACTS[name]
    lead = make()
    act(Lead.objects.get(pk=lead.pk), mia, sam)
    deed = Deed.objects.filter(lead=lead).latest("pk")
    undo.undo(deed, actor=deed.actor)
    assert lead.activities.get(pk=deed.line).data["undone"] is True
    assert lead.activities.filter(kind="handoff:undo").count() == 1


def test_the_promise_goes_on_from_where_it_began(sam):
    handoff = make_handoff()
    due = handoff.due_at
    lifecycle.accept(handoff.lead, actor=sam)
    handoff.refresh_from_db()
    assert (handoff.promise, handoff.due_at != due) == ("attempt", True)
    undo.undo(Deed.objects.latest("pk"), actor=sam)
    handoff.refresh_from_db()
    assert (handoff.promise, handoff.due_at, handoff.owner) == ("answer", due, None)


def test_the_newest_act_is_undone_first_then_the_one_before(sam):
    lead = make_handoff().lead
    lifecycle.accept(lead, actor=sam)
    lifecycle.qualify(lead, actor=sam)
    accepted, qualified = Deed.objects.filter(lead=lead, actor=sam).order_by("pk")
    with pytest.raises(ValidationError, match="Something happened since: Qualified"):
        undo.undo(accepted, actor=sam)
    undo.undo(qualified, actor=sam)
    undo.undo(accepted, actor=sam)
    assert lead.handoffs.get().lane == "mql"
    with pytest.raises(ValidationError, match="undone already"):
        undo.undo(accepted, actor=sam)


def test_what_somebody_has_worked_on_since_stays(mia, sam):
    lead = make_handoff().lead
    lifecycle.accept(lead, actor=sam)
    lifecycle.log_touch(lead, actor=sam, kind="call:no_answer")
    with pytest.raises(ValidationError, match="has been worked on since"):
        undo.undo(Deed.objects.latest("pk"), actor=sam)
    other = make_handoff().lead
    offered = Deed.objects.filter(lead=other).latest("pk")
    lifecycle.claim(other.handoffs.get(), actor=sam)
    with pytest.raises(ValidationError, match="Something happened since: Claimed"):
        undo.undo(offered, actor=mia)
    assert other.handoffs.get().owner == sam


def test_a_newer_plan_stays_when_the_act_before_it_is_undone(sam):
    lead = make_handoff().lead
    lifecycle.accept(lead, actor=sam)
    Lead.objects.filter(pk=lead.pk).update(next_action="Send the sheet")
    undo.undo(Deed.objects.latest("pk"), actor=sam)
    assert Lead.objects.get(pk=lead.pk).next_action == "Send the sheet"


def test_after_ten_minutes_it_stands(sam):
    lead = make_handoff().lead
    lifecycle.accept(lead, actor=sam)
    deed = Deed.objects.latest("pk")
    with (
        mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(minutes=11)),
        pytest.raises(ValidationError, match="Ten minutes are over"),
    ):
        undo.undo(deed, actor=sam)


def test_only_who_did_it_and_managers_undo_it(mia, sam, ruth, client):
    lead = make_handoff().lead
    lifecycle.accept(lead, actor=sam)
    deed = Deed.objects.latest("pk")
    with pytest.raises(PermissionDenied):
        undo.undo(deed, actor=mia)
    client.force_login(mia)
    assert client.post(reverse("handoff:undo", args=[deed.pk]), headers=HTMX).status_code == 403
    client.logout()
    assert client.post(reverse("handoff:undo", args=[deed.pk])).status_code == 302
    assert lead.handoffs.get().lane == "sal"
    undo.undo(deed, actor=ruth)
    assert lead.handoffs.get().lane == "mql"


def test_a_task_that_a_return_gave_is_dropped_with_it(sam):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "facts_missing"), fields=["phone"])
    assert lead.tasks.open().count() == 1
    undo.undo(Deed.objects.latest("pk"), actor=sam)
    assert (lead.tasks.open().count(), lead.tasks.get().dropped_by) == (0, sam)


def test_who_heard_of_it_hears_that_it_is_taken_back(mia, sam):
    lead = make_handoff().lead
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"))
    undo.undo(Deed.objects.latest("pk"), actor=sam)
    assert Notice.objects.filter(person=mia, kind="handoff:undo").count() == 1


def test_the_toast_and_the_timeline_offer_the_same_undo(client, sam):
    lead = make_handoff().lead
    client.force_login(sam)
    answer = client.post(reverse("handoff:act", args=[lead.pk, "accept"]), headers=HTMX)
    address = reverse("handoff:undo", args=[Deed.objects.latest("pk").pk])
    assert f'"undo": "{address}"' in answer.headers["HX-Trigger"]
    assert f'href="{address}"' in client.get(lead.get_absolute_url()).text
    assert "is taken back" in client.get(address).text
    undone = client.post(address, headers=HTMX)
    assert (undone.status_code, "is where it was" in undone.headers["HX-Trigger"]) == (204, True)
    text = client.get(lead.get_absolute_url()).text
    assert f'href="{address}"' not in text
    assert "took it back" in text


def test_what_the_system_did_and_what_is_old_is_not_kept(sam):
    make_handoff()
    Deed.objects.update(at=timezone.now() - timedelta(days=2))
    assert undo.forget() >= 1
    assert not Deed.objects.exists()


def test_without_scripts_the_message_of_an_act_brings_its_undo_as_a_link(client, sam):
    lead = make_handoff(name="Paula Berger").lead
    client.force_login(sam)
    page = client.post(reverse("handoff:act", args=[lead.pk, "accept"]), follow=True)
    deed = Deed.objects.get(lead=lead, act="accept")
    link = f'<a class="btn sm" href="{reverse("handoff:undo", args=[deed.pk])}">Undo</a>'
    assert page.text[page.text.index('id="toasts"') :].count(link) == 1
    asked = client.get(reverse("handoff:undo", args=[deed.pk]))
    assert "is taken back" in asked.text
    client.post(reverse("handoff:undo", args=[deed.pk]))
    assert Lead.objects.get(pk=lead.pk).handoffs.open().get().lane == "mql"
    outsider = make_user("eva", team="sales")
    client.force_login(outsider)
    assert 'id="toasts"' in client.get(lead.get_absolute_url()).text
    assert link not in client.get(lead.get_absolute_url()).text
