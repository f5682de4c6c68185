"""What learning is told of the moments of a lead: nothing that came later, and each lead ends when it ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from handoff import deals, lifecycle
from leads import capture, clock, editing, past
from leads.learning import drift, model, training
from leads.learning.features import filled_later, known_at
from leads.learning.labels import labelled
from leads.models import Chance, LearnedModel, Outcome, Snapshot
from leads.tasks import learn, refresh_chances
from tests.factories import make_lead, make_leads, make_reason, make_user
from tests.histories import history, leads_of


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def mia():
    return make_user("mia")


def ago(days):
    return clock.at(timezone.now() - timedelta(days=days))


def table():
    found = training.table_of(labelled(model.settings()).found, set())[0]
    return found.columns, found.asked.tolist()


def returned(lead, sam, code):
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", code), verdict="Too small")


def test_a_lead_that_was_never_offered_is_asked_about_as_it_came(mia):
    with ago(20):
        lead = make_lead()
    capture.log(lead, kind="call:spoke")
    lifecycle.disqualify(lead, actor=mia, reason=make_reason("disqualify"))
    columns, asked = table()
    assert asked == [True, False]
    assert columns["touches:call:spoke"] == [None, 1]


@pytest.mark.parametrize(("days", "asked"), [(20, [True, False]), (15, [False, True, False])])
def test_an_offered_lead_is_asked_about_as_it_was_offered_also_where_nothing_new_was_known_then(mia, sam, days, asked):
    with ago(20):
        lead = make_lead()
    if days < 20:
        with ago(16):
            capture.log(lead, kind="web:pricing")
    with ago(days):
        lifecycle.offer(lead, actor=mia)
    with ago(10):
        capture.log(lead, kind="call:spoke")
    with ago(9):
        returned(lead, sam, "below_fit")
    assert table()[1] == asked


def test_a_lost_lead_ended_when_it_was_lost_and_nothing_is_learned_from_what_came_later(mia, sam):
    with ago(30):
        lead = make_lead("mofu")
    with ago(25):
        returned(lead, sam, "below_fit")
    lost_at = Outcome.objects.get().at
    with ago(10):
        capture.log(lead, kind="web:pricing")
        lifecycle.offer(lead, actor=mia)
    with ago(5):
        returned(lead, sam, "facts_missing")
    (label,) = labelled(model.settings()).found
    assert (label.won, label.at) == (False, lost_at)
    assert Snapshot.objects.filter(lead=lead, at__gt=lost_at).count() == 2
    columns, asked = table()
    assert "touches:web:pricing" not in columns
    assert asked == [True]


def test_points_at_creation_know_no_email_that_came_later(mia):
    with ago(9):
        lead = make_lead(email="", phone="+43 316 811235")
    before = known_at([(lead.pk, lead.first_seen_at)])[0].points
    editing.edit(lead, actor=mia, changes={"email": "jana@steel-works.example"})
    then, now = known_at([(lead.pk, lead.first_seen_at), (lead.pk, timezone.now())])
    assert then.points == before < now.points


def test_what_is_known_of_a_company_that_came_later_was_not_known_before(mia):
    said = {"name": "Steel Works", "size": 90, "industry": "Steel"}
    with ago(9):
        told, typed = (make_lead(email=f"{name}@gmail.com", company={}) for name in ("jana", "timo"))
        make_lead(company=said)
    first = {lead.pk: lead.first_seen_at for lead in (told, typed)}
    make_lead(email=told.email, company=said)
    editing.edit(typed, actor=mia, changes={"company": "Steel Works"})
    for lead in (told, typed):
        then, now = known_at([(lead.pk, first[lead.pk]), (lead.pk, timezone.now())])
        assert [then.features[name] or "" for name in ("industry", "size")] == ["", ""]
        assert [now.features[name] for name in ("industry", "size")] == ["Steel", 90]
        assert then.points < now.points
        data = next(data for _at, data in past.changes([lead.pk])[lead.pk])
        assert {"company", "industry", "size"} <= set(filled_later(data))


def test_what_is_called_accepted_makes_a_training_due_only_where_it_stands_in():
    lead = make_lead()
    Outcome.objects.bulk_create(
        Outcome(lead=lead, kind=kind, at=timezone.now()) for kind in ("lost", "accepted", "qualified")
    )
    terms = model.settings()
    assert training.counted() == 1
    terms.accepted_counts = True
    terms.save()
    assert training.counted() == 3


def test_who_has_waited_too_long_is_among_the_newest_outcomes_as_among_those_learned_from(sam):
    for days in range(1, 13):
        with ago(40):
            lead = make_lead("bofu", rep=sam)
        with ago(40 - days):
            deals.win(lead.deals.get(), actor=sam)
    with ago(30):
        make_leads(45)
    known = labelled(model.settings())
    assert (len(known.found), known.wins) == (57, 12)
    live = LearnedModel(version=2, outcomes=100, wins=20, made_at=timezone.now() - timedelta(days=60))
    found = drift.of_outcomes(live, known)
    assert (found.leads, found.now) == (57, 12 / 57)
    live.newest_outcome, live.made_at = max(label.newest for label in known.found), timezone.now()
    assert drift.of_outcomes(live, known) is None


def test_a_later_verdict_that_decides_nothing_makes_no_outcome_a_new_one(mia, sam):
    lead = make_lead("mofu")
    returned(lead, sam, "below_fit")
    decided = Outcome.objects.get().pk
    lifecycle.offer(lead, actor=mia)
    lifecycle.accept(lead, actor=sam)
    assert Outcome.objects.filter(lead=lead, pk__gt=decided).exists()
    assert [label.newest for label in labelled(model.settings()).found] == [decided]


def test_chances_are_said_anew_in_batches_each_lead_once_also_where_it_waits_as_well(tmp_path, monkeypatch):
    history(tmp_path, leads_of(200))
    assert learn() == "promoted"
    monkeypatch.setattr(model, "BATCH", 30)
    waiting = Chance.objects.order_by("lead").values_list("lead", flat=True)[:20]
    Chance.objects.filter(lead__in=list(waiting)).update(waits=True)
    assert refresh_chances() == 200
    assert not Chance.objects.exclude(model__state="live", waits=False).exists()
    assert refresh_chances() == 0
