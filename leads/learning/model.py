"""The model that is live: chances by it, at once in the web process, and with the trees' word on the worker."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from leads import clock, scoring
from leads.learning.card import BOOSTER, REST, Answer, Card, K, Part, level
from leads.learning.features import Known, known_now
from leads.models import Chance, LearnedModel, Learning, Snapshot
from leads.scoring import Counted
from leads.unchanged import Unchanged

if TYPE_CHECKING:
    from leads.learning.fitting import Learned, Table

#: So many parts are kept with a chance; what the others add is one of its own.
KEPT = 12
BATCH = 1_000
#: The least and the greatest win rate that can be stated.
RATES = (0.001, 0.9)
#: The level of the points is that of so many leads at most.
COUNTED = 100_000
#: Chances by the points are said anew once their level has moved so far, in log-odds.
MOVED = 0.05
_WAITING = """
SELECT l.id FROM leads_chance c JOIN leads_lead l ON l.id = c.lead_id
 WHERE c.waits ORDER BY c.lead_id LIMIT %s FOR NO KEY UPDATE OF l SKIP LOCKED
"""
_OF_OTHERS = """
SELECT id FROM leads_lead l
 WHERE id > %s AND NOT (id = ANY(%s))
   AND NOT EXISTS (SELECT FROM leads_chance c WHERE c.lead_id = l.id AND c.model_id = %s)
 ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_cards: dict[int, Card] = {}


def settings() -> Learning:
    """What people say to learning."""
    return Learning.objects.get_or_create(pk=1)[0]


_live = Unchanged(
    "SELECT id, xmin::text, ctid::text FROM leads_learnedmodel WHERE state = 'live'",
    lambda: LearnedModel.objects.without_trees().filter(state=LearnedModel.State.LIVE).first(),
)


def live() -> LearnedModel:
    """The model that counts; on day zero the agreed points at the stated win rate."""
    if found := _live():
        return found
    try:
        with transaction.atomic():
            return LearnedModel.objects.create(
                version=1,
                state=LearnedModel.State.LIVE,
                parameters=of_points(),
                why=_("The agreed points, until something foresees the outcomes better."),
                live_since=clock.now(),
            )
    except IntegrityError:
        return LearnedModel.objects.without_trees().get(state=LearnedModel.State.LIVE)


def of_points() -> dict[str, Any]:
    """The agreed points as a scorecard without columns: leads as they are counted now are won at the stated rate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT total, count(*) FROM (SELECT total FROM leads_leadscore LIMIT %s) AS known GROUP BY total",
            [COUNTED],
        )
        counts: dict[float, int] = dict(cursor.fetchall())
    leads = sum(counts.values())
    mean = sum(total * count for total, count in counts.items()) / leads if leads else 0.0
    b, table = level(settings().win_rate, counts), scoring.agreed()[0].version
    return {"b": b, "k": K, "mean_points": mean, "columns": [], "stretch": 1.0, "leads": leads, "table": table}


def level_at(points: LearnedModel, moment: datetime) -> float:
    """The level at which the points stood at a moment: what they said then stays said."""
    before = [b for until, b in points.parameters.get("before", ()) if moment < datetime.fromisoformat(until)]
    found: float = before[0] if before else points.parameters["b"]
    return found


def card_of(model: LearnedModel) -> Card:
    """A model's scorecard, read once a process; a version never changes but the first, which is the points."""
    if model.is_points:
        return Card.read(model.parameters)
    if model.pk not in _cards:
        _cards.clear()  # the live one is asked for; those before it are not
        _cards[model.pk] = Card.read(model.parameters)
    return _cards[model.pk]


def answer(counted: Counted, *, created: Collection[int] = ()) -> None:
    """Say at once, by the scorecard, the chances of leads just counted; keep what was known of those that are new."""
    if not counted.leads:
        return
    model, known = live(), known_now(counted)
    card = card_of(model)
    answers = {pk: card.answer(one.features, one.points, one.parts) for pk, one in known.items()}
    _write(answers.items(), model, counted.at, waits=model.has_trees)
    new = [(pk, one) for pk, one in known.items() if pk in created]
    said = {pk: (found.probability, model.pk) for pk, found in answers.items()}
    _keep(new, said, Snapshot.Moment.CREATED, counted.at)


