"""What one number counts. The figure and the list it opens are made from the same expression, so they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Case, CharField, Exists, F, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Left
from django.db.models.lookups import Exact
from django.utils import timezone

from accounts.models import User
from dashboards import period
from dashboards.period import Period
from dashboards.steps import FATES, NEW, STAGES, UNDER_WAY, WAYS, keys
from handoff.models import Deal, DealLead, Handoff, Promise, Reason
from leads.models import Activity, Lead, Visit
from personas.choices import Lane, Stage

#: What the address may ask to list -> what a row of it is.
LISTS = {
    "visits": "visits",
    "visitors": "leads",
    "leads": "leads",
    "customers": "leads",
    "wins": "deals",
    "value": "deals",
    "offers": "handoffs",
    "worth": "deals",
    "promises": "promises",
}
#: How far a hand-off, or a lead by any of its hand-offs, has come. One that came back from a deal opens as accepted:
#: it is no offer.
BY_HANDOFF = {
    Lane.MQL: ~Q(origin__in=Handoff.NO_OFFERS),
    Lane.SAL: Q(accepted_at__isnull=False),
    Lane.SQL: Q(qualified_at__isnull=False),
}
WON = Q(deal__status=Deal.Status.WON)
#: Whether an offer came to a won deal: by itself, or because the lead bought meanwhile.
CAME_TO_A_WIN = Q(end=Handoff.End.PURCHASED) | Q(
    Exists(Deal.objects.filter(handoff=OuterRef("pk"), status=Deal.Status.WON))
)
#: Whether an offer came to a deal that was lost, and to none that is still open.
_DEALS = Deal.objects.filter(handoff=OuterRef("pk"))
CAME_TO_A_LOSS = Q(Exists(_DEALS.filter(status=Deal.Status.LOST))) & ~Q(Exists(_DEALS.open()))
#: What the two teams said of an offer: sales of the lead, marketing of how it was followed up.
RATINGS = {
    "lead": Q(lead_good__isnull=False),
    "lead_good": Q(lead_good=True),
    "follow_up": Q(follow_up_good__isnull=False),
    "follow_up_good": Q(follow_up_good=True),
}
#: How far an offer has come so far.
OFFER_REACHED = {Lane.SAL: BY_HANDOFF[Lane.SAL], Lane.SQL: BY_HANDOFF[Lane.SQL], "won": CAME_TO_A_WIN}
#: What a lead did or was entered by, as opposed to what became of it since: a first touch is one of the former.
NO_TOUCH = ("stage:", "handoff:", "deal:", "task:", "comment")
#: So much of a text names the form or the event.
TOUCH_NAME = 60

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
    campaign: str = ""
    form: str = ""
    marketer: str = ""
    rep: str = ""
    promise: str = ""
    kept: str = ""
    what: str = "visits"
    step: str = ""
    fate: str = ""
    came: str = ""
    because: str = ""
    reached: str = ""
    rated: str = ""
    currency: str = ""

    SHARED: ClassVar = ("source", "persona")
    OF_OFFERS: ClassVar = (*SHARED, "campaign", "form", "marketer")
    OF_PROMISES: ClassVar = (*SHARED, "rep")
    SAID: ClassVar = (
        *OF_OFFERS,
        "rep",
        "promise",
        "kept",
        "what",
        "step",
        "fate",
        "came",
        "because",
        "reached",
        "rated",
        "currency",
    )

    # Read from an address, written into one

    @classmethod
    def read(cls, said: Mapping[str, str], *, viewer: User) -> Selection:
        """What an address asks for; what it says and nobody knows selects nothing rather than everything."""
        words = {name: said.get(name, "").replace("\0", "").strip()[:80] for name in cls.SAID}
        words["what"] = words["what"] or "visits"
        words |= {name: str(viewer.pk) for name in ("marketer", "rep") if words[name] == "me"}
        return cls(period.read(said), viewer, **words)

    def but(self, **said: Any) -> Selection:
        return replace(self, **said)

    @property
    def shared(self) -> Selection:
        """The period and the shared filters alone."""
        return Selection(self.period, self.viewer, self.source, self.persona)

    @property
    def offered(self) -> Selection:
        """All hand-offs offered in the period, under the filters that are asked of offers."""
        said = {name: getattr(self, name) for name in self.OF_OFFERS}
        return Selection(self.period, self.viewer, what="offers", **said)

    @property
    def promised(self) -> Selection:
        """All promises that sales gave in the period, under the filters that are asked of promises."""
        said = {name: getattr(self, name) for name in self.OF_PROMISES}
        return Selection(self.period, self.viewer, what="promises", **said)

    def address(self, *without: str) -> str:
        said = {name: getattr(self, name) for name in self.SAID if name not in without}
        said |= {} if "period" in without else self.period.address
        return urlencode({name: text for name, text in said.items() if text and (name, text) != ("what", "visits")})

    @property
    def query(self) -> str:
        return f"?{self.address()}"

    @property
    def counts(self) -> str:
        """visits, leads, deals, handoffs or promises: what a row is."""
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

        rows = (
            self._seen(Handoff).counted().filter(self.period.on(entered), BY_HANDOFF[Lane(lane)], self._who("lead__"))
        )
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

    def offers(self) -> Rows:
        """Hand-offs offered in the period, each with what became of it so far."""
        rows = self._seen(Handoff).offered().filter(self._offered(""))
        fate = Case(
            When(CAME_TO_A_WIN, then=Value("won")),
            When(CAME_TO_A_LOSS, then=Value("lost")),
            When(ended_at__isnull=False, then=F("end")),
            When(qualified_at__isnull=False, then=Value("qualified")),
            When(accepted_at__isnull=False, then=Value("working")),
            default=Value("waiting"),
            output_field=CharField(),
        )
        return self._formed(rows, "lead__").annotate(
            moment=F("offered_at"), fate=fate, because_act=F("reason__act"), because_code=F("reason__code"),
        )  # fmt: skip

    def worth(self) -> Rows:
        """Deals won so far, whenever that was, by hand-offs offered in the period."""
        rows = self._seen(Deal).won().filter(self._offered("handoff__"), handoff__isnull=False)
        return self._formed(rows, "handoff__lead__").annotate(moment=F("closed_at"))

    def promises(self) -> Rows:
        """Promises of sales that were given in the period, each with how it was kept so far and whose it is."""
        rows = self._seen(Promise).filter(self.period.on("started_at"), self._who("handoff__lead__"))
        rows = rows.exclude(handoff__end=Handoff.End.UNDONE)  # it has never been
        over = Q(outcome=Promise.Outcome.BROKEN) | Q(settled_at=None, due_at__lt=timezone.now())
        state = Case(
            When(over, then=Value("broken")),
            When(settled_at=None, then=Value("running")),
            default=F("outcome"),
            output_field=CharField(),
        )
        rows = rows.annotate(moment=F("started_at"), state=state, whose=Coalesce("owner_id", "handoff__owner_id"))
        return rows.filter(whose=None if self.rep == "none" else number(self.rep)) if self.rep else rows

    def has_reached(self, how_far: str) -> Any:
        """For leads: whether any hand-off has come so far, or a deal was won."""
        if how_far == "won":
            return Exists(DealLead.objects.filter(WON, lead=OuterRef("pk")))
        if how_far not in BY_HANDOFF:
            return Q(pk=0)
        return Exists(Handoff.objects.counted().filter(BY_HANDOFF[Lane(how_far)], lead=OuterRef("pk")))

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
        if act == Reason.Act.RETURN and lane:
            return Q(because_act=act)
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

    def of_offers(self) -> Q:
        """What the address says of an offer besides the period and its filters: it is counted and listed by this."""
        found = Q(fate__in=UNDER_WAY if self.fate == "under_way" else [self.fate]) if self.fate else Q()
        if self.came:
            found &= Q(origin__in=Handoff.BY_MARKETING if self.came == "handed" else [self.came])
        if self.because:
            found &= self._because(lane=True)
        if self.rated:
            found &= RATINGS.get(self.rated, Q(pk=0))
        return found & OFFER_REACHED.get(self.reached, Q(pk=0)) if self.reached else found

    def _offers(self) -> Rows:
        return self.offers().filter(self.of_offers())

    def _worth(self) -> Rows:
        return self._in_currency(self.worth())

    def _promises(self) -> Rows:
        rows = self.promises()
        if self.promise:
            rows = rows.filter(kind=self.promise)
        if self.kept:
            rows = rows.filter(state__in=["kept", "broken"] if self.kept == "decided" else [self.kept])
        return rows

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
        "offers": _offers,
        "worth": _worth,
        "promises": _promises,
    }

    def _seen(self, model: Any) -> Any:
        return model.objects.all() if self.viewer is None else model.objects.visible_to(self.viewer)

    def _who(self, lead: str) -> Q:
        """The filters on the lead itself, under the name by which a ledger knows it."""
        found = Q()
        if self.source:
            known = Q(**{f"{lead}source": None}) if self.source == "none" else Q(**{f"{lead}source__slug": self.source})
            found &= known
        for name in ("persona", "campaign"):
            if said := getattr(self, name):
                found &= Q(**{f"{lead}{name}": None if said == "none" else number(said)})
        return found

    def _offered(self, handoff: str) -> Q:
        """The period and the filters on an offer, under the name by which a ledger knows its hand-off."""
        found = self.period.on(f"{handoff}offered_at") & self._who(f"{handoff}lead__")
        found &= ~Q(**{f"{handoff}origin__in": Handoff.NO_OFFERS})
        if self.marketer:
            key = None if self.marketer == "none" else number(self.marketer)
            theirs = Q(**{f"{handoff}offered_by": None, f"{handoff}lead__marketer": key})
            found &= theirs if key is None else Q(**{f"{handoff}offered_by": key}) | theirs
        return found

    def _formed(self, rows: Rows, lead: str) -> Rows:
        return rows.filter(Q(Exact(first_touch(lead), Value(self.form)))) if self.form else rows

    def _primary(self) -> Q:
        return self._who("roles__lead__") & Q(roles__primary=True)


def number(text: str) -> int:
    """A key as an address says it; 0, which nothing has, of anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def first_touch(lead: str) -> Any:
    """By what a lead first came: the kind of the first line of its timeline, with the name of a form or an event."""
    touches = Activity.objects.filter(lead=OuterRef(f"{lead}pk")).order_by("at", "pk")
    for prefix in NO_TOUCH:
        touches = touches.exclude(kind__startswith=prefix)
    named = Q(kind="form:submit") | Q(kind__startswith="event:")
    kind = Case(
        When(named & ~Q(text=""), then=Concat("kind", Value("|"), Left("text", TOUCH_NAME), output_field=CharField())),
        default=F("kind"),
        output_field=CharField(),
    )
    return Coalesce(Subquery(touches.values(touch=kind)[:1]), Value("none"), output_field=CharField())
