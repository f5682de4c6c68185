"""Taking an act back within ten minutes: what it changed is kept with it, and a compensating row is appended.

Kept are the columns that an act changed, of the lead, its hand-offs and its deals, and what it made. Undoing it puts
back exactly those, and only while each still holds what the act left there: whatever happened since stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import notices, standing, telling, todo
from handoff.models import Deal, Deed, Handoff, Notice, Promise, Task
from leads import clock, pipeline, timeline
from leads.models import Activity, Lead, Outcome

WINDOW = timedelta(minutes=10)
#: What is put back only if nobody has planned anew meanwhile; all else refuses instead.
YIELDING = frozenset({"next_action", "next_action_at", "look_again_on"})
#: Columns of a lead that acts change; of hand-offs and deals nearly every one.
OF_A_LEAD = ("rep_id", "next_action", "next_action_at", "look_again_on", "customer_since", "do_not_contact")
#: The clock marks its promises by itself: put back with them, never a reason to refuse.
MARKS = frozenset(
    {"reminded_at", "breached_at", "escalated_at", "reassigned_at", "next_event", "next_at", "reassigned"}
)
NEVER = frozenset({"id", "lead_id", "agreement_id", "brief", "imported", "handoff_id", "company_id", "custom"})
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Lead: OF_A_LEAD,
    Handoff: tuple(column.attname for column in Handoff._meta.concrete_fields if column.attname not in NEVER),
    Deal: tuple(column.attname for column in Deal._meta.concrete_fields if column.attname not in NEVER),
    Promise: tuple(column.attname for column in Promise._meta.concrete_fields if column.attname not in NEVER),
}
#: What tells that somebody has worked on what an act made.
TELLING = {
    Handoff: ("lane", "owner_id", "accepted_at", "ended_at", "first_attempt_at", "note"),
    Deal: ("step", "status", "amount", "name", "currency", "close_on"),
    Promise: ("settled_at",),
}

P = ParamSpec("P")
R = TypeVar("R")
_inside: ContextVar[bool] = ContextVar("inside an act", default=False)


def able(act: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a person's act changes, so that it can be undone. An act within an act is part of it.

    What the system does, what is told of the past, and what comes from files is not kept: nobody clicked it.
    """

    def deco(does: Callable[P, R]) -> Callable[P, R]:
        @wraps(does)
        def kept(*args: P.args, **kwargs: P.kwargs) -> R:
            actor: Any = kwargs.get("actor")
            if not keeps(actor):
                return does(*args, **kwargs)
            with transaction.atomic(), _alone():
                before = Picture.of(_leads_of(args[0]))
                result = does(*args, **kwargs)
                _keep(act, before, Picture.of(before.leads, before), actor)
            return result

        return kept

    return deco


def keeps(actor: User | None) -> bool:
    """Whether what happens now is an act of a person that can be undone."""
    return actor is not None and not _inside.get() and abs(clock.now() - timezone.now()) <= WINDOW


@contextmanager
def _alone() -> Iterator[None]:
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def _leads_of(subject: Any) -> list[int]:
    """Whom an act on a lead, a hand-off or a deal may change; the first one's timeline tells it."""
    if isinstance(subject, Deal):
        return list(subject.roles.order_by("-primary", "lead_id").values_list("lead_id", flat=True))
    return [subject.lead_id if isinstance(subject, Handoff) else subject.pk]


@dataclass
class Picture:
    """What acts change, of some leads at one moment."""

    leads: list[int]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # 'handoff:7' -> its columns
    moves: dict[int, int] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    at: datetime = field(default_factory=clock.now)

    @classmethod
    def of(cls, leads: list[int], before: Picture | None = None) -> Picture:
        """The locked leads, their open hand-offs and deals, and whichever a picture taken before knows."""
        known = set(before.rows) if before else set()
        picture = cls(leads)
        for lead in Lead.objects.locked(leads):
            picture._take(lead)
            picture.moves[lead.pk] = lead.moves
        handoffs = Handoff.objects.filter(Q(ended_at=None) | Q(pk__in=_keys("handoff", known)), lead__in=leads)
        for handoff in handoffs.defer("brief"):
            picture._take(handoff)
        promises = Promise.objects.filter(
            Q(settled_at=None) | Q(pk__in=_keys("promise", known)), handoff__lead__in=leads
        )
        for promise in promises:
            picture._take(promise)
        deals = Deal.objects.filter(Q(closed_at=None) | Q(pk__in=_keys("deal", known)), leads__in=leads)
        for deal in deals.distinct():
            picture._take(deal)
        if before is None:
            for model in (Outcome, Task):
                keys = model._default_manager.filter(lead__in=leads).values_list("pk", flat=True)
                picture.newest[model._meta.model_name or ""] = max(keys, default=0)
            last = Activity.objects.filter(lead__in=leads).order_by("-at", "-id").values_list("pk", flat=True)
            picture.newest["activity"] = last.first() or 0
        return picture

    def _take(self, row: models.Model) -> None:
        self.rows[f"{row._meta.model_name}:{row.pk}"] = {name: getattr(row, name) for name in COLUMNS[type(row)]}


