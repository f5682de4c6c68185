"""Which leads a page lists, in which order and from where on: read from an address, and written back into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db import connection
from django.db.models import CharField, F, FilteredRelation, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads.models import Import, Source, Submission
from leads.models.lead import LeadQuerySet
from leads.models.scoring import grade
from personas.choices import Lane, Stage
from personas.models import Persona

#: Counting stops here: beyond it a page says "1,000+".
CAP = 1_000
#: Whose work a lead is, by stage (see `Lead.owner`).
MARKETING_OWNS, SALES_OWNS = (Stage.TOFU, Stage.OUT), (Stage.MOFU, Stage.BOFU, Stage.CUSTOMER)

LABELS = {
    "stage": gettext_lazy("Stage"),
    "owner": gettext_lazy("Owner"),
    "source": gettext_lazy("Source"),
    "persona": gettext_lazy("Persona"),
    "due": gettext_lazy("Next action"),
    "again": gettext_lazy("Look again"),
    "seen_from": gettext_lazy("First seen from"),
    "seen_to": gettext_lazy("First seen to"),
    "customer_from": gettext_lazy("Customer since"),
    "holder": gettext_lazy("Hand-off with"),
    "file": gettext_lazy("From the file"),
    "points": gettext_lazy("Points by"),
    "q": gettext_lazy("Search"),
}
LISTED = ("stage", "owner", "source", "persona", "due", "again")
PERIOD = ("seen_from", "seen_to", "customer_from")
DUE = {
    "over": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "none": gettext_lazy("None planned"),
    "unclaimed": gettext_lazy("Offered, unowned"),
    "untouched": gettext_lazy("Accepted, never touched"),
    "promised": gettext_lazy("A promise runs"),
    "late": gettext_lazy("A promise is over"),
}
AGAIN = {"due": gettext_lazy("Due")}
SORTS = {
    "newest": gettext_lazy("Newest first"),
    "score": gettext_lazy("Highest score"),
    "interest": gettext_lazy("Warmest interest"),
    "due": gettext_lazy("Next action due"),
}
#: These orders list only who has what they go by.
NEEDED = {"interest": "score__heat", "due": "next_action_at"}


class Option(NamedTuple):
    """One choice of a list: what the address says, what a person reads, and whether it is chosen."""

    value: str
    label: Any
    chosen: bool


class Known(NamedTuple):
    """A source, a persona or a person, as a list names it; `team` is a person's."""

    kind: str
    said_as: str
    pk: int
    name: str
    team: str


@lru_cache(maxsize=1)
def _known() -> tuple[str, tuple[Any, ...]]:
    """The statement behind `LeadFilter.known`: always the same, and slower to compose than to answer."""

    def rows(queryset: Any, kind: str, said_as: Any, team: Any) -> Any:
        word = Value(kind, CharField())
        return (
            queryset.order_by()
            .annotate(of_kind=word, said_as=said_as, of_team=team)
            .values_list("of_kind", "said_as", "pk", "name", "of_team")
        )

    nothing = Value("", CharField())
    sources = rows(Source.objects, "source", F("slug"), nothing)
    personas = rows(Persona.objects.in_use(), "persona", Cast("pk", CharField()), nothing)
    people = rows(User.objects.filter(is_active=True), "owner", F("username"), F("team"))
    gone = rows(User.objects.filter(is_active=False), "gone", F("username"), F("team"))
    statement, params = sources.union(personas, people, gone, all=True).query.sql_with_params()
    return statement, params


