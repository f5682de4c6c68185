"""How promises end when their moments are held against a draft's terms and its calendar."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from handoff import sla, wording
from handoff.brief import WORKED_WITH
from handoff.foresight.offers import OFFERS, SPAN
from handoff.models import Agreement, Handoff
from leads import clock, scoring
from leads.models import Lead

MONTH = timedelta(days=30)


class Kept(NamedTuple):
    """A promise: how many ended and how many of them in time, as it was agreed then, and as the draft has it."""

    kind: str
    label: str
    number: int
    before: int
    given: int
    after: int


class Judged(NamedTuple):
    """One promise: whether it was kept, would have been under the draft, and whether that would have made the offer."""

    handoff: Handoff
    was: bool
    would: bool
    made: bool


class Asked(NamedTuple):
    """A promise of marketing: what each month brought and would have brought, and how often the draft's was kept."""

    label: str
    values: list[str]
    after: int
    number: int


class Month(NamedTuple):
    """What marketing offered in thirty days, counted as Promises counts it, or would have offered."""

    since: date
    until: date
    leads: int
    value: Decimal
    known: int  # percent


@dataclass
class Promises(ABC):
    """What both teams promise, held against what happened in the 90 days before `now`."""

    draft: Agreement
    current: Agreement
    now: datetime = field(default_factory=clock.now)

    @property
    def since(self) -> datetime:
        return self.now - SPAN

    @cached_property
    def _offered(self) -> list[Handoff]:
        """Every offer of this time: sales promises the same for each of them."""
        rows = Handoff.objects.offered().filter(offered_at__gte=self.since, imported=False)
        rows = rows.annotate(known=F("brief__known"))
        rows = rows.select_related("agreement", "lead__company", "lead__source")
        return list(rows.defer("brief", "note", "verdict", "lead__search").order_by("-offered_at", "-pk")[:OFFERS])

    @property
    @abstractmethod
    def not_made(self) -> set[int]:
        """The offers that the draft would not have made: under it they promise nothing."""

    @property
    @abstractmethod
    def besides(self) -> list[tuple[Lead, datetime]]:
        """The leads that the draft would have offered besides, and when."""

    @cached_property
    def promises(self) -> list[Kept]:
        """How many promises of sales were given and kept, as they were agreed then and as the draft has them.

        The draft gives none for an offer that it would not have made. One that still runs counts once its time is
        over, under both.
        """
        told = []
        for kind, label in PROMISES:
            judged = self.judged(kind)
            would = [one.would for one in judged if one.made]
            told.append(Kept(kind, str(label), len(judged), sum(one.was for one in judged), len(would), sum(would)))
        return told

    def judged(self, kind: str) -> list[Judged]:
        """Each promise of a kind that can be told by now, both ways."""
        found = []
        for handoff in self._offered:
            was, would = self._in_time(handoff, kind, handoff.agreement), self._in_time(handoff, kind, self.draft)
            if was is not None and would is not None:
                found.append(Judged(handoff, was, would, handoff.pk not in self.not_made))
        return found

    def _in_time(self, handoff: Handoff, kind: str, terms: Agreement) -> bool | None:
        """Whether a promise was kept under these terms; None when it was never given, or still may be kept."""
        began, ended = moments(handoff, kind)
        if began is None:
            return None
        judged = copy(handoff)
        judged.agreement = terms
        allowed = terms.contact_within if kind == "contact" else sla.term(judged, kind)
        used = sla.Calendar.of(terms).minutes(began, ended or handoff.ended_at or self.now)
        if used <= allowed:
            return None if ended is None else True
        return False

    @property
    def retimes(self) -> bool:
        """Whether the draft changes what sales promises or the calendar it is counted on."""
        return any(getattr(self.draft, name) != getattr(self.current, name) for name in TIMED)

    # what marketing promises

    @cached_property
    def months(self) -> list[Month]:
        """The last three times thirty days, newest first: what marketing offered, its value, and the facts known."""
        return [_month(since, until, self._handed(since, until)) for since, until in self._spans]

    @cached_property
    def months_ahead(self) -> list[Month]:
        """The same months with what the draft would have offered: without some, and with others besides."""
        told = []
        for since, until in self._spans:
            made = [one for one in self._handed(since, until) if one.pk not in self.not_made]
            told.append(_month(since, until, [*made, *(lead for lead, at in self.besides if since <= at < until)]))
        return told

    @property
    def _spans(self) -> list[tuple[datetime, datetime]]:
        ends = [self.now - number * MONTH for number in range(SPAN // MONTH)]
        return [(until - MONTH, until) for until in ends]

    def _handed(self, since: datetime, until: datetime) -> list[Handoff]:
        return [one for one in self._offered if since <= one.offered_at < until and one.origin in Handoff.BY_MARKETING]

    @property
    def marketing(self) -> list[Asked]:
        """In how many of these months marketing would have kept what the draft asks for, with what it would offer."""
        asked = []
        for term, label, name in (
            ("leads_a_month", _("Leads offered"), "leads"),
            ("value_a_month", _("Expected value offered, in euros"), "value"),
            ("completeness", _("Facts known when offered"), "known"),
        ):
            if promised := getattr(self.draft, term):
                got, would = ([getattr(month, name) for month in months] for months in (self.months, self.months_ahead))
                told = [_moved(term, *pair) for pair in zip(got, would, strict=True)]
                asked.append(Asked(str(label), told, sum(value >= promised for value in would), len(would)))
        return asked

    @property
    def reoffers(self) -> bool:
        """Whether some month would have brought other offers."""
        return bool(self.draft.leads_a_month or self.draft.value_a_month or self.draft.completeness) and (
            self.months != self.months_ahead
        )


def _month(since: datetime, until: datetime, offered: Sequence[Handoff | Lead]) -> Month:
    """What these hand-offs bring, and these leads as they are known today."""
    known = sum(known_share(one) for one in offered)
    leads = [one.lead if isinstance(one, Handoff) else one for one in offered]
    values = [one.value for one, lead in zip(offered, leads, strict=True) if lead.currency == Agreement.CURRENCY]
    return Month(
        timezone.localdate(since) + timedelta(days=1),  # the day before closes the month before
        timezone.localdate(until),
        len(offered),
        sum((value for value in values if value), Decimal()),
        round(100 * known / len(offered)) if offered else 0,
    )


def _moved(term: str, was: Any, would: Any) -> str:
    """A value of a month in words, with an arrow to what it would have been where that is another."""
    words = wording.words(term, was, {})
    return words if was == would else f"{words} → {wording.words(term, would, {})}"


#: What sales promises, and the calendar it is counted on.
TIMED = (
    "accept_within", "attempt_within", "hand_raise_within", "contact_within", "weekdays", "opens", "closes",
    "hours", "time_zone", "holidays", "days_off",
)  # fmt: skip
#: The promises of sales, in their order.
PROMISES = [
    ("answer", _("Accepted or returned in time")),
    ("attempt", _("First attempt in time")),
    ("contact", _("Two-way contact in time")),
]


def moments(handoff: Handoff, kind: str) -> tuple[datetime | None, datetime | None]:
    """When a promise began to run and when what it promised happened."""
    if kind == "answer":
        answered = handoff.accepted_at or (handoff.ended_at if handoff.end == Handoff.End.RETURNED else None)
        return handoff.offered_at, answered
    return handoff.accepted_at, handoff.first_attempt_at if kind == "attempt" else handoff.first_contact_at


def known_share(one: Any) -> float:
    """Which share of the facts that sales works with was known when this was offered; else, is known today."""
    known = getattr(one, "known", None)
    if known is None:
        facts = scoring.facts(one.lead if isinstance(one, Handoff) else one)
        known = [name for name in WORKED_WITH if facts.get(name) not in (None, "")]
    return len(set(known) & set(WORKED_WITH)) / len(WORKED_WITH)
