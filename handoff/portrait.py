"""Everything the lead page shows of one lead, read in a fixed number of queries, however long the journey."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Subquery
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff import accounting, brief, lifecycle, sides, sla, standing, surroundings, telling, threads, undo
from handoff.models import Agreement, Deal, DealLead, Handoff, Task, Watch
from handoff.wording import length
from leads import clock, engagement, learning, pipeline, rights, scoring, timeline
from leads.composed import Composed
from leads.definition import named
from leads.models import Lead, LeadScore
from personas.choices import Stage
from personas.fit import holding

#: How many of each a page shows; what is beyond is counted or left to the timeline.
VISITS, HANDOFFS, DEALS, GROUP, CUSTOM, TASKS = 11, 8, 6, 6, 60, 20
#: What a team said last is looked for among these, on the first page of the timeline.
SAYING = ("comment", "note", "call", "email", "meeting", "message")
#: What nobody outside has read: written, and never sent.
UNSAID = ("email:kept", "email:failed")


@lru_cache(maxsize=1024)
def _leads(pk: int, team: str) -> Composed[Lead]:
    """The leads that a person may open, each with all that stands on its row and the agreement it is scored by."""
    agreed = (
        Agreement.objects.signed().filter(scorecard=OuterRef("score__scorecard")).order_by("-version").values("version")
    )
    whole = (
        Lead.objects.visible_to(User(pk=pk, team=team))
        .select_related("company", "source", "campaign", "persona", "score__scorecard", "chance")
        .defer("search")
        .annotate(agreed=Subquery(agreed[:1]))
        .annotate(kept=engagement.beside("pk"))
        .annotate(watched=Exists(Watch.objects.on().filter(lead=OuterRef("pk"), person=pk)))
    )
    return Composed(lambda key: whole.filter(pk=key))


def lead(actor: User, pk: int) -> Lead:
    """The lead with its points as they stand now, if this person may open it; Http404 otherwise."""
    found = _leads(actor.pk, actor.team)(pk)
    if not found:
        raise Http404
    (whole,) = found
    if hasattr(whole, "score"):
        scoring.bring_up_to(clock.now(), whole.score, whole, whole.kept)  # type: ignore[attr-defined]
    return whole


_handoffs = Composed(
    lambda lead: (
        Handoff.objects.counted()
        .filter(lead=lead)
        .select_related("agreement", "reason", "queue")
        .order_by("-id")[:HANDOFFS]
    )
)
_roles = Composed(
    lambda lead: (
        DealLead.objects.filter(lead=lead)
        .select_related("deal__reason")
        .order_by(F("deal__closed_at").desc(nulls_first=True), "deal_id")[:DEALS]
    )
)
_tasks = Composed(
    lambda lead: Task.objects.open().filter(lead=lead).select_related("owner").order_by("sort_at", "id")[:TASKS]
)


class Stay(NamedTuple):
    """One visit on the track, a stage that was skipped, or one that lies ahead."""

    stage: str
    mark: str
    label: str
    note: str


class Said(NamedTuple):
    """Words, who said them and when."""

    who: telling.Colleague
    text: str
    at: datetime


class Half(NamedTuple):
    """One team's view of the lead: whether it edits here, in words, and what it said last."""

    team: str
    rights: str
    last: Said | None
    note: surroundings.Note | None = None
    by: telling.Colleague | None = None