def _keys(name: str, keys: Iterable[str]) -> list[int]:
    return [int(key.partition(":")[2]) for key in keys if key.startswith(f"{name}:")]


def _keep(act: str, before: Picture, after: Picture, actor: User) -> None:
    lines = list(
        Activity.objects.filter(lead__in=before.leads, at__gte=before.at, pk__gt=before.newest["activity"])
        .of_kinds("handoff", "deal", "stage")
        .order_by("pk")
        .values_list("pk", "kind", "lead_id")
    )
    mine = [(pk, kind) for pk, kind, lead in lines if lead == before.leads[0]]
    if not mine:
        return
    changed = {
        key: {name: [was[name], row[name]] for name in was if was[name] != row[name]}
        for key, row in after.rows.items()
        if (was := before.rows.get(key)) is not None
    }
    made = {key: row for key, row in after.rows.items() if key not in before.rows}
    moved = {str(pk): [n, after.moves[pk]] for pk, n in before.moves.items() if after.moves[pk] != n}
    new = {
        "outcomes": list(
            Outcome.objects.filter(lead__in=before.leads, pk__gt=before.newest["outcome"]).values_list("pk", flat=True)
        ),
        "tasks": list(
            Task.objects.filter(lead__in=before.leads, pk__gt=before.newest["task"]).values_list("pk", flat=True)
        ),
    }
    changes = {"rows": {key: diff for key, diff in changed.items() if diff}, "made": made, "moved": moved, **new}
    told = next((pk for pk, kind in mine if kind.partition(":")[2] in act), mine[-1][0])
    Deed.objects.create(
        lead_id=before.leads[0], act=act, actor=actor, at=clock.now(), line=told,
        changes={**_plain(changes), "lines": [pk for pk, _kind, _lead in lines], "leads": before.leads},
    )  # fmt: skip


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(changes, cls=Exactly))
    return plain


