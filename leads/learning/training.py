"""Learning from outcomes in the background: who was won, what was known of them then, and whether it is worth it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from leads import clock, scoring
from leads.learning import drift, leaks, model, words
from leads.learning.features import Known, filled_later, known_at, known_now
from leads.learning.labels import Label, Labels, labelled
from leads.models import Lead, LearnedModel, Learning, Outcome, Scorecard, Snapshot, Suspect

#: Retrained at so many new outcomes, or this share more of them, or after a day.
NEW_OUTCOMES, NEW_SHARE, EVERY = 50, 0.05, timedelta(days=1)
#: After so long a training that was stopped is begun again.
AGAIN = timedelta(hours=1)
#: The advisory lock of a training, on this table.
LOCK = "leads_learnedmodel"
BATCH = 2_000
SAMPLE = 2_000
#: Facts that the leak guard looks at: what people and files fill in.
GUARDED = ("country", "job_title", "industry", "size", "value", "campaign")


def table_of(found: Sequence[Label], out: set[str]) -> tuple[Any, int, list[int]]:
    """What was known of these leads at their creation, offer and outcome, as columns; where the newest begin; and which
    rows are those of a creation.

    Where no snapshot was kept, as for history from a file, the timeline tells. A moment at which nothing new was known
    counts once.
    """
    import numpy as np

    from leads.learning.fitting import Table, cut_of

    columns: dict[str, list[Any]] = {}
    points: list[float] = []
    won: list[bool] = []
    counts: list[float] = []
    asked: list[bool] = []
    first: list[int] = []
    cut, newest = 0, cut_of(len(found))
    for begin in range(0, len(found), BATCH):
        some = found[begin : begin + BATCH]
        for place, (label, (rows, decides)) in enumerate(zip(some, _moments(some), strict=True), begin):
            if place == newest:
                cut = len(won)
            first.append(len(won))
            for number, row in enumerate(rows):
                at = len(won)
                for name, value in row.features.items():
                    if name not in out:
                        column = columns.setdefault(name, [None] * at)
                        column.extend([None] * (at - len(column)))
                        column.append(value)
                points.append(row.points)
                won.append(label.won)
                counts.append(1 / len(rows))
                asked.append(number == decides)
    for column in columns.values():
        column.extend([None] * (len(won) - len(column)))
    ended = np.array(won, dtype=float)
    whole = Table(columns, np.array(points, dtype=float), ended, np.array(counts), np.array(asked, dtype=bool))
    return whole, cut, first


def _moments(some: Sequence[Label]) -> list[tuple[list[Known], int]]:
    """What was known of each lead at each moment, and which row is asked: the offer, or the creation of who had none.

    That is when somebody has to choose; what is known at the end is learned from, and never asked.
    """
    kept: dict[int, dict[str, Known]] = {}
    ends = {label.lead: max(label.at, label.created) for label in some}
    for was in Snapshot.objects.filter(lead__in=ends).order_by("lead", "at"):
        if was.moment == Snapshot.Moment.CREATED or was.at <= ends[was.lead_id]:
            kept.setdefault(was.lead_id, {})[was.moment] = Known(was.features, was.points)
    asked: list[tuple[int, datetime]] = []
    owner: list[tuple[int, str]] = []
    for place, label in enumerate(some):
        for name, at in (("created", label.created), ("offered", label.offered), ("outcome", label.at)):
            if at is not None and at <= ends[label.lead] and name not in kept.get(label.lead, {}):
                asked.append((label.lead, at))
                owner.append((place, name))
    told = dict(zip(owner, known_at(asked), strict=True)) if asked else {}
    found = []
    for place, label in enumerate(some):
        rows: list[Known] = []
        decides = 0
        for name in ("created", "offered", "outcome"):
            row = kept.get(label.lead, {}).get(name) or told.get((place, name))
            if row and (not rows or _facts(row) != _facts(rows[-1])):
                rows.append(row)
                if name != "outcome":
                    decides = len(rows) - 1
        found.append((rows, decides))
    return found


def _facts(known: Known) -> tuple[Any, ...]:
    return known.points, known.features


@dataclass
class Result:
    """How a training ended, for the page and the command."""

    state: str
    why: str
    model: LearnedModel | None = None
    outcomes: int = 0
    wins: int = 0

    def data(self) -> dict[str, Any]:
        figures = self.model.figures if self.model else {}
        said = {"result": self.state, "why": self.why, "outcomes": self.outcomes, "won": self.wins}
        live = model.live()
        said |= {"version": self.model.version if self.model else None, "live": live.version}
        moved = {one.name: round(one.psi, 4) for one in drift.of_features(live) if one.is_said}
        return {**said, "kept_out": sorted(kept_out()), "drift": moved, "held_out": figures}


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this process has the training to itself; a killed one lets go of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s::regclass::int, 0)", [LOCK])
        mine = bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s::regclass::int, 0)", [LOCK])


def train() -> Result:
    """Learn from all outcomes, and let it count if it foresees the newest better than what counts now and the points.

    Whatever happens, the live model stays until a better one is there whole.
    """
    with alone() as mine:
        if not mine:
            return Result("busy", _("Another training is on its way. Nothing was changed."))
        terms, there = model.settings(), counted()
        terms.began_at = clock.now()
        terms.save(update_fields=["began_at"])
        result = _trained(terms)
        terms.tried_at, terms.outcomes_then, terms.said = clock.now(), there, result.why
        terms.save(update_fields=["tried_at", "outcomes_then", "said"])
        return result


def is_running() -> bool:
    """Whether some process trains now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::regclass AND objid = 0"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK],
        )
        return bool(cursor.fetchone()[0])


