"""The recount finds what the database would have refused, had nobody looked away."""

import pytest
from django.core.management import call_command
from django.db import connection

from handoff import invariants
from tests.factories import make_deal, make_handoff, make_lead

BREAKS = {
    "in MOFU there is exactly one open hand-off": "DELETE FROM handoff_handoff WHERE lead_id = {middle}",
    "in MOFU a lead's rep is who has its hand-off": "UPDATE leads_lead SET rep_id = (SELECT min(id) FROM accounts_user)"
    " WHERE id = {middle}",
    "in BOFU there is at least one open deal": "UPDATE handoff_deal SET closed_at = now(), status = 'lost'",
    "a lead has exactly one open visit": "UPDATE leads_visit SET left_at = now(), left_to = 'out' WHERE lead_id = {top}",
    "the ledger is whole": "UPDATE leads_lead SET moves = 7 WHERE id = {top}",
    "what is undone stands in pairs": "UPDATE leads_stagechange SET undone = true WHERE lead_id = {middle} AND seq = 2",
    "each stage change begins where": "UPDATE leads_stagechange SET old = 'customer' WHERE lead_id = {middle} AND seq = 2",
    "each stage change names the points": "UPDATE leads_stagechange SET scorecard_id = NULL"
    " WHERE lead_id = {middle} AND seq = 2",
    "each visit was opened by": "UPDATE leads_visit SET entered_at = now() WHERE lead_id = {top}",
    "a score is the sum of its parts": "UPDATE leads_leadscore SET parts = '[]' WHERE lead_id = {top}",
    "what is kept of engagement": "UPDATE leads_activity SET at = at - interval '1 hour' WHERE kind = 'web:page'",
    "a lead's e-mail names that lead": "DELETE FROM leads_identity WHERE lead_id = {top}",
    "a customer has bought": "UPDATE leads_lead SET stage = 'customer', customer_since = now() WHERE id = {top}",
    "a deal has exactly one primary lead": 'UPDATE handoff_deallead SET "primary" = false',
    "a hand-off's moments are in the order": "UPDATE handoff_handoff SET offered_at = now() + interval '1 day'"
    " WHERE accepted_at IS NOT NULL",
    "an ended hand-off says how": "UPDATE handoff_handoff SET due_at = NULL, promise = '' WHERE lead_id = {middle}",
    "the clock that a hand-off shows": "DELETE FROM handoff_promise WHERE settled_at IS NULL",
    "exactly one agreement is in force": "UPDATE handoff_agreement SET ended_at = now()",
}


@pytest.fixture
def leads():
    made = {
        "top": make_lead(value=5, job_title="Head of energy", activity={"kind": "web:page"}).pk,
        "middle": make_handoff().lead.pk,
        "bottom": make_deal().pk,
    }
    connection.check_constraints()  # what the database checks at a commit, it has now checked
    return made


def test_a_pipeline_that_went_the_usual_ways_has_none(leads, capsys):
    make_lead("customer")
    make_lead("out")
    call_command("check_pipeline")
    assert capsys.readouterr().out == "5 leads, 0 violations\n"


@pytest.mark.parametrize("name", BREAKS)
def test_each_broken_invariant_is_counted_by_its_name(name, leads, capsys):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(BREAKS[name].format(**leads))
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(SystemExit):
        call_command("check_pipeline")
    assert f"not so: {name}" in capsys.readouterr().out


def test_every_check_but_those_a_constraint_holds_is_broken_here():
    untested = [name for name in invariants.CHECKS if not any(name.startswith(broken) for broken in BREAKS)]
    assert untested == ["who asked not to be contacted is OUT"]
