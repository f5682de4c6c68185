"""Who is offered at once when a draft comes into force."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from handoff.models import Agreement
from leads import clock, points, scoring
from leads.definition import LASTS, Definition, acted
from leads.models import Activity, Lead, LeadScore
from personas.choices import Stage

#: So many are counted anew, those with the most points first; beyond that the page says so.
CANDIDATES = 20_000
#: A score is counted at least once a day: so much may have faded since of what takes points away.
FADED = 5


def crossing(draft: Agreement, current: Agreement, *, at: datetime) -> list[Lead]:
    """The leads that cross the line when the draft comes into force: they meet it now and did not meet what counted.

    Counted as `scoring.rescore` will count them, so that what is shown is what happens.
    """
    definition = Definition.of(draft.scorecard)
    near = list(could_cross(draft, current, at=at).values_list("lead", flat=True)[:CANDIDATES])
    leads = list(Lead.objects.filter(pk__in=near).select_related("company", "source").order_by("pk"))
    counted = scoring.points_now(leads, draft.scorecard, at=at)
    acts = acted([lead.pk for lead in leads], definition.actions, at=at)
    return [
        lead
        for lead in leads
        if definition.met(
            counted[lead.pk],
            missing=definition.missing(scoring.facts(lead), lead.persona_id),
            acted=lead.pk in acts,
        )
    ]


def could_cross(draft: Agreement, current: Agreement, *, at: datetime) -> QuerySet[LeadScore]:
    """Those in TOFU below the line whom the draft's line, its points or its actions could lift over it."""
    definition = Definition.of(draft.scorecard)
    waited = Q(lead__look_again_on=None) | Q(lead__look_again_on__lte=clock.today())
    below = Q(ready=False) | Q(ready=None, total__lt=F("scorecard__mql_line"))
    may = Q(total__gte=definition.line)
    if draft.points != current.points:
        higher = points.gain(current.points, draft.points) + FADED
        may = Q(total__gte=definition.line - higher) | ~Q(scorecard=current.scorecard_id)
    if definition.actions:
        done = Activity.objects.filter(lead=OuterRef("lead"), kind__in=definition.actions, at__gt=at - LASTS)
        may |= Q(Exists(done), lead__last_activity_at__gt=at - LASTS)
    standing = LeadScore.objects.filter(waited, below, may, lead__stage=Stage.TOFU, lead__do_not_contact=False)
    return standing.order_by("-total", "-lead")
