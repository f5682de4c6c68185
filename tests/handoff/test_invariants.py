"""What no code path may break, since the database itself refuses it at the commit."""

import pytest
from django.db import IntegrityError, connection, transaction

from handoff.models import Deal, Handoff
from leads.models import Lead, Visit
from tests.factories import make_deal, make_handoff, make_lead


def broken(what):
    """Do it, check the deferred constraints, and give the name of the one that refused."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        what()
        connection.check_constraints()
    return refused.value.__cause__.diag.constraint_name


def test_a_lead_in_the_middle_has_exactly_one_open_handoff():
    handoff, lead = make_handoff(), make_lead()
    assert broken(lambda: Handoff.objects.filter(pk=handoff.pk).delete()) == "lead_mofu_has_one_handoff"
    assert broken(lambda: Handoff.objects.filter(pk=handoff.pk).update(lead=lead)) == "lead_mofu_has_one_handoff"
    copy = {
        "lead": handoff.lead,
        "agreement": handoff.agreement,
        "queue": handoff.queue,
        "origin": "marketing",
        "offered_at": handoff.offered_at,
    }
    assert broken(lambda: Handoff.objects.create(**copy)) == "handoff_one_open_a_lead"
    assert broken(lambda: Handoff.objects.create(**{**copy, "lead": lead})) == "lead_mofu_has_one_handoff"


def test_a_stage_is_never_just_edited():
    lead = make_lead()
    for stage in ("mofu", "bofu", "out"):
        assert broken(lambda stage=stage: Lead.objects.filter(pk=lead.pk).update(stage=stage))
    assert broken(lambda: Lead.objects.filter(pk=lead.pk).update(stage="won")) == "lead_stage_known"


def test_a_lead_in_bofu_has_an_open_deal():
    deal = make_deal()
    closed = {"status": "lost", "closed_at": deal.opened_at}
    assert broken(lambda: Deal.objects.filter(pk=deal.pk).update(**closed)) == "lead_bofu_has_open_deal"
    assert broken(lambda: deal.roles.all().delete()) == "lead_bofu_has_open_deal"


def test_a_lead_always_has_exactly_one_open_visit_and_it_is_where_it_stands():
    lead = make_lead()
    assert broken(lambda: lead.visits.all().delete()) == "lead_has_one_open_visit"
    again = {"lead": lead, "seq": 9, "stage": "tofu", "entered_at": lead.stage_since}
    assert broken(lambda: Visit.objects.create(**again)) == "visit_one_open"
    assert broken(lambda: lead.visits.update(stage="out")) == "lead_has_one_open_visit"


def test_an_unowned_offer_lies_in_a_queue():
    handoff = make_handoff()
    assert str(handoff.queue) == "All of sales"
    assert broken(lambda: Handoff.objects.filter(pk=handoff.pk).update(queue=None)) == "handoff_unowned_has_queue"


def test_an_accepted_handoff_has_an_owner_and_a_return_has_a_reason():
    handoff = make_handoff("sal")
    mine = Handoff.objects.filter(pk=handoff.pk)
    assert broken(lambda: mine.update(owner=None)) == "handoff_accepted_has_owner"
    assert broken(lambda: mine.update(lane="mql")) == "handoff_accepted_beyond_mql"
    ended = {"ended_at": handoff.offered_at, "end": "returned"}
    assert broken(lambda: mine.update(**ended)) == "handoff_return_has_reason"