@dataclass
class Portrait:
    """One lead, for everybody alike: what differs by person is only which buttons are open."""

    lead: Lead
    now: datetime = field(default_factory=timezone.now)

    # Where it stands

    @cached_property
    def handoffs(self) -> list[Handoff]:
        """The newest first, each with its agreement and reason."""
        return _handoffs(self.lead.pk)

    @property
    def handoff(self) -> Handoff | None:
        """The open hand-off, or the last one."""
        return self.handoffs[0] if self.handoffs else None

    @property
    def open(self) -> Handoff | None:
        return self.handoff if self.handoff and self.handoff.is_open else None

    @cached_property
    def roles(self) -> list[DealLead]:
        """The deals this lead is in, each with its role: the open ones first, then the newest."""
        return _roles(self.lead.pk)

    @property
    def stakes(self) -> list[tuple[Deal, str, telling.Colleague | None]]:
        """Each deal with the lead's role in it and who owns it."""
        return [(role.deal, role.get_role_display(), self.people[role.deal.owner_id]) for role in self.roles]

    @property
    def deal(self) -> Deal | None:
        first = self.roles[0].deal if self.roles else None
        return first if first and first.closed_at is None else None

    @property
    def unreachable(self) -> bool:
        """Whether the agreed attempts are made and nobody answered."""
        return self.open is not None and lifecycle.is_unreachable(self.open)

    @cached_property
    def seen(self) -> str:
        return standing.word(self.lead.stage, handoff=self.open, deal=self.deal)

    @property
    def lane(self) -> str:
        """The lane of the board in which the lead lies."""
        return self.seen.split(":")[1] if ":" in self.seen else self.lead.stage

    @property
    def step(self) -> str:
        """What the stage chip adds to the stage: the lane of the middle, or the step of the deal."""
        if self.lead.stage == Stage.BOFU and self.deal:
            return self.deal.get_step_display().lower()
        return self.lane if self.lead.stage == Stage.MOFU else ""

    # Its way so far

    @cached_property
    def around(self) -> surroundings.Surroundings:
        return surroundings.of(self.lead.pk, self.lead.company_id, visits=VISITS + 1, others=GROUP + 1)

    @property
    def visits(self) -> list[surroundings.Stayed]:
        """The last visits, newest first, and one more than is shown if there are earlier ones."""
        return self.around.visits

    @property
    def earlier(self) -> int:
        """How many visits lie before those on the track."""
        return self.visits[-1].seq if len(self.visits) > VISITS else 0

    @cached_property
    def track(self) -> list[Stay]:
        """Every visit with how long it was and how it ended, the stages that were skipped, and the way ahead."""
        stays: list[Stay] = []
        been: set[str] = {visit.stage for visit in self.visits[VISITS:]}
        entered_by = self.visits[VISITS].left_by if self.earlier else ""
        for visit in reversed(self.visits[:VISITS]):
            for missed in pipeline.skipped(visit.entered_from, visit.stage, act=entered_by):
                stays.append(Stay(missed, "skip", str(Stage(missed).label), _("skipped")))
            name = str(Stage(visit.stage).label)
            label = _("%(stage)s again") % {"stage": name} if visit.stage in been else name
            been.add(visit.stage)
            entered_by = visit.left_by
            stays.append(Stay(visit.stage, "was" if visit.left_at else "now", label, self._length(visit)))
        if self.lead.stage in pipeline.FORWARD:
            ahead = pipeline.FORWARD[pipeline.FORWARD.index(Stage(self.lead.stage)) + 1 :]
            stays += [Stay(stage.value, "", str(stage.label), "") for stage in ahead]
        return stays

    def _length(self, visit: surroundings.Stayed) -> str:
        began = timezone.localtime(visit.entered_at)
        day = date_format(began, "j M" if began.year == timezone.localtime(self.now).year else "j M Y")
        if visit.left_at is None:
            return _("%(day)s, now") % {"day": day}
        days = (visit.left_at - visit.entered_at).days
        how = self.reasons.get(visit.reason) or ENDED.get(visit.left_by, "")
        return ", ".join(part for part in (day, _("%(n)d d") % {"n": days} if days else "", str(how)) if part)

    @cached_property
    def reasons(self) -> dict[str, str]:
        """The labels of the reasons that ended hand-offs and deals, by their code."""
        given = [*(handoff.reason for handoff in self.handoffs), *(role.deal.reason for role in self.roles)]
        return {reason.code: reason.label for reason in given if reason}

    # Why now

    @cached_property
    def brief(self) -> dict[str, Any]:
        return brief.told(self.handoff.brief if self.handoff else {})

    @cached_property
    def clock(self) -> sla.Countdown | None:
        """The promise that runs on the hand-off, or how it was kept."""
        return sla.countdown(self.handoff, self.now) if self.handoff else None

    @cached_property
    def account(self) -> accounting.Account | None:
        """Whose time the hand-off took."""
        handoff = self.handoff
        return accounting.accounts([handoff], now=self.now)[handoff.pk] if handoff else None

    @cached_property
    def kept(self) -> list[tuple[Any, str, str]]:
        """The business time of the hand-off by whose it was; the parts add up to `took`."""
        minutes = self.account.minutes() if self.account else {}
        return [(label, length(round(minutes[side])), own) for side, label, own in BOOKED if minutes.get(side)]

    @property
    def took(self) -> tuple[str, str]:
        """The business time of the hand-off as a whole, and how long that was on the clock."""
        if self.account is None:
            return "", ""
        passed = self.account.elapsed
        clock = _("%(n)d d") % {"n": passed.days} if passed.days > 1 else length(round(passed / timedelta(minutes=1)))
        return length(round(sum(self.account.minutes().values()))), clock

    # Who it is

    @property
    def score(self) -> LeadScore | None:
        return getattr(self.lead, "score", None)

    @property
    def chance(self) -> learning.Told | None:
        """The learned chance in words, with what weighs most."""
        return learning.told(self.lead)

    @cached_property
    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """The parts of the score by half: they add up to fit and to engagement."""
        parts = scoring.told(self.score.parts, at=self.now) if self.score else []
        return {half: [part for part in parts if part["group"] == half] for half in ("fit", "engagement")}

    @property
    def below_line(self) -> int:
        """Points that are missing to the MQL line; 0 where it is reached."""
        if not self.score or not self.score.scorecard:
            return 0
        return max(0, self.score.scorecard.mql_line - self.score.total)

    @property
    def rests(self) -> date | None:
        """Until when a lead that has the points is not offered by itself: somebody set a day to look again."""
        day, lead = self.lead.look_again_on, self.lead
        if not day or lead.stage != Stage.TOFU or day <= timezone.localdate(self.now):
            return None
        return None if not self.score or self.below_line or self.lacks else day

    @cached_property
    def lacks(self) -> list[str]:
        """What the definition of an MQL asks for and this lead did not have when it was last counted."""
        return [named(name) for name in (self.score.missing or [])] if self.score else []

    @cached_property
    def because(self) -> list[str]:
        """The rules of the persona that hold for this lead."""
        if not self.lead.persona:
            return []
        return [str(rule) for rule in holding(self.lead.persona.rules, scoring.facts(self.lead))]

    @property
    def others(self) -> list[surroundings.Other]:
        """The other leads of the company."""
        return self.around.others[:GROUP]

    @property
    def more_of_the_group(self) -> bool:
        return len(self.around.others) > GROUP

    @property
    def verdicts(self) -> list[tuple[Handoff, telling.Colleague | None]]:
        """How hand-offs ended and who ended them, the newest first; a qualified one is told by its deal."""
        ended = [each for each in self.handoffs if each.end and each.end != Handoff.End.QUALIFIED]
        return [(each, self.people[each.ended_by_id]) for each in ended]

    @property
    def custom(self) -> list[tuple[str, Any]]:
        return list(self.lead.custom.items())[:CUSTOM]

    # Both sides

    @property
    def halves(self) -> list[Half]:
        last: dict[str, Said] = {}
        for activity in self.newest.entries:
            who = self.people[activity.actor_id]
            said = activity.kind.partition(":")[0] in SAYING and activity.kind not in UNSAID
            if who and activity.text and who.team not in last and said:
                last[who.team] = Said(who, activity.text, activity.at)
        notes = self.around.notes
        return [
            Half(
                team,
                whose(team, self.lead.stage),
                last.get(team),
                notes.get(team),
                self.people[notes[team].by_id if team in notes else None],
            )
            for team in sides.SIDES
        ]

    @cached_property
    def tasks(self) -> list[Task]:
        """What is to be done on this lead, the most urgent first."""
        return _tasks(self.lead.pk)

    # What was said and done

    @cached_property
    def people(self) -> telling.People:
        return telling.People()

    @property
    def marketer(self) -> telling.Colleague | None:
        return self.people[self.lead.marketer_id]

    @property
    def rep(self) -> telling.Colleague | None:
        return self.people[self.lead.rep_id]

    @property
    def edited_by(self) -> telling.Colleague | None:
        return self.people[self.lead.edited_by_id]

    @property
    def hands(self) -> dict[str, telling.Colleague | None]:
        """Who offered, accepted and qualified the hand-off that is open, or the last one."""
        if self.handoff is None:
            return {}
        acts = ("offered_by", "accepted_by", "named_by", "qualified_by", "owner")
        return {act: self.people[getattr(self.handoff, f"{act}_id")] for act in acts}

    @cached_property
    def newest(self) -> timeline.Page:
        return timeline.page(self.lead)

    def told(self, *, actor: User | None = None, group: str = "", after: str = "") -> tuple[list[telling.Told], str]:
        """One page of the timeline in words, and the cursor of the next one; what `actor` may undo offers it."""
        page = timeline.page(self.lead, group=group, after=after) if group or after else self.newest
        lines = threads.lines(page.entries, self.people)
        if actor and self.now - self.lead.last_activity_at <= undo.WINDOW:
            addresses = {deed.line: deed.pk for deed in undo.open_to(actor, [self.lead.pk], now=self.now)}
            for line in lines:
                if line.pk in addresses:
                    line.undo = reverse("handoff:undo", args=[addresses[line.pk]])
        return lines, page.next


#: Whose time a hand-off took, and in whose hue it stands.
BOOKED = (
    (accounting.SYSTEM, gettext_lazy("system"), "sys"),
    (Team.SALES.value, Team.SALES.label, "sal"),
    (Team.MARKETING.value, Team.MARKETING.label, "mkt"),
)

#: How a visit ended, by the act that ended it, where no reason was given.
ENDED: dict[str, Any] = {
    "purchase": gettext_lazy("bought"),
    "win": gettext_lazy("won"),
    "requalify": gettext_lazy("more to qualify"),
    "open_deal": gettext_lazy("qualified"),
}


def whose(team: str, stage: str) -> str:
    """What a team may do with the record while the lead stands here, in words."""
    if team in rights.ACTS["edit"][stage]:
        return _("edits")
    if stage == Stage.BOFU and team == Team.MARKETING:
        return _("reads, comments, keeps source, campaign and persona")
    return _("reads and comments")
