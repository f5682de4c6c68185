"""The graph of stages, and the one function that moves a lead along it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock, engagement, fading, scoring
from leads.definition import acted
from leads.models import Activity, Lead, LeadScore, Scorecard, Signal, StageChange, Visit
from personas.choices import Stage

#: Where a lead may go from where it stands. Every move is the consequence of an act; `handoff` holds the acts.
MOVES: dict[str, frozenset[str]] = {
    Stage.TOFU: frozenset({Stage.MOFU, Stage.CUSTOMER, Stage.OUT}),
    Stage.MOFU: frozenset({Stage.TOFU, Stage.BOFU, Stage.CUSTOMER, Stage.OUT}),
    Stage.BOFU: frozenset({Stage.MOFU, Stage.TOFU, Stage.CUSTOMER, Stage.OUT}),
    Stage.CUSTOMER: frozenset({Stage.MOFU, Stage.TOFU, Stage.OUT}),
    Stage.OUT: frozenset({Stage.TOFU, Stage.CUSTOMER}),
}
#: The way forward; what a move leaves out of it is recorded as skipped.
FORWARD = [Stage.TOFU, Stage.MOFU, Stage.BOFU, Stage.CUSTOMER]


def skipped(old: str, new: str, *, act: str) -> list[str]:
    """The stages that a move forward passes over; who goes back to being a customer passes nothing over."""
    if act != "purchase" or old not in FORWARD or new not in FORWARD:
        return []
    return [stage.value for stage in FORWARD[FORWARD.index(Stage(old)) + 1 : FORWARD.index(Stage(new))]]


def enter(leads: Iterable[Lead], *, actor: User | None, at: dict[Lead, datetime], imported: Collection[Lead]) -> None:
    """Write the first ledger row and the first visit of new leads, which begin in TOFU."""
    changes, visits, card = [], [], _counting() if at else None
    for lead in leads:
        common = {"lead": lead, "seq": 1, "imported": lead in imported}
        entry = {"old": "", "new": lead.stage, "act": "capture", "actor": actor, "scorecard_id": card}
        changes.append(StageChange(at=at[lead], **entry, **common))
        visits.append(Visit(stage=lead.stage, entered_at=at[lead], **common))
    StageChange.objects.bulk_create(changes)
    Visit.objects.bulk_create(visits)


def move(
    lead: Lead,
    to: str,
    *,
    act: str,
    at: datetime,
    actor: User | None = None,
    reason: str = "",
    note: str = "",
    imported: bool = False,
) -> StageChange:
    """Move a locked lead: ledger row, visit and stage together; raise ValidationError if the journey forbids it."""
    return move_many({lead: at}, to, act=act, actor=actor, reason=reason, note=note, imported=imported)[0]


@transaction.atomic
def move_many(
    leads: Mapping[Lead, datetime],
    to: str,
    *,
    act: str,
    actor: User | None = None,
    reason: str = "",
    note: str = "",
    imported: bool = False,
) -> list[StageChange]:
    """Move locked leads, each at its own moment; one that may not go there keeps all where they are."""
    changes, visits, cards = [], [], _cards(leads)
    for lead, at in leads.items():
        old = lead.stage
        if to not in MOVES[old]:
            raise ValidationError(
                _("A lead cannot move from %(old)s to %(new)s.") % {"old": Stage(old).label, "new": _label(to)}
            )
        lead.moves += 1
        common = {"lead": lead, "seq": lead.moves, "imported": imported}
        changes.append(
            StageChange(
                old=old,
                new=to,
                act=act,
                reason=reason,
                note=note,
                skipped=skipped(old, to, act=act),
                actor=actor,
                scorecard_id=cards[lead],
                at=at,
                **common,
            )
        )
        visits.append(Visit(stage=to, entered_at=at, entered_from=old, **common))
        lead.stage, lead.stage_since = to, at
        lead.version += 1
        if to == Stage.CUSTOMER and lead.customer_since is None:
            lead.customer_since = at
    StageChange.objects.bulk_create(changes)
    _leave(leads, to, act=act, reason=reason)
    Visit.objects.bulk_create(visits)
    Lead.objects.bulk_update(leads, ["stage", "stage_since", "moves", "version", "customer_since"])
    return changes


def _counting() -> int | None:
    """The scorecard that counts now."""
    return Scorecard.objects.filter(in_force=True).values_list("pk", flat=True).first()


def _cards(leads: Iterable[Lead]) -> dict[Lead, int | None]:
    """The scorecard by which each lead was last counted; where none was yet, the one that counts now."""
    counted = dict(LeadScore.objects.filter(lead__in=list(leads)).values_list("lead", "scorecard"))
    now = None if all(counted.get(lead.pk) for lead in leads) else _counting()
    return {lead: counted.get(lead.pk) or now for lead in leads}


def last_standing(lead: Lead) -> int:
    """The number of the newest move of a lead that nobody has taken back."""
    return lead.stage_changes.filter(undone=False).aggregate(newest=Max("seq"))["newest"] or 0


@transaction.atomic
def take_back(lead: Lead, seq: int, *, at: datetime, actor: User, also: Sequence[str] = ()) -> StageChange:
    """Take back the newest move of a locked lead, which must have this number.

    A compensating row is appended, and the ledger marks the pair. No visit is left of it: the stay that the move had
    ended goes on as if nothing had happened. `also` names columns that its caller has put back, to be saved with it.
    """
    taken = lead.stage_changes.get(seq=seq, undone=False)
    lead.moves += 1
    back = {"old": taken.new, "new": taken.old, "act": "undo", "scorecard_id": _cards([lead])[lead], "undone": True}
    change = StageChange.objects.create(lead=lead, seq=lead.moves, actor=actor, at=at, **back)
    taken.undone = True
    taken.save(update_fields=["undone"])
    lead.visits.filter(seq=seq).delete()
    stay = lead.visits.order_by("-seq")[0]
    stay.left_at, stay.left_to, stay.left_by, stay.reason = None, "", "", ""
    stay.save(update_fields=["left_at", "left_to", "left_by", "reason"])
    lead.stage, lead.stage_since = taken.old, stay.entered_at
    lead.version += 1
    lead.save(update_fields=["stage", "stage_since", "moves", "version", *also])
    return change


def _leave(leads: Mapping[Lead, datetime], to: str, *, act: str, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_visit SET left_at = went.at, left_to = %s, left_by = %s, reason = %s "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS went(lead, at) "
            "WHERE leads_visit.lead_id = went.lead AND leads_visit.left_at IS NULL",
            [to, act, reason, [lead.pk for lead in leads], list(leads.values())],
        )


def _label(stage: str) -> str:
    return str(Stage(stage).label) if stage in Stage.values else stage


def notice_readiness(crossed: Collection[int], *, at: datetime) -> int:
    """Leave a signal for each TOFU lead that has just crossed the MQL line, unless it was asked to wait.

    Who crossed by an action that skips the line, below it, is said to have done so.

    Returns how many signals there are. Handing over is not done here: `handoff` answers signals.
    """
    if not crossed:
        return 0
    today = clock.today()
    waited = Q(look_again_on=None) | Q(look_again_on__lte=today)
    ready = dict(
        Lead.objects.filter(waited, pk__in=crossed, stage=Stage.TOFU, do_not_contact=False).values_list(
            "pk", "score__total"
        )
    )
    card = Scorecard.objects.get(in_force=True)
    acts = acted([pk for pk, total in ready.items() if total < card.mql_line], card.high_intent, at=at)
    signals = [Signal(lead_id=pk, kind=Signal.Kind.MQL_LINE, at=at, payload={"line": card.mql_line}) for pk in ready]
    for signal in signals:
        if signal.lead_id in acts:
            signal.payload["action"] = acts[signal.lead_id][1]
    return len(Signal.objects.bulk_create(signals, ignore_conflicts=True))


def crossed_with(activity: Activity) -> bool:
    """Whether this touch lifted its lead over the MQL line, whoever has answered that signal since."""
    signals = Signal.objects.filter(lead=activity.lead_id, kind=Signal.Kind.MQL_LINE)
    return signals.filter(recorded_at__gte=activity.recorded_at).exists()


def rescore_outdated(batch: int = 1_000, batches: int = 100) -> int:
    """Count anew what fading, new points or a changed persona have left behind, batch by batch; return how many."""
    total = 0
    for _number in range(batches):
        now = clock.now()
        with transaction.atomic():
            if leads := [lead.pk for lead in Lead.objects.locked(scoring.outdated(batch))]:
                _recount(leads, now)
                scoring.hold_counted(leads)
                done = len(leads)
            else:
                due = fading.due(fading.FOLD * batch, at=now)
                left = fading.fade(due, at=now)
                _recount(left[:batch], now)
                done = len(due) - len(left[batch:])  # those are due still
        total += done
        if not done:
            break
    return total


def recount_engagement(batch: int = 1_000) -> Iterator[int]:
    """Make what is kept of engagement anew from the timelines, and the points by it, batch by batch; how many each."""
    behind = 0
    while pks := list(Lead.objects.filter(pk__gt=behind).order_by("pk").values_list("pk", flat=True)[:batch]):
        with transaction.atomic():
            Lead.objects.locked(pks)
            engagement.recompute(pks)
            _recount(pks, clock.now())
        behind = pks[-1]
        yield len(pks)


def _recount(leads: Collection[int], now: datetime) -> None:
    if leads:
        notice_readiness(scoring.rescore(leads, at=now).crossed, at=now)