@dataclass
class LeadFilter:
    """Filters of the lead table and of the board; an unknown value matches nothing rather than everything."""

    said: Mapping[str, str]
    user: User
    now: datetime = field(default_factory=timezone.now)

    def __post_init__(self) -> None:
        read = {name: str(self.said.get(name, "")).replace("\0", "").strip()[:200] for name in LABELS}
        self.on = {name: value for name, value in read.items() if value}
        sort = self.said.get("sort", "")
        self.sort = sort if sort in SORTS else "newest"

    # What there is to choose from

    @cached_property
    def known(self) -> list[Known]:
        """Every source, persona in use and person, by name: small tables, read in one query."""
        statement, params = _known()
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return sorted(map(Known._make, cursor.fetchall()), key=lambda known: known.name.lower())

    @cached_property
    def people(self) -> dict[int, dict[str, str]]:
        """Everybody by key, as the ring of an owner is drawn."""
        return {
            known.pk: {"name": known.name, "team": known.team, "username": known.said_as}
            | ({"gone": "gone"} if known.kind == "gone" else {})
            for known in self.known
            if known.team
        }

    @cached_property
    def sources(self) -> dict[int, str]:
        return {known.pk: known.name for known in self.known if known.kind == "source"}

    @cached_property
    def source_slugs(self) -> dict[int, str]:
        return {known.pk: known.said_as for known in self.known if known.kind == "source"}

    def options(self, name: str) -> list[Option]:
        """What a list offers; what the address asks for and is not in it is added, so that it shows."""
        chosen, choices = self.on.get(name, ""), self._choices(name)
        if chosen and chosen not in [value for value, _label in choices]:
            choices.append((chosen, chosen))
        return [Option(value, label, value == chosen) for value, label in choices]

    def _choices(self, name: str) -> list[tuple[str, Any]]:
        named: list[tuple[str, Any]] = [(known.said_as, known.name) for known in self.known if known.kind == name]
        if name == "stage":
            return [*Stage.choices[:2], *Lane.choices, *Stage.choices[2:]]
        if name == "due":
            return [*DUE.items()]
        if name == "again":
            return [*AGAIN.items()]
        if name == "owner":
            return [("me", _("Me")), ("nobody", _("Unowned")), *named]
        return [*named, ("none", _("None"))]

    @cached_property
    def unknown(self) -> dict[str, str]:
        """A sentence for each filter whose value means nothing here: an old address, a slip of the pen."""
        said = {}
        for name, value in self.on.items():
            if name in LISTED and value not in [known for known, _label in self._choices(name)]:
                if name != "owner" or not self._key("gone", value):
                    said[name] = _("There is no “%(value)s” here.") % {"value": value}
            elif name in PERIOD and not read_day(value):
                said[name] = _("“%(value)s” is not a day.") % {"value": value}
        return said

    # What they let through

    def apply(self, leads: LeadQuerySet) -> LeadQuerySet:
        """The leads that every filter lets through."""
        for name, value in self.on.items():
            leads = leads.search(value) if name == "q" else leads.filter(getattr(self, f"_{name}")(value))
        return leads.filter(**{f"{NEEDED[self.sort]}__isnull": False}) if self.sort in NEEDED else leads

    def _stage(self, value: str) -> Q:
        if value in Lane.values:  # by the relation's name: leads know that hand-offs exist, not who keeps them
            return Q(stage=Stage.MOFU, handoffs__ended_at=None, handoffs__lane=value)
        return Q(stage=value)

    def _source(self, value: str) -> Q:
        return Q(source=None if value == "none" else self._key("source", value))

    def _persona(self, value: str) -> Q:
        return Q(persona=None if value == "none" else self._key("persona", value))

    def _owner(self, value: str) -> Q:
        pk = self._person(value)
        return Q(marketer=pk, stage__in=MARKETING_OWNS) | Q(rep=pk, stage__in=SALES_OWNS)

    def _person(self, value: str) -> int | None:
        """Whom a value names; 0 is nobody who is known here, None is nobody at all."""
        pk = {"me": self.user.pk, "nobody": None}.get(value, -1)
        return self._key("owner", value) or self._key("gone", value) if pk == -1 else pk

    def _key(self, kind: str, said_as: str) -> int:
        return next((known.pk for known in self.known if (known.kind, known.said_as) == (kind, said_as)), 0)

    def _due(self, value: str) -> Q:
        if offered := self._offered(value):
            return offered
        if value == "over":
            return Q(next_action_at__lt=self.now)
        if value == "today":
            tomorrow = midnight_of(timezone.localdate(self.now) + timedelta(days=1))
            return Q(next_action_at__gte=self.now, next_action_at__lt=tomorrow)
        return Q(next_action_at=None) if value == "none" else Q(pk=0)

    def _offered(self, value: str) -> Q | None:
        """By the open hand-off: whose it is, and which promise runs on it."""
        here = Q(stage=Stage.MOFU, handoffs__ended_at=None)
        if value == "unclaimed":
            return here & Q(handoffs__owner=None)
        if value == "untouched":  # a first call is promised and has not been tried
            return here & Q(handoffs__promise="attempt")
        if value == "promised":
            return here & Q(handoffs__due_at__isnull=False)
        return here & Q(handoffs__due_at__lt=self.now) if value == "late" else None

    def _holder(self, value: str) -> Q:
        """Whose open hand-off it is: routed to them, claimed or accepted; `nobody` has those that lie in a queue."""
        return Q(stage=Stage.MOFU, handoffs__ended_at=None, handoffs__owner=self._person(value))

    def _again(self, value: str) -> Q:
        return Q(look_again_on__lte=timezone.localdate(self.now)) if value == "due" else Q(pk=0)

    def _seen_from(self, value: str) -> Q:
        day = read_day(value)
        return Q(first_seen_at__gte=midnight_of(day)) if day else Q(pk=0)

    def _seen_to(self, value: str) -> Q:
        day = read_day(value)
        return Q(first_seen_at__lt=midnight_of(day + timedelta(days=1))) if day else Q(pk=0)

    def _customer_from(self, value: str) -> Q:
        day = read_day(value)
        return Q(customer_since__gte=midnight_of(day)) if day else Q(pk=0)

    def _file(self, value: str) -> Q:
        """Whom an import made or changed (the index of submissions by their upload serves it)."""
        brought = Submission.objects.filter(upload=number_of(value), lead__isnull=False)
        return Q(pk__in=brought.values("lead"))

    def _points(self, value: str) -> Q:
        """Whom a rule of the agreed points gives points or takes some: `fit:Phone number known`."""
        group, _colon, label = value.partition(":")
        return Q(score__parts__contains=[{"group": group, "label": label}])

    # What a page writes

    def address(self, *without: str) -> str:
        """The query string of these filters and this order, less some, and never with a page's cursor."""
        sort = {"sort": self.sort} if self.sort != "newest" else {}
        kept = {name: value for name, value in {**self.on, **sort}.items() if name not in without}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def query(self) -> str:
        """The filters alone, to carry to another page ("" or "?owner=me")."""
        return f"?{urlencode(self.on)}" if self.on else ""

    @property
    def page_query(self) -> str:
        """What the address of another page of the same list begins with."""
        address = self.address()
        return address if address == "?" else f"{address}&"

    without_q = property(lambda self: self.address("q"))

    @property
    def selects(self) -> list[dict[str, Any]]:
        """The filters offered as lists, each with the address without it when it is on."""
        return [
            {
                "name": name,
                "label": LABELS[name],
                "options": self.options(name),
                "without": self.address(name) if name in self.on else "",
            }
            for name in LISTED
        ]

    @property
    def periods(self) -> list[dict[str, Any]]:
        """Filters that only other pages' links set: shown, carried on, and taken away."""
        words = {**dict.fromkeys(PERIOD, day_words), "holder": self._person_words, "file": file_words}
        words |= {"points": lambda value: value.partition(":")[2]}
        return [
            {
                "name": name,
                "label": LABELS[name],
                "value": words[name](said),
                "said": said,
                "without": self.address(name),
            }
            for name, said in self.on.items()
            if name in words
        ]

    def _person_words(self, value: str) -> str:
        named = {"me": _("Me"), "nobody": _("Unowned, in a queue")}
        return named.get(value) or next(
            (known.name for known in self.known if known.team and known.said_as == value), value
        )

    @property
    def sorts(self) -> list[Option]:
        return [Option(value, label, value == self.sort) for value, label in SORTS.items()]

    # What a row shows

    def rows(self, leads: LeadQuerySet) -> list[Row]:
        """Leads as rows of a table or of a board: plain values, since a page draws a hundred of them."""
        here = FilteredRelation("handoffs", condition=Q(handoffs__ended_at=None))
        named = leads.annotate(standing=here).values_list(*COLUMNS)
        return [Row(*(*values, self)) for values in named]


