"""What one number counts. The figure and the list it opens are made from the same expression, so they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Case, CharField, Exists, F, Min, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from dashboards import period
from dashboards.period import Period
from dashboards.steps import FATES, NEW, STAGES, WAYS, keys
from handoff.models import Deal, DealLead, Handoff, Reason
from leads.models import Lead, Visit
from personas.choices import Lane, Stage

#: What the address may ask to list -> what a row of it is.
LISTS = {
    "visits": "visits",
    "visitors": "leads",
    "leads": "leads",
    "customers": "leads",
    "wins": "deals",
    "value": "deals",
}
#: How far a hand-off, or a lead by any of its hand-offs, has come. One that came back from a deal opens as accepted:
#: it is no offer.
BY_HANDOFF = {
    Lane.MQL: ~Q(origin=Handoff.Origin.REQUALIFY),
    Lane.SAL: Q(accepted_at__isnull=False),
    Lane.SQL: Q(qualified_at__isnull=False),
}
WON = Q(deal__status=Deal.Status.WON)

#: Rows of whichever ledger, annotated: what their columns are is known by `counts`, not by a type.
Rows = Any


@dataclass(frozen=True)
class Selection:
    """Rows of one ledger: a period, filters that both teams share, and what the number says of them.

    `viewer` is who looks; None is the installation itself (a command), which sees all.
    """

    period: Period
    viewer: User | None = field(default=None, compare=False)
    source: str = ""
    persona: str = ""
    what: str = "visits"
    step: str = ""
    fate: str = ""
    came: str = ""
    because: str = ""
    reached: str = ""
    currency: str = ""

    SAID: ClassVar = ("source", "persona", "what", "step", "fate", "came", "because", "reached", "currency")
    SHARED: ClassVar = ("source", "persona")

    # Read from an address, written into one

    @classmethod
    def read(cls, said: Mapping[str, str], *, viewer: User) -> Selection:
        """What an address asks for; what it says and nobody knows selects nothing rather than everything."""
        words = {name: said.get(name, "").replace("\0", "").strip()[:80] for name in cls.SAID}
        words["what"] = words["what"] or "visits"
        return cls(period.read(said), viewer, **words)

    def but(self, **said: Any) -> Selection:
        return replace(self, **said)

    @property
    def shared(self) -> Selection:
        """The period and the shared filters alone."""
        return Selection(self.period, self.viewer, self.source, self.persona)

    def address(self, *without: str) -> str:
        said = {name: getattr(self, name) for name in self.SAID if name not in without}
        said |= {} if "period" in without else self.period.address
        return urlencode({name: text for name, text in said.items() if text and (name, text) != ("what", "visits")})

    @property
    def query(self) -> str:
        return f"?{self.address()}"

    @property
    def who_query(self) -> str:
        """The shared filters, to be added to another period."""
        said = self.shared.address("period")
        return f"&{said}" if said else ""

    @property
    def counts(self) -> str:
        """visits, leads or deals: what a row is."""
        return LISTS.get(self.what, "visits")

    # The rows

    def rows(self) -> Rows:
        """The rows themselves, each with `moment`: the date that put it into the period."""
        made = self._MADE.get(self.what)
        return made(self) if made else self.visits().none()

    def visits(self) -> Rows:
        """Stays in a stage, or in all stages that are steps of their own."""
        rows = self._seen(Visit).filter(self.period.on("entered_at"), self._who("lead__"), stage__in=STAGES)
        fate = Case(
            When(left_at=None, then=Value("here")),
            When(left_to=Stage.CUSTOMER, left_by="purchase", then=Value("bought")),
            When(left_to=Stage.CUSTOMER, left_by="win", then=Value("won")),
            default=F("left_to"),
            output_field=CharField(),
        )
        came = Case(When(entered_from="", then=Value(NEW)), default=F("entered_from"), output_field=CharField())
        return rows.annotate(
            at_step=F("stage"), moment=F("entered_at"), gone=F("left_at"), fate=fate, came=came,
            because_act=F("left_by"), because_code=F("reason"),
        )  # fmt: skip

    def handoffs(self, lane: str) -> Rows:
        """Stays in a lane of the shared middle: one a hand-off that stood there."""
        entered, following = {
            Lane.MQL: ("offered_at", "accepted_at"),
            Lane.SAL: ("accepted_at", "qualified_at"),
            Lane.SQL: ("qualified_at", "ended_at"),
        }[Lane(lane)]
        went_on = Q(**{f"{following}__isnull": False}) if lane != Lane.SQL else Q(pk=None)
        fate = Case(
            When(went_on, then=Value(FATES[lane][0].key)),
            When(ended_at=None, then=Value("here")),
            default=F("end"),
            output_field=CharField(),
        )

        def given(name: str) -> Case:  # a reason belongs to the lane in which the hand-off ended
            return Case(When(went_on, then=None), default=F(f"reason__{name}"), output_field=CharField())

        rows = self._seen(Handoff).filter(self.period.on(entered), BY_HANDOFF[Lane(lane)], self._who("lead__"))
        return rows.annotate(
            at_step=Value(str(lane), CharField()), moment=F(entered), gone=Coalesce(following, "ended_at"), fate=fate,
            came=F("origin"), because_act=given("act"), because_code=given("code"),
        )  # fmt: skip

    def leads(self) -> Rows:
        """Leads first seen in the period."""
        rows = self._seen(Lead).filter(self.period.on("first_seen_at"), self._who(""))
        return rows.annotate(moment=F("first_seen_at"))

    def customers(self) -> Rows:
        """Leads whose first won deal was closed in the period."""
        first = Min("deal_roles__deal__closed_at", filter=Q(deal_roles__deal__status=Deal.Status.WON))
        rows = self._seen(Lead).filter(self._who(""), deal_roles__deal__status=Deal.Status.WON)
        return rows.annotate(moment=first).filter(self.period.on("moment"))

    def wins(self) -> Rows:
        """Deals won in the period; whose they are is their primary lead's to say, so each counts once."""
        rows = self._seen(Deal).won().filter(self.period.on("closed_at"), self._primary())
        return rows.annotate(moment=F("closed_at"))

    def value(self) -> Rows:
        """Deals won so far, whenever that was, with leads first seen in the period."""
        first_seen = self.period.on("roles__lead__first_seen_at")
        rows = self._seen(Deal).won().filter(first_seen, self._primary())
        return rows.annotate(moment=F("closed_at"))

    def has_reached(self, how_far: str) -> Any:
        """For leads: whether any hand-off has come so far, or a deal was won."""
        if how_far == "won":
            return Exists(DealLead.objects.filter(WON, lead=OuterRef("pk")))
        if how_far not in BY_HANDOFF:
            return Q(pk=0)
        return Exists(Handoff.objects.filter(BY_HANDOFF[Lane(how_far)], lead=OuterRef("pk")))

    # How the parts of an address narrow the rows

    def _visits(self) -> Rows:
        if self.step not in FATES:
            return self.visits().none()
        lane = self.step in Lane.values
        rows = self.handoffs(self.step) if lane else self.visits().filter(stage=self.step)
        if self.fate:
            rows = rows.filter(fate__in=keys(self.step, self.fate) if self.fate in WAYS else [self.fate])
        if self.came:
            rows = rows.filter(came=self.came)
        if self.because:
            rows = rows.filter(self._because(lane))
        if self.reached:
            rows = rows.filter(BY_HANDOFF[Lane(self.reached)] if lane and self.reached in BY_HANDOFF else Q(pk=0))
        return rows

    def _because(self, lane: bool) -> Q:
        act, _colon, code = self.because.partition(":")
        if code:
            return Q(because_act=act, because_code=code)
        return Q(because_act=Reason.Act.RETURN, reason__return_class=act) if lane else Q(pk=0)

    def _visitors(self) -> Rows:
        rows = self._seen(Lead).filter(pk__in=self._visits().values("lead"))
        return rows.annotate(moment=F("first_seen_at"))

    def _leads(self) -> Rows:
        return self.leads().filter(self.has_reached(self.reached)) if self.reached else self.leads()

    def _wins(self) -> Rows:
        return self._in_currency(self.wins())

    def _value(self) -> Rows:
        return self._in_currency(self.value())

    def _in_currency(self, deals: Rows) -> Rows:
        if self.currency == "none":
            return deals.filter(amount=None)
        return deals.filter(currency=self.currency, amount__isnull=False) if self.currency else deals

    _MADE: ClassVar[dict[str, Callable[[Selection], Rows]]] = {
        "visits": _visits,
        "visitors": _visitors,
        "leads": _leads,
        "customers": customers,
        "wins": _wins,
        "value": _value,
    }

    def _seen(self, model: Any) -> Any:
        return model.objects.all() if self.viewer is None else model.objects.visible_to(self.viewer)

    def _who(self, lead: str) -> Q:
        """The filters on the lead itself, under the name by which a ledger knows it."""
        found = Q()
        if self.source:
            known = Q(**{f"{lead}source": None}) if self.source == "none" else Q(**{f"{lead}source__slug": self.source})
            found &= known
        if self.persona:
            key = int(self.persona) if self.persona.isdecimal() and len(self.persona) < 19 else 0
            found &= Q(**{f"{lead}persona": None if self.persona == "none" else key})
        return found

    def _primary(self) -> Q:
        return self._who("roles__lead__") & Q(roles__primary=True)
