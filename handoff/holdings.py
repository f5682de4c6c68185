"""What a colleague holds: the leads, the open hand-offs and the open deals that are theirs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Absence, User
from handoff.calendar import Calendar
from handoff.models import Agreement, Handoff
from handoff.routing.presence import Presence, away_on, away_until
from leads import clock
from leads.models import Lead
from personas.choices import Stage

MONDAY = date(2024, 1, 1)
MARKETING_OWNS, SALES_OWNS = (Stage.TOFU, Stage.OUT), (Stage.MOFU, Stage.BOFU, Stage.CUSTOMER)


class Here(NamedTuple):
    """When somebody is here, in words, and the next days on which they are not."""

    away: str
    next: Absence | None
    hours: str


def here(colleague: User) -> Here:
    """Whether somebody is away now, when they will be next, and their hours."""
    now = clock.now()
    absence = next((one for one in colleague.absences.all() if away_on(one, now)), None)
    today = now.astimezone(colleague.zone).date()
    coming = next((one for one in colleague.absences.all() if one.begins_on > today), None)
    days = [f"{date_format(MONDAY + timedelta(one.weekday), 'D')} {one.opens:%H:%M}-{one.closes:%H:%M}"
            for one in colleague.hours.all()]  # fmt: skip
    usual = str(Calendar.of(Agreement.objects.in_force()))
    hours = f"{', '.join(days)} {colleague.time_zone}" if days else _("by the agreement: %(hours)s") % {"hours": usual}
    return Here(away_until(absence) if absence else "", coming, hours)


def everybody() -> list[tuple[User, int, str]]:
    """All people, each with how many open hand-offs they hold and until when they are away: for the page of people."""
    owned = Handoff.objects.open().filter(owner__isnull=False).order_by().values_list("owner")
    holds = dict(owned.annotate(number=Count("pk")))
    absences = Presence(clock.now()).absences
    people = User.objects.order_by("-is_active", "name", "pk")
    return [(one, holds.get(one.pk, 0), away_until(absences[one.pk]) if one.pk in absences else "") for one in people]


class Holdings(NamedTuple):
    """How much somebody holds, counted."""

    leads: int
    offers: int
    deals: int


def of(colleague: User) -> Holdings:
    """Counted as the lead table filters by owner, so that a click on the number shows as many."""
    theirs = Q(marketer=colleague, stage__in=MARKETING_OWNS) | Q(rep=colleague, stage__in=SALES_OWNS)
    return Holdings(
        leads=Lead.objects.filter(theirs).count(),
        offers=Handoff.objects.open().filter(owner=colleague).count(),
        deals=colleague.deals.open().count(),
    )
