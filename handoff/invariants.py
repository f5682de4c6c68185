"""Every invariant of the pipeline, counted over the whole database, one set-based query each.

The database refuses most of these at the commit (`handoff/migrations/0002_invariants.py` and the named constraints);
this is the recount that does not trust them.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from leads.engagement import TOUCHES

_TOUCHES = ", ".join(f"'{name}'" for name in TOUCHES)
#: name -> the ids of the leads that break it
CHECKS: dict[str, str] = {
    "in MOFU there is exactly one open hand-off, elsewhere none": """
        SELECT lead.id FROM leads_lead lead
          LEFT JOIN (SELECT lead_id, count(*) AS n FROM handoff_handoff WHERE ended_at IS NULL GROUP BY 1) open
                 ON open.lead_id = lead.id
         WHERE COALESCE(open.n, 0) <> (lead.stage = 'mofu')::int
    """,
    "in MOFU a lead's rep is who has its hand-off": """
        SELECT lead.id FROM leads_lead lead
          JOIN handoff_handoff open ON open.lead_id = lead.id AND open.ended_at IS NULL
         WHERE lead.rep_id IS DISTINCT FROM open.owner_id
    """,
    "in BOFU there is at least one open deal": """
        SELECT lead.id FROM leads_lead lead
         WHERE lead.stage = 'bofu' AND NOT EXISTS (
               SELECT FROM handoff_deallead role JOIN handoff_deal deal ON deal.id = role.deal_id
                WHERE role.lead_id = lead.id AND deal.closed_at IS NULL)
    """,
    "a lead has exactly one open visit, in its stage": """
        SELECT lead.id FROM leads_lead lead
          LEFT JOIN leads_visit visit ON visit.lead_id = lead.id AND visit.left_at IS NULL
         GROUP BY lead.id, lead.stage
        HAVING count(visit.id) <> 1 OR min(visit.stage) <> lead.stage
    """,
    "the ledger is whole: numbered from 1 to the lead's moves, the newest row is the lead's stage": """
        SELECT lead.id FROM leads_lead lead
          LEFT JOIN leads_stagechange change ON change.lead_id = lead.id
         GROUP BY lead.id, lead.moves, lead.stage
        HAVING count(change.id) <> lead.moves OR COALESCE(min(change.seq), 0) <> 1
            OR max(change.seq) <> lead.moves
            OR max(change.new) FILTER (WHERE change.seq = lead.moves) <> lead.stage
    """,
    "each stage change begins where the one before it ended": """
        SELECT DISTINCT lead_id FROM (
            SELECT lead_id, old, lag(new, 1, '') OVER (PARTITION BY lead_id ORDER BY seq) AS before
              FROM leads_stagechange) chain
         WHERE old <> before
    """,
    "what is undone stands in pairs: as many moves taken back as there are rows that take one back": """
        SELECT lead_id FROM leads_stagechange WHERE undone
         GROUP BY lead_id HAVING count(*) FILTER (WHERE act = 'undo') * 2 <> count(*)
    """,
    "each visit was opened by the stage change of its number, and closed by the next": """
        SELECT COALESCE(visit.lead_id, change.lead_id) FROM leads_visit visit
          FULL JOIN (
               SELECT id, lead_id, seq, old, new, at, lead(seq) OVER own AS following
                 FROM leads_stagechange WHERE NOT undone WINDOW own AS (PARTITION BY lead_id ORDER BY seq)
          ) change ON change.lead_id = visit.lead_id AND change.seq = visit.seq
          LEFT JOIN leads_stagechange next ON next.lead_id = visit.lead_id AND next.seq = change.following
         WHERE visit.id IS NULL OR change.id IS NULL OR visit.stage <> change.new OR visit.entered_at <> change.at
            OR visit.entered_from <> change.old OR visit.left_to <> COALESCE(next.new, '')
            OR visit.left_at IS DISTINCT FROM next.at
    """,
    "each stage change names the points by which it was decided, since changes began to name them": """
        SELECT DISTINCT lead_id FROM leads_stagechange
         WHERE scorecard_id IS NULL AND recorded_at > (
               SELECT min(recorded_at) FROM leads_stagechange WHERE old = '' AND scorecard_id IS NOT NULL)
    """,
    "a score is the sum of its parts": """
        SELECT lead_id FROM leads_leadscore
         WHERE total <> COALESCE((SELECT sum((part ->> 'points')::int) FROM jsonb_array_elements(parts) part), 0)
    """,
    "what is kept of engagement is what the timeline tells": f"""
        SELECT DISTINCT lead_id FROM leads_engagement kept
          FULL JOIN (SELECT lead_id, kind, count(*) AS number, max(at) AS last_at FROM leads_activity
                      WHERE split_part(kind, ':', 1) IN ({_TOUCHES}) GROUP BY lead_id, kind) told USING (lead_id, kind)
         WHERE kept.number IS DISTINCT FROM told.number OR kept.last_at IS DISTINCT FROM told.last_at
    """,  # noqa: S608  # composed of our own words
    "a lead's e-mail names that lead": """
        SELECT lead.id FROM leads_lead lead
         WHERE lead.email <> '' AND NOT EXISTS (
               SELECT FROM leads_identity sign
                WHERE sign.kind = 'email' AND sign.value = lead.email AND sign.lead_id = lead.id)
    """,
    "who asked not to be contacted is OUT": """
        SELECT id FROM leads_lead WHERE do_not_contact AND stage NOT IN ('out', 'customer')
    """,
    "a customer has bought: a won deal": """
        SELECT lead.id FROM leads_lead lead
         WHERE lead.stage = 'customer' AND NOT EXISTS (
               SELECT FROM handoff_deallead role JOIN handoff_deal deal ON deal.id = role.deal_id
                WHERE role.lead_id = lead.id AND deal.status = 'won')
    """,
    "a deal has exactly one primary lead, so that revenue counts once": """
        SELECT COALESCE(min(role.lead_id), -deal.id) FROM handoff_deal deal
          LEFT JOIN handoff_deallead role ON role.deal_id = deal.id
         GROUP BY deal.id
        HAVING count(role.id) FILTER (WHERE role."primary") <> 1
    """,
    "a hand-off's moments are in the order of its lanes": """
        SELECT lead_id FROM handoff_handoff
         WHERE (lane = 'mql') <> (accepted_at IS NULL) OR (lane = 'sql') <> (qualified_at IS NOT NULL)
            OR (NOT imported AND (accepted_at < offered_at OR qualified_at < accepted_at OR ended_at < offered_at))
    """,
    "an ended hand-off says how, and an offered one has its clock": """
        SELECT lead_id FROM handoff_handoff
         WHERE (ended_at IS NULL) <> ("end" = '') OR (ended_at IS NOT NULL AND due_at IS NOT NULL)
            OR (ended_at IS NULL AND lane = 'mql' AND due_at IS NULL AND NOT imported)
    """,
    "the clock that a hand-off shows is the next to run out on its ledger of promises": """
        SELECT handoff.lead_id FROM handoff_handoff handoff
          LEFT JOIN LATERAL (
               SELECT min(due_at) AS due_at FROM handoff_promise WHERE handoff_id = handoff.id AND settled_at IS NULL
               ) next ON true
         WHERE next.due_at IS DISTINCT FROM handoff.due_at
    """,
    "exactly one agreement is in force, and its scorecard is the one that counts": """
        SELECT -1 WHERE (SELECT count(*) FROM handoff_agreement
                       WHERE ended_at IS NULL AND in_force_since IS NOT NULL) <> 1
           OR (SELECT count(*) FROM handoff_agreement terms JOIN leads_scorecard card ON card.id = terms.scorecard_id
                WHERE terms.ended_at IS NULL AND terms.in_force_since IS NOT NULL AND card.in_force) <> 1
    """,
}
SHOWN = 5


class Violation(NamedTuple):
    """An invariant that does not hold: its name, how many leads break it, and the ids of the first few."""

    name: str
    broken: int
    leads: list[int]


def violations() -> list[Violation]:
    """Recount everything; an empty list is good news."""
    found = []
    with connection.cursor() as cursor:
        for name, query in CHECKS.items():
            cursor.execute(
                f"SELECT count(*), (array_agg(broken.lead ORDER BY broken.lead))[1:{SHOWN}] FROM ({query}) broken(lead)"  # noqa: S608
            )
            count, leads = cursor.fetchone()
            if count:
                found.append(Violation(name, count, leads))
    return found
