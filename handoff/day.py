"""My day: what is due, for whom, and what the other team said. Reads only, a handful of queries a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import backlog, inbox
from handoff.lanes import IDLE_DAYS
from handoff.models import Agreement, Deal, Handoff, Notice, Promise, ShoutOut, Task
from handoff.models.task import NEVER
from leads.filters import CAP, LeadFilter, Row, midnight_of
from leads.models import Lead
from personas.choices import Stage

QUEUE, PLAN, LISTED, SAID, THANKS = 5, 10, 6, 5, 3
#: So many points below the MQL line are near it.
NEAR = 5
WEEK = timedelta(days=7)
#: Verdicts of a week are counted up to here.
VERDICTS = 200


class Number(Subquery):
    """How many rows a query finds: several of them are counted in one statement."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class Figure(NamedTuple):
    """A number, and the address that lists exactly what it counts."""

    label: Any
    number: int
    href: str
    note: str = ""


class Duty(NamedTuple):
    """Something this person has to do: the next action of a lead, or a task."""

    at: datetime
    lead: Row | None
    task: Task | None


class Said(NamedTuple):
    """What a colleague did or said, as a notice told it: whoever its words name is not named beside them again."""

    notice: Notice

    @property
    def names_actor(self) -> bool:
        return str(self.notice.actor) in self.notice.text

    @property
    def names_lead(self) -> bool:
        return self.notice.lead is not None and str(self.notice.lead) in self._plain

    @property
    def _plain(self) -> str:
        """The sentence up to the words that it quotes, in which a name may be anything."""
        return self.notice.text.partition("“")[0]

    @property
    def words(self) -> SafeString:
        """The sentence, with the lead that it names as a link."""
        lead, text = self.notice.lead, self.notice.text
        if lead is None and self.notice.leads_somewhere:
            return format_html('<a class="lnk" href="{}">{}</a>', self.notice.get_absolute_url(), text)
        if lead is None or not self.names_lead:
            return SafeString(escape(text))
        before, name, after = text.partition(str(lead))
        return format_html('{}<a class="lnk" href="{}">{}</a>{}', before, lead.get_absolute_url(), name, after)


class Kept(NamedTuple):
    """A promise over a week: how often it was kept, of how often it was due."""

    label: Any
    kept: int
    of: int


#: How promises are called where they are counted.
PROMISED = {
    Promise.Kind.ATTEMPT: gettext_lazy("First call in time"),
    Promise.Kind.CONTACT: gettext_lazy("First talk in time"),
    Promise.Kind.ANSWER: gettext_lazy("Answered in time"),
}


#: Accepted, and nobody has tried to reach the lead.
UNTOUCHED = Count("pk", filter=Q(promise=Promise.Kind.ATTEMPT))


@dataclass(slots=True)
class Quiet:
    """A lead on which nothing has happened for longer than its lane allows."""

    pk: int
    named: str
    email: str
    phone: str
    company: str | None
    lane: str
    value: Decimal | None
    currency: str
    last_activity_at: datetime
    now: datetime

    @property
    def name(self) -> str:
        return self.named or self.email or self.phone or _("Lead %(pk)s") % {"pk": self.pk}

    @property
    def days(self) -> int:
        return (self.now - self.last_activity_at).days

    @property
    def limit(self) -> int:
        return IDLE_DAYS[self.lane]