def was_stopped(terms: Learning) -> bool:
    """Whether the last training began and never ended, as when its process is killed or runs out of memory."""
    return bool(terms.began_at and (terms.tried_at is None or terms.began_at > terms.tried_at)) and not is_running()


def _trained(terms: Learning) -> Result:
    from leads.learning.fitting import NothingToLearn, teach

    look_for_leaks()
    known = labelled(terms)
    live = LearnedModel.objects.get(pk=model.live().pk)
    out = kept_out()
    knows_too_much = sorted(out & set(live.columns))
    outcomes, wins = len(known.found), known.wins
    table, cut, first = table_of(known.found, out)
    try:
        lesson = teach(table, rate=terms.win_rate, cut=cut)
    except NothingToLearn:
        why = _step_down(live, knows_too_much) if knows_too_much else _too_little(outcomes, wins, live)
        return Result("kept", why, None, outcomes, wins)
    figures = {**lesson.figures, "live": _of_live(live, lesson)}
    losses = {name: found["log_loss"] for name, found in figures.items()}
    # a version that may not use what it learned from is no measure: it goes, whether or not it is beaten
    better = losses["model"] < losses["points"] and (bool(knows_too_much) or losses["model"] < losses["live"])
    made = _kept(lesson, figures, _why(better, losses), known, first)
    why = made.why
    if better:
        model.go_live(made)
    elif knows_too_much:
        why = f"{why} {_step_down(live, knows_too_much)}"
    return Result("promoted" if better else "refused", why, made, outcomes, wins)


def kept_out() -> set[str]:
    """The fields that nothing is learned from until a person says so."""
    return set(Suspect.objects.exclude(trusted=True).values_list("name", flat=True))


def _step_down(live: LearnedModel, names: Sequence[str]) -> str:
    """The points count instead of a version that knows the outcome already; why, in a sentence."""
    points = LearnedModel.objects.get(version=1)
    model.anchor(points)
    model.go_live(points)
    told = ", ".join(words.named(name) for name in names)
    return _("%(live)s used what is known only once it is over (%(names)s): the points count instead.") % {
        "live": live,
        "names": told,
    }


def _too_little(outcomes: int, wins: int, live: LearnedModel) -> str:
    words = {"outcomes": outcomes, "wins": wins, "live": live}
    if outcomes and wins in (0, outcomes):
        return _("%(outcomes)d outcomes are all of one kind: nothing tells them apart yet. %(live)s stays.") % words
    return _("%(outcomes)d outcomes, %(wins)d of them won, are too few to be examined on. %(live)s stays.") % words


def _why(better: bool, losses: dict[str, float]) -> str:
    words = {name: f"{loss:.4f}" for name, loss in losses.items()}
    if better:
        return _("On the newest outcomes it foresaw better: log loss %(model)s, against %(live)s of what counted and "
                 "%(points)s of the points.") % words  # fmt: skip
    return _("On the newest outcomes it foresaw no better: log loss %(model)s, against %(live)s of what counts and "
             "%(points)s of the points. What counted stays.") % words  # fmt: skip


def _of_live(live: LearnedModel, lesson: Any) -> dict[str, Any]:
    """How what counts now fares on the same outcomes: its trial, which has not seen them."""
    import numpy as np

    from leads.learning import maths

    if live.is_points:
        logits = live.parameters["b"] + live.parameters["k"] * lesson.held.points / 10
    else:
        learned, held = model.read(live, trial=bool(live.trial)), lesson.held
        missing = set(learned.names) - set(held.columns)
        held.columns = {**held.columns, **{name: [None] * len(held.won) for name in missing}}
        logits = learned.logits(held)
    return maths.figures(lesson.held.won, maths.sigmoid(np.asarray(logits, dtype=float)))