def snapshot(leads: Collection[int], moment: str, *, at: datetime) -> None:
    """Keep what is known and said of these leads at this moment, before what happens next can tell."""
    counted = scoring.count(leads, scoring.agreed()[0], at=at)
    chances = Chance.objects.filter(lead__in=leads).values_list("lead", "probability", "model")
    said = {pk: (probability, model) for pk, probability, model in chances}
    _keep(known_now(counted).items(), said, moment, at)


def _keep(known: Iterable[tuple[int, Known]], said: Mapping[int, tuple[float, int]], moment: str, at: datetime) -> None:
    rows = []
    for pk, one in known:
        probability, model = said.get(pk, (None, None))
        row = Snapshot(lead_id=pk, moment=moment, features=one.features, points=round(one.points), at=at)
        row.probability, row.model_id = probability, model
        rows.append(row)
    Snapshot.objects.bulk_create(rows)


def _write(answers: Iterable[tuple[int, Answer]], model: LearnedModel, at: datetime, *, waits: bool = False) -> None:
    rows = [
        (pk, found.probability, found.logit, found.base, json.dumps(found.parts))
        for pk, found in ((pk, shortened(one)) for pk, one in answers)
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [model.pk, at, waits, *columns])


_WRITE = """
INSERT INTO leads_chance (lead_id, probability, logit, base, parts, model_id, at, waits)
SELECT lead, probability, logit, base, parts, %s::bigint, %s::timestamptz, %s::bool
  FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[], %s::jsonb[])
       AS said(lead, probability, logit, base, parts)
    ON CONFLICT (lead_id) DO UPDATE SET
       probability = excluded.probability, logit = excluded.logit, base = excluded.base, parts = excluded.parts,
       model_id = excluded.model_id, at = excluded.at, waits = excluded.waits
"""


def shortened(found: Answer) -> Answer:
    """The parts that move a chance most, first; what the others add is one part."""
    parts = sorted((part for part in found.parts if part.logit), key=lambda part: -abs(part.logit))
    rest = math.fsum(part.logit for part in parts[KEPT:])
    return Answer(found.base, [*parts[:KEPT], *([Part(REST, "", rest)] if len(parts) > KEPT else [])])


@dataclass
class Worker:
    """The live model with its trees, as the worker asks it about many leads at once."""

    model: LearnedModel
    learned: Learned | None
    card: Card

    @classmethod
    def of(cls, model: LearnedModel) -> Worker:
        return cls(model, None if model.is_points else read(model), Card.read(model.parameters))

    def answers(self, known: Sequence[Known]) -> list[Answer]:
        """The chance of each: the scorecard's parts at their share, and what the trees add as one part."""
        if not known or self.learned is None or not self.learned.trees or not self.learned.share:
            return [self.card.answer(one.features, one.points, one.parts) for one in known]
        learned, table = self.learned, table_of(known, self.learned.names)
        whole = learned.logits(table).tolist()
        found = []
        for one, logit in zip(known, whole, strict=True):
            mine = self.card.answer(one.features, one.points)
            found.append(Answer(mine.base, [*mine.parts, Part(BOOSTER, "", logit - mine.logit)]))
        return found


def table_of(known: Sequence[Known], names: Sequence[str], won: Sequence[float] = ()) -> Table:
    """Features as columns."""
    import numpy as np

    from leads.learning.fitting import Table

    columns = {name: [one.features.get(name) for one in known] for name in names}
    labels = np.array(won, dtype=float) if len(won) else np.zeros(len(known))
    return Table(columns, np.array([one.points for one in known], dtype=float), labels)


def read(model: LearnedModel, *, trial: bool = False) -> Learned:
    """A model with its trees, or the trial of it that did not see the newest outcomes."""
    from leads.learning.booster import Booster
    from leads.learning.fitting import Learned

    kept = model.trial_trees if trial else model.trees
    return Learned.read(model.trial if trial else model.parameters, Booster.load(bytes(kept)) if kept else None)


