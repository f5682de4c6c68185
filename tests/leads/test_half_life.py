"""How fast interest fades, measured on how leads ended."""

import io
import json
import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from leads import clock, timeline
from leads.learning.labels import labelled
from leads.learning.model import settings
from leads.models import Activity, Outcome, Scorecard
from tests.factories import make_leads


def told(**options):
    out = io.StringIO()
    call_command("half_life", stdout=out, **options)
    return out.getvalue()


def history(count, days, before):
    """Leads that are won by what they did within so many days, whatever else they had done so long before."""
    dice, now = random.Random(3), timezone.now() - timedelta(days=30)
    touches, outcomes = [], []
    for lead in make_leads(count):
        lately, others = dice.randrange(4), dice.randrange(9)
        ages = [dice.uniform(0, days) for _touch in range(lately)] + [dice.uniform(*before) for _touch in range(others)]
        touches += [Activity(lead=lead, kind="web:pricing", at=now - timedelta(days=age)) for age in ages]
        won = dice.random() < (0.05, 0.3, 0.6, 0.9)[lately]
        outcomes.append(Outcome(lead=lead, kind="won" if won else "lost", at=now))
    timeline.record_many(touches)
    Outcome.objects.bulk_create(outcomes)


def test_with_few_outcomes_it_says_so_and_proposes_nothing():
    history(20, 2, (25, 40))
    found = json.loads(told(json=True))
    assert (found["outcomes"], found["findings"]) == (20, [])
    assert found["why"].startswith("Too few outcomes: 20")
    assert "Too few outcomes" in told()


@pytest.mark.parametrize(("days", "before", "lives"), [(2, (25, 40), {"7"}), (30, (170, 190), {"30", "90"})])
def test_the_half_life_by_which_leads_were_won_is_proposed_and_nothing_is_switched(days, before, lives):
    history(300, days, before)
    agreed = Scorecard.objects.get(in_force=True).points
    everything, pricing = json.loads(told(json=True))["findings"]
    for found in (everything, pricing):
        losses = found["held_out_log_loss"]
        assert set(losses) == {"7", "30", "90", "none"}
        assert found["proposed"] in lives
        assert losses[found["proposed"]] <= losses["30"] < found["constant"]
    assert pricing["kind"] == "web:pricing"
    assert Scorecard.objects.get(in_force=True).points == agreed
    assert "web:pricing" in told()


def test_who_only_waits_and_has_long_been_silent_proposes_nothing():
    """What the won and the lost did says nothing here, and who waits did all they did when they came."""
    dice, now = random.Random(5), timezone.now()
    with clock.at(now - timedelta(days=200)):
        ended, waiting = make_leads(200), make_leads(150)
    touches, outcomes = [], []
    for number, lead in enumerate(ended):
        over = lead.first_seen_at + timedelta(days=dice.uniform(10, 40))
        touches += [Activity(lead=lead, kind="web:pricing", at=over - timedelta(days=dice.uniform(0, 3)))]
        outcomes.append(Outcome(lead=lead, kind="lost" if number % 3 else "won", at=over))
    for lead in waiting:
        touches += [Activity(lead=lead, kind="web:pricing", at=lead.first_seen_at + timedelta(days=dice.uniform(0, 3)))]
    timeline.record_many(touches)
    Outcome.objects.bulk_create(outcomes)
    assert len(labelled(settings()).found) == 350
    found = json.loads(told(json=True))
    assert found["outcomes"] == 200
    assert [one["proposed"] for one in found["findings"]] == ["30", "30"]