COLUMNS = (
    "pk", "name", "email", "phone", "job_title", "stage", "stage_since", "standing__lane", "company__name", "source",
    "marketer", "rep", "value", "currency", "next_action", "next_action_at", "last_activity_at", "look_again_on",
    "score__total", "score__heat",
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """What one line of the table, or one card of the board, shows of a lead."""

    pk: int
    named: str
    email: str
    phone: str
    job_title: str
    stage: str
    stage_since: datetime
    lane: str | None
    company: str | None
    source_id: int | None
    marketer_id: int | None
    rep_id: int | None
    value: Decimal | None
    currency: str
    next_action: str
    next_action_at: datetime | None
    last_activity_at: datetime
    look_again_on: date | None
    score: int | None
    heat: float | None
    listed: LeadFilter

    @property
    def name(self) -> str:
        return self.named or self.email or self.phone or _("Lead %(pk)s") % {"pk": self.pk}

    @property
    def grade(self) -> str:
        return grade(self.score or 0)

    @property
    def owner(self) -> dict[str, str] | None:
        pk = self.marketer_id if self.stage in MARKETING_OWNS else self.rep_id
        return self.listed.people.get(pk) if pk else None

    @property
    def source_slug(self) -> str:
        return self.listed.source_slugs.get(self.source_id, "") if self.source_id else ""

    @property
    def source(self) -> str:
        return self.listed.sources.get(self.source_id, "") if self.source_id else ""


def read_day(value: str) -> date | None:
    try:
        return parse_date(value)
    except ValueError:
        return None


def day_words(value: str) -> str:
    """A day as a person says it; what is no day, as it came."""
    day = read_day(value)
    return date_format(day, "j M Y") if day else value


def file_words(value: str) -> str:
    """The name of an imported file; what is no import, as it came."""
    return Import.objects.filter(pk=number_of(value)).values_list("name", flat=True).first() or value


def number_of(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0


def midnight_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