def score(leads: Sequence[int], worker: Worker, *, at: datetime) -> list[Answer]:
    """The chances of these leads as of now, by the whole model; they are written too."""
    counted = scoring.count(leads, scoring.agreed()[0], at=at)
    known = known_now(counted)
    answers = dict(zip(known, worker.answers(list(known.values())), strict=True))
    _write(answers.items(), worker.model, at)
    return [answers[pk] for pk in leads]


def refresh(batches: int = 100) -> int:
    """Chances that another model said, that only the scorecard has, or that nobody has said yet, anew."""
    model, done, behind = live(), 0, 0
    if model.is_points and is_adrift(model):
        anchor(model)
    worker = Worker.of(LearnedModel.objects.get(pk=model.pk))
    for _number in range(batches):
        with transaction.atomic():
            pks, behind = outdated(model, BATCH, behind=behind)
            score(pks, worker, at=clock.now())
        done += len(pks)
        if len(pks) < BATCH:
            break
    return done


def outdated(model: LearnedModel, limit: int, *, behind: int = 0) -> tuple[list[int], int]:
    """Leads whose chance waits for the worker, which nobody else is at: first those that it has yet to complete.

    Those whom another model answered are looked for `behind` a key; the last one found is given back, to go on from.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        found = [pk for (pk,) in cursor.fetchall()]
        if len(found) < limit:
            cursor.execute(_OF_OTHERS, [behind, found, model.pk, limit - len(found)])
            others = [pk for (pk,) in cursor.fetchall()]
            found, behind = found + others, max([behind, *others])
    return found, behind


@transaction.atomic
def state(*, win_rate: float, accepted_counts: bool) -> Learning:
    """Keep what people say to learning: the points stand for it at once, the next training goes by it.

    Raise ValidationError beyond the bounds.
    """
    if not RATES[0] <= win_rate <= RATES[1]:
        words = {"least": f"{100 * RATES[0]:g}", "most": f"{100 * RATES[1]:g}"}
        why = _("A win rate lies between %(least)s and %(most)s percent. Everything else was kept.") % words
        raise ValidationError({"win_rate": why})
    terms = settings()
    moved = win_rate != terms.win_rate
    terms.win_rate, terms.accepted_counts = win_rate, accepted_counts
    terms.save(update_fields=["win_rate", "accepted_counts"])
    if moved and (points := LearnedModel.objects.without_trees().filter(version=1).first()):
        anchor(points)
    return terms


@transaction.atomic
def anchor(points: LearnedModel) -> None:
    """Let the points stand for the stated win rate from now on, as leads are counted now; say anew what that moves."""
    was = LearnedModel.objects.select_for_update().values_list("parameters", flat=True).get(pk=points.pk)
    before = [*was.get("before", ()), [clock.now().isoformat(), was["b"]]]
    points.parameters = {**of_points(), "before": before}
    points.save(update_fields=["parameters"])
    if abs(points.parameters["b"] - was["b"]) > MOVED:
        Chance.objects.filter(model=points, waits=False).update(waits=True)


def is_adrift(points: LearnedModel) -> bool:
    """Whether the points stand on leads or on a table that are others by now: twice as many, or all counted anew."""
    if points.parameters.get("table") != scoring.agreed()[0].version and not scoring.outdated(1):
        return True
    stood_on = points.parameters.get("leads", 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM leads_leadscore LIMIT %s) AS known", [2 * stood_on + 1])
        return bool(stood_on < COUNTED and cursor.fetchone()[0] > 2 * stood_on)


@transaction.atomic
def go_live(model: LearnedModel, *, actor: Any = None) -> LearnedModel:
    """Let this version count from now on; the one before it is kept, so that one click leads back.

    Raise ValidationError when a person asks for one that was never better.
    """
    rows = LearnedModel.objects.without_trees().select_for_update()
    now_live = list(rows.filter(state=LearnedModel.State.LIVE))
    if model in now_live:
        return model
    if actor and model.state == LearnedModel.State.REFUSED:
        raise ValidationError(
            _("%(version)s was not taken, so it cannot count. Nothing was changed.") % {"version": model}
        )
    rows.filter(state=LearnedModel.State.LIVE).update(state=LearnedModel.State.KEPT)
    model.state, model.live_since, model.chosen_by = LearnedModel.State.LIVE, clock.now(), actor
    model.save(update_fields=["state", "live_since", "chosen_by"])
    return model