@transaction.atomic
def _kept(lesson: Any, figures: dict[str, Any], why: str, known: Labels, first: Sequence[int]) -> LearnedModel:
    newest = LearnedModel.objects.aggregate(newest=Max("version"))["newest"] or 0
    LearnedModel.objects.filter(state=LearnedModel.State.REFUSED).update(trees=None, trial_trees=None, trial={})
    whole, trial = lesson.whole, lesson.trial
    return LearnedModel.objects.create(
        version=newest + 1,
        state=LearnedModel.State.REFUSED,
        parameters={**whole.data(), "drift": _drift(lesson, first)},
        trees=whole.trees.dump() if whole.trees and whole.share else None,
        trial=trial.data(),
        trial_trees=trial.trees.dump() if trial.trees and trial.share else None,
        figures=figures,
        why=why,
        outcomes=len(known.found),
        wins=known.wins,
        target=known.target,
        newest_outcome=max((label.newest for label in known.found), default=0),
        made_at=clock.now(),
    )


def _drift(lesson: Any, first: Sequence[int]) -> dict[str, list[int]]:
    """How many leads that it learned from lay in each bin when they came: what drift is measured against."""
    import numpy as np

    from leads.learning.scorecard import places

    table = lesson.table.part(np.array(first, dtype=int))
    return {
        bins.name: np.bincount(places(bins, table.columns[bins.name]), minlength=bins.size).tolist()
        for bins in lesson.whole.card.bins
    }


def look_for_leaks() -> list[Suspect]:
    """Find fields that know the outcome already; they are kept out until a person decides. Returns the new ones."""
    ended = Outcome.objects.filter(kind__in=["won", "lost"]).order_by("-pk").values_list("lead", flat=True)
    closed = list(dict.fromkeys(ended[:SAMPLE]))
    fresh = Lead.objects.filter(stage__in=["tofu", "mofu", "bofu"]).exclude(
        outcomes__kind__in=["won", "lost", "disqualified"]
    )
    new = list(fresh.order_by("-pk").values_list("pk", flat=True)[:SAMPLE])
    card, now = Scorecard.objects.get(in_force=True), clock.now()
    rows = [[_guarded(one) for one in known_now(scoring.count(pks, card, at=now)).values()] for pks in (closed, new)]
    known = set(Suspect.objects.values_list("name", flat=True))
    found = [one for one in leaks.found(rows[0], rows[1], _later(closed).items()) if one.name not in known]
    return Suspect.objects.bulk_create(
        [Suspect(name=one.name, evidence=dict(one.evidence)) for one in found], ignore_conflicts=True
    )


def _guarded(known: Known) -> dict[str, Any]:
    facts = known.features.items()
    return {name: value for name, value in facts if name in GUARDED or name.startswith("custom.")}


def _later(pks: Sequence[int]) -> Counter[str]:
    """In how many of these leads each field was filled in later than the lead came."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.lead_id, a.data FROM leads_activity a JOIN leads_lead l ON l.id = a.lead_id
             WHERE a.lead_id = ANY(%s) AND (a.data ? 'changed' OR a.data ? 'changes') AND a.at > l.first_seen_at
               AND a.kind NOT LIKE 'deal%%'
            """,
            [list(pks)],
        )
        seen = {(lead, name) for lead, data in cursor.fetchall() for name in filled_later(_read(data))}
    found.update(name for _lead, name in seen if name in GUARDED or name.startswith("custom."))
    return found


def _read(data: Any) -> dict[str, Any]:
    from json import loads

    return data if isinstance(data, dict) else loads(data)


def decide(suspect: Suspect, *, trusted: bool, actor: Any) -> Suspect:
    """A person says whether a field may be learned from."""
    suspect.trusted, suspect.decided_by, suspect.decided_at = trusted, actor, clock.now()
    suspect.save(update_fields=["trusted", "decided_by", "decided_at"])
    return suspect


def counted() -> int:
    """How many outcomes that are learned from there are, with those that may stand in for a win where people say so."""
    returned = Q(kind=Outcome.Kind.RETURNED, reason_class="definitional")
    stand_in = ["accepted", "qualified"] if model.settings().accepted_counts else []
    return Outcome.objects.filter(Q(kind__in=["won", "lost", "disqualified", *stand_in]) | returned).count()


def is_due() -> bool:
    """Whether there are outcomes enough, or a day has passed, since the last training; or what counts knows too much.

    One that was stopped is begun again after an hour, so that what stopped it is not met without end.
    """
    terms, outcomes, now = model.settings(), counted(), clock.now()
    if not outcomes:
        return False
    if terms.began_at and (terms.tried_at is None or terms.began_at > terms.tried_at):
        return now - terms.began_at >= AGAIN
    if terms.tried_at is None or now - terms.tried_at >= EVERY or kept_out() & set(model.live().columns):
        return True
    return outcomes - terms.outcomes_then >= min(NEW_OUTCOMES, max(1, NEW_SHARE * terms.outcomes_then))
