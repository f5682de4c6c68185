"""What stands around a lead in small numbers: its last visits, the others of its company, each team's own view.

Three short lists of a page that everybody opens all day; asked for one by one they take longer to ask than to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from leads import prepared

AROUND = """
SELECT (SELECT json_agg(json_build_array(
            seq, stage, entered_from, left_by, reason, entered_at, left_at) ORDER BY seq DESC)
          FROM (SELECT * FROM leads_visit WHERE lead_id = %(lead)s ORDER BY seq DESC LIMIT %(visits)s) visit),
       (SELECT json_agg(json_build_array(id, name, email, phone, job_title, stage) ORDER BY id DESC)
          FROM (SELECT * FROM leads_lead WHERE company_id = %(company)s ORDER BY id DESC LIMIT %(others)s + 1) other
         WHERE id <> %(lead)s),
       (SELECT json_agg(json_build_array(team, known, needed, by_id, at))
          FROM (SELECT DISTINCT ON (team) * FROM handoff_sidenote WHERE lead_id = %(lead)s
                 ORDER BY team, version DESC) note)
"""


class Stayed(NamedTuple):
    """A visit, in the names of `Visit`."""

    seq: int
    stage: str
    entered_from: str
    left_by: str
    reason: str
    entered_at: datetime
    left_at: datetime | None


class Other(NamedTuple):
    """Another lead of the company."""

    pk: int
    name: str
    email: str
    phone: str
    job_title: str
    stage: str

    def __str__(self) -> str:
        return self.name or self.email or self.phone or _("Lead %(pk)s") % {"pk": self.pk}


class Note(NamedTuple):
    """A team's own view as it stands, in the names of `SideNote`."""

    team: str
    known: str
    needed: str
    by_id: int
    at: datetime


@dataclass
class Surroundings:
    visits: list[Stayed]  # the newest first
    others: list[Other]  # the newest first
    notes: dict[str, Note]  # by team


def of(lead: int, company: int | None, *, visits: int, others: int) -> Surroundings:
    """At most so many visits and others."""
    read = datetime.fromisoformat
    said = {"lead": lead, "company": company, "visits": visits, "others": others}
    ((stays, group, notes),) = prepared.rows(AROUND, said)  # moments come as text, as JSON has them
    return Surroundings(
        [
            Stayed(seq, stage, entered_from, left_by, reason, read(entered_at), read(left_at) if left_at else None)
            for seq, stage, entered_from, left_by, reason, entered_at, left_at in stays or ()
        ],
        [Other(*other) for other in group or ()][:others],
        {team: Note(team, known, needed, by, read(at)) for team, known, needed, by, at in notes or ()},
    )