class Day:
    """What a page of My day asks, for one person at one moment."""

    def __init__(self, user: User, now: datetime | None = None) -> None:
        self.user, self.now = user, now or timezone.now()
        self.leads = Lead.objects.visible_to(user)
        self.handoffs = Handoff.objects.visible_to(user)

    def chosen(self, **said: str) -> LeadFilter:
        return LeadFilter(said, self.user, self.now)

    def filtered(self, **said: str) -> QuerySet[Lead]:
        return self.chosen(**said).apply(self.leads)

    def figures(self, asked: Mapping[str, tuple[Any, Mapping[str, str] | None]]) -> dict[str, Figure]:
        """Counts of the lead table's filters, by name; None instead of a filter is what waits in the inbox."""
        numbers = self._numbers(
            {
                name: self.filtered(**said) if said is not None else self.handoffs.waiting_for(self.user)
                for name, (_label, said) in asked.items()
            }
        )
        table = reverse("leads:table")
        return {
            name: Figure(
                label,
                numbers[name],
                f"{table}?{urlencode(said)}" if said is not None else reverse("handoff:inbox"),
            )
            for name, (label, said) in asked.items()
        }

    def queue(self, *, unclaimed: bool = False) -> list[inbox.Offer]:
        """The first offers to be answered."""
        offers = self.handoffs.waiting_for(self.user)
        return inbox.offers(offers.filter(owner=None) if unclaimed else offers, self.user, self.now, QUEUE)

    def plan(self) -> list[Row]:
        """What this person planned, the most overdue first."""
        chosen = self.chosen(owner="me", sort="due")
        return chosen.rows(chosen.apply(self.leads).order_by("next_action_at", "pk")[:PLAN])

    def duties(self) -> list[Duty]:
        """Next actions and tasks together, the most overdue first; what has no day comes last."""
        planned = [Duty(row.next_action_at or NEVER, row, None) for row in self.plan()]
        return sorted([*planned, *self.tasks()], key=lambda duty: duty.at)

    def tasks(self) -> list[Duty]:
        """The tasks alone: managers plan no leads."""
        tasks = Task.objects.visible_to(self.user).open().of(self.user).for_list().order_by("sort_at", "id")
        if self.user.team == Team.MARKETING:
            tasks = tasks.filter(handoff=None)  # what is to be mended stands above, with what can be done about it
        return [Duty(task.sort_at, None, task) for task in tasks[:PLAN]]

    def thanks(self) -> list[ShoutOut]:
        """The newest shout-outs."""
        return list(ShoutOut.objects.visible_to(self.user).for_list().order_by("-pk")[:THANKS])

    def look_again(self) -> list[Row]:
        """Whose day to look again has come: a marketer's own, and what came back to the rep who knows them."""
        if self.user.team != Team.SALES:
            chosen = self.chosen(owner="me", again="due")
            return chosen.rows(chosen.apply(self.leads).order_by("look_again_on", "pk")[:LISTED])
        chosen = self.chosen(again="due")
        return chosen.rows(chosen.apply(self.leads.filter(rep=self.user)).order_by("look_again_on", "pk")[:LISTED])

    def quiet(self) -> list[Quiet]:
        """This person's leads that have been idle for longer than their lane allows, the longest first."""
        here = FilteredRelation("handoffs", condition=Q(handoffs__ended_at=None))
        deal = Deal.objects.open().filter(roles__lead=OuterRef("pk")).order_by("pk")
        lane = Coalesce("standing__lane", Subquery(deal.values("step")[:1]), "stage", output_field=CharField())
        last = [When(lane=name, then=Value(self.now - timedelta(days=days))) for name, days in IDLE_DAYS.items()]
        resting = Q(look_again_on__gt=timezone.localdate(self.now))
        found = (
            self.filtered(owner="me")
            .exclude(resting)
            .exclude(stage__in=[Stage.OUT, Stage.TOFU] if self.user.team == Team.SALES else [Stage.OUT])
            .annotate(standing=here)
            .annotate(lane=lane)
            .filter(last_activity_at__lt=Case(*last, output_field=DateTimeField()))
        )
        columns = ("pk", "name", "email", "phone", "company__name", "lane", "value", "currency", "last_activity_at")
        rows = cast("Iterable[tuple[Any, ...]]", found.order_by("last_activity_at").values_list(*columns)[:LISTED])
        return [Quiet(*(*row, self.now)) for row in rows]

    def said(self) -> list[Said]:
        """The latest that colleagues of other teams did or said and this person was told; offers lie in the inbox."""
        told = (
            Notice.objects.filter(person=self.user, actor__isnull=False)
            .exclude(Q(actor__team=self.user.team) | Q(kind="handoff:offer"))
            .select_related("actor", "lead")
            .order_by("-id")[:SAID]
        )
        return [Said(notice) for notice in told]

    # Sales

    def promises(self) -> list[Kept]:
        """The promises of this week that a rep kept: first calls, talks and answers."""
        mine = Promise.objects.decided().filter(owner=self.user, due_at__gt=self.now - WEEK).order_by()
        counted = mine.values("kind").annotate(kept=Count("pk", filter=Q(outcome=Promise.Outcome.KEPT)), of=Count("pk"))
        found = {row["kind"]: (row["kept"], row["of"]) for row in counted}
        return [Kept(label, *found.get(kind, (0, 0))) for kind, label in PROMISED.items()]

    def worth(self) -> list[tuple[Decimal, str]]:
        """What this person's open deals are worth, by currency, the largest first."""
        open_deals = Deal.objects.visible_to(self.user).open().filter(owner=self.user)
        return _amounts(open_deals)

    # Marketing

    def to_mend(self) -> tuple[list[Task], int]:
        """What sales returned to be mended and this person has still to mend or to offer again: the latest returns,
        since a buyer waits who was worth an offer a moment ago, and how many there are."""
        mending = Task.objects.visible_to(self.user).of(self.user).to_mend()
        told = mending.select_related("handoff__reason", "handoff__ended_by", "lead__company")
        latest = list(told.order_by("-handoff__ended_at", "-id")[:LISTED])
        return latest, len(latest) if len(latest) < LISTED else mending.count()

    def near_the_line(self) -> tuple[list[Row], Agreement]:
        """Leads of this person, or of nobody, that lack at most five points to be an MQL, or have them and rest."""
        agreed, chosen = Agreement.objects.in_force(), self.chosen()
        mine = self.leads.filter(Q(marketer=self.user) | Q(marketer=None), stage=Stage.TOFU)
        mine = mine.order_by("-score__total", "-score__lead_id")
        # two lists, each a range of the index of scores, where one order over both would sort every lead above the line
        below = mine.filter(score__total__gte=agreed.mql_line - NEAR, score__total__lt=agreed.mql_line)
        near = chosen.rows(below[:LISTED])
        if room := LISTED - len(near):
            resting = mine.filter(score__total__gte=agreed.mql_line, look_again_on__gt=timezone.localdate(self.now))
            near += chosen.rows(resting[:room])
        return near, agreed

    def became(self) -> Became:
        """What became of this person's offers over the last seven days."""
        mine = Q(offered_by=self.user) | Q(offered_by=None, lead__marketer=self.user)
        since = self.now - WEEK
        moved = Q(ended_at__gt=since) | Q(accepted_at__gt=since) | Q(offered_at__gt=since, ended_at=None)
        offers = (
            self.handoffs.counted().filter(mine, moved, imported=False).for_list().select_related("reason", "ended_by")
        )
        return Became(list(offers.defer("brief").order_by("-id")[:VERDICTS]), since)

    # Management

    def running_out(self) -> list[inbox.Offer]:
        """The promises that end next, whoever gave them."""
        running = self.handoffs.open().filter(due_at__isnull=False).order_by("due_at", "id")
        return inbox.offers(running, self.user, self.now, LISTED)

    def by_rep(self) -> list[dict[str, Any]]:
        """Whose promises run, and how many of them are over, the most first; what is unowned lies in queues."""
        running = self.handoffs.open().filter(due_at__isnull=False).order_by()
        named = running.values(name=F("owner__name"), team=F("owner__team"), username=F("owner__username"))
        counted: Any = named.annotate(
            running=Count("pk"), over=Count("pk", filter=Q(due_at__lt=self.now)), uncalled=UNTOUCHED
        )
        return list(counted.order_by("-over", "-running", "name")[:PLAN])

    def won(self) -> list[tuple[Decimal, str]]:
        """What was won this month, by currency."""
        return _amounts(Deal.objects.visible_to(self.user).won().filter(closed_at__gte=self.month))

    @property
    def month(self) -> datetime:
        return midnight_of(timezone.localdate(self.now).replace(day=1))

    def work(self) -> list[tuple[str, backlog.Kind, int]]:
        """What waits for the background worker, or for somebody to look at it: how many of each kind, up to the cap."""
        numbers = self._numbers(backlog.rows())
        return [(name, kind, numbers[name]) for name, kind in backlog.KINDS.items()]

    def _numbers(self, wanted: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
        """How many rows each query finds, up to the cap and one more, in one statement."""
        counts = [Number(rows.order_by().values("pk")[: CAP + 1]) for rows in wanted.values()]
        found: Any = User.objects.filter(pk=self.user.pk).values_list(*counts).get()
        return dict(zip(wanted, found, strict=True))


@dataclass
class Became:
    """The offers of a week, counted by what became of them, and the latest verdicts."""

    handoffs: list[Handoff]
    since: datetime

    #: What became of an offer: how it is named and whose hue it has.
    WORDS = {
        "won": (gettext_lazy("Customer"), "cus"),
        "qualified": (gettext_lazy("Qualified"), "both"),
        "accepted": (gettext_lazy("Accepted by sales"), "sal"),
        "returned": (gettext_lazy("Returned"), "mkt"),
        "other": (gettext_lazy("Recycled or out"), "out"),
        "waiting": (gettext_lazy("Waiting for an answer"), "sys"),
    }

    @property
    def parts(self) -> list[dict[str, Any]]:
        counts = Counter(_fate(handoff) for handoff in self.handoffs)
        return [
            {"label": label, "own": own, "number": counts[name]}
            for name, (label, own) in self.WORDS.items()
            if counts[name]
        ]

    @property
    def latest(self) -> list[Handoff]:
        answered = [handoff for handoff in self.handoffs if handoff.accepted_at or handoff.ended_at]
        return sorted(answered, key=_answered_at, reverse=True)[:LISTED]


def _fate(handoff: Handoff) -> str:
    if handoff.lead.stage == Stage.CUSTOMER and handoff.end in (Handoff.End.QUALIFIED, Handoff.End.PURCHASED):
        return "won"
    if handoff.qualified_at or handoff.end == Handoff.End.QUALIFIED:
        return "qualified"
    if handoff.end == Handoff.End.RETURNED:
        return "returned"
    if handoff.ended_at:
        return "other"
    return "accepted" if handoff.accepted_at else "waiting"


def _answered_at(handoff: Handoff) -> datetime:
    return max(at for at in (handoff.ended_at, handoff.qualified_at, handoff.accepted_at) if at)


def _amounts(deals: QuerySet[Deal]) -> list[tuple[Decimal, str]]:
    summed = deals.order_by().values("currency").annotate(sum=Sum("amount")).order_by("-sum")
    return [(row["sum"], row["currency"]) for row in summed if row["sum"]]