class Exactly(DjangoJSONEncoder):
    """Moments to the microsecond: what is put back must be what was there."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


# What can be undone


def open_to(actor: User, leads: Iterable[int], *, now: datetime | None = None) -> list[Deed]:
    """The newest act on each of these leads, where this person may still undo it."""
    since = (now or clock.now()) - WINDOW
    newest: dict[int, Deed] = {}
    for deed in Deed.objects.standing().filter(lead__in=leads, at__gt=since).order_by("id"):
        newest[deed.lead_id] = deed
    return [deed for deed in newest.values() if deed.actor_id == actor.pk or actor.is_manager]


@transaction.atomic
def undo(deed: Deed, *, actor: User) -> Deed:
    """Take an act back: append the row that says so, and put back what it changed. Raises ValidationError when its
    ten minutes are over or something happened since, PermissionDenied for anybody but who did it and managers.
    """
    leads = {lead.pk: lead for lead in Lead.objects.locked(deed.changes["leads"])}
    deed = Deed.objects.select_for_update(no_key=True, of=("self",)).select_related("actor").get(pk=deed.pk)
    at = clock.now()
    if deed.actor_id != actor.pk and not actor.is_manager:
        raise PermissionDenied(_("%(who)s did this, and can undo it; so can a manager.") % {"who": deed.actor})
    if deed.undone_at:
        raise ValidationError(_("This is undone already. Nothing was changed."))
    if at - deed.at > WINDOW:
        raise ValidationError(_("Ten minutes are over: this can't be undone any more. Nothing was changed."))
    _check_since(deed, leads)
    _put_back(deed, actor=actor, at=at)
    for pk, lead in leads.items():
        columns = _fill(lead, deed) if f"lead:{pk}" in deed.changes["rows"] else []
        if moved := deed.changes["moved"].get(str(pk)):
            pipeline.take_back(lead, moved[1], actor=actor, at=at, also=columns)
        elif columns:
            lead.save(update_fields=columns)
    Outcome.objects.filter(pk__in=deed.changes["outcomes"]).delete()
    for task in Task.objects.open().filter(pk__in=deed.changes["tasks"]):
        todo.drop(task, actor=actor)
    _tell(deed, leads, actor=actor, at=at)
    deed.undone_at, deed.undone_by = at, actor
    deed.save(update_fields=["undone_at", "undone_by"])
    return deed


def _check_since(deed: Deed, leads: dict[int, Lead]) -> None:
    """Refuse when anything that the act left has moved on."""
    lines = deed.changes["lines"]
    later = (
        Activity.objects.filter(lead__in=leads, pk__gt=max(lines))
        .exclude(kind__in=["handoff:undo", "handoff:brief", "handoff:wake"])
        .exclude(data__has_key="undone")
        .of_kinds("handoff", "deal", "stage")
        .select_related("lead")
        .order_by("-pk")
        .first()
    )
    if later:
        raise ValidationError(
            _("Something happened since: %(what)s. What is newer is undone first. Nothing was changed.")
            % {"what": telling.named(later.kind)}
        )
    for pk, (_before, after) in deed.changes["moved"].items():
        if pipeline.last_standing(leads[int(pk)]) != after:
            raise ValidationError(standing.happened_since(leads[int(pk)]))
    for row, column, _was, became in _cells(deed):
        if column not in YIELDING and getattr(row, column) != became:
            raise ValidationError(_since(row))
    for row in _made(deed):
        kept = deed.changes["made"][f"{row._meta.model_name}:{row.pk}"]
        if any(getattr(row, name) != _value(row, name, kept[name]) for name in TELLING[type(row)]):
            raise ValidationError(_since(row))


def _since(row: Any) -> str:
    if isinstance(row, Promise):
        row = row.handoff
    lead = row if isinstance(row, Lead) else row.lead if isinstance(row, Handoff) else row.leads.first()
    return _("%(lead)s has been worked on since. Nothing was changed.") % {"lead": lead}


def _value(row: models.Model, column: str, plain: Any) -> Any:
    """What JSON kept, as the column has it."""
    names = {field.attname: field for field in row._meta.concrete_fields}
    column_field = names[column]
    target = getattr(column_field, "target_field", column_field) if column_field.is_relation else column_field
    return None if plain is None else target.to_python(plain)


def _rows(keys: Iterable[str]) -> list[Any]:
    """The rows that these keys name, each locked."""
    found: list[Any] = []
    for model in COLUMNS:
        wanted = _keys(model._meta.model_name or "", keys)
        if wanted:
            found += (
                model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk__in=wanted).order_by("pk")
            )
    return found


def _cells(deed: Deed) -> Iterator[tuple[Any, str, Any, Any]]:
    """Each column that the act changed: its row, what it was and what it became."""
    for row in _rows(deed.changes["rows"]):
        for column, (was, became) in deed.changes["rows"][f"{row._meta.model_name}:{row.pk}"].items():
            if column not in MARKS:
                yield row, column, _value(row, column, was), _value(row, column, became)


def _made(deed: Deed) -> list[Any]:
    rows = _rows(deed.changes["made"])
    if len(rows) != len(deed.changes["made"]):
        raise ValidationError(_("What this made is gone since. Nothing was changed."))
    return rows


def _put_back(deed: Deed, *, actor: User, at: datetime) -> None:
    """Hand-offs and deals: first what was made goes, then each is what it was; a lead has one open hand-off, always."""
    for row in _made(deed):
        if isinstance(row, Handoff):
            row.end, row.ended_at, row.ended_by = Handoff.End.UNDONE, at, actor
            row.due_at, row.promise_since, row.promise = None, None, ""
            row.save(update_fields=["end", "ended_at", "ended_by", "due_at", "promise_since", "promise"])
        else:
            row.delete()  # a deal, whose name and amount stay on the timeline, or a promise that was never given
    for row in _rows(deed.changes["rows"]):
        if not isinstance(row, Lead):
            row.save(update_fields=_fill(row, deed))


def _fill(row: models.Model, deed: Deed) -> list[str]:
    """Put the columns of a row back to what they were, unsaved; return their names."""
    filled = []
    for column, (was, became) in deed.changes["rows"][f"{row._meta.model_name}:{row.pk}"].items():
        if column not in YIELDING or getattr(row, column) == _value(row, column, became):
            setattr(row, column, _value(row, column, was))
            filled.append(column.removesuffix("_id"))
    return filled


def _tell(deed: Deed, leads: dict[int, Lead], *, actor: User, at: datetime) -> None:
    """The pair stays on the timeline: the line is marked, and the one that takes it back stands above it."""
    lead, lines = leads[deed.lead_id], Activity.objects.filter(pk__in=deed.changes["lines"])
    what = telling.named(lines.get(pk=deed.line).kind)
    for line in lines:
        line.data = {**line.data, "undone": True}
        line.save(update_fields=["data"])
    timeline.record(lead, kind="handoff:undo", actor=actor, data={"act": deed.act, "what": what}, at=at)
    heard = Notice.objects.filter(lead__in=leads, actor=deed.actor, written_at__gte=deed.at - timedelta(seconds=60))
    people = User.objects.filter(is_active=True, pk__in=heard.exclude(kind__startswith="task:").values("person"))
    notices.write(
        kind="handoff:undo",
        to=people,
        lead=lead,
        actor=actor,
        text=_("%(who)s took it back: %(lead)s, %(what)s.") % {"who": actor, "lead": lead, "what": what},
        event=f"deed:{deed.pk}:undo",
    )


def forget(limit: int = 5_000) -> int:
    """Let go of what can't be undone any more; what was undone stays."""
    old = Deed.objects.standing().filter(at__lt=clock.now() - timedelta(days=1)).order_by("at")[:limit]
    return Deed.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
