"""Is it true? What chances foretold against what happened, beside the points and a constant, and the versions of them.

Pure reads. The mathematics is loaded when somebody looks, so that no other page carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads import learning
from leads.learning.labels import Labels, labelled
from leads.models import LearnedModel, Learning
from leads.rights import may

#: So many versions are listed, the newest first.
LISTED = 12
#: With so many outcomes there is enough to learn from, trees and all.
ENOUGH = 100
#: What foretells, and whose hue it has in a chart.
RIVALS: dict[str, tuple[Any, str]] = {
    "chance": (gettext_lazy("Chance"), "both"),
    "points": (gettext_lazy("Points"), "mkt"),
    "constant": (gettext_lazy("Constant"), "out"),
}


class Tenth(NamedTuple):
    """One of ten groups of equal size, from the least to the greatest chance; shares are 0 to 1."""

    number: int
    outcomes: int
    predicted: float
    seen: float
    lift: float | None


@dataclass(frozen=True)
class Measured:
    """How well one rival foretold: area under the curve, log loss in nats, calibration error as a share."""

    name: str
    outcomes: int
    won: int
    auc: float | None
    log_loss: float
    calibration_error: float
    tenths: list[Tenth]

    @classmethod
    def of(cls, name: str, figures: Mapping[str, Any]) -> Measured:
        """Read what `maths.figures` says."""
        share = figures["won"] / figures["outcomes"] if figures["outcomes"] else 0.0
        tenths = [
            Tenth(number, int(one["count"]), one["predicted"], one["seen"], one["seen"] / share if share else None)
            for number, one in enumerate(figures["tenths"], 1)
        ]
        return cls(
            name,
            figures["outcomes"],
            figures["won"],
            figures["auc"],
            figures["log_loss"],
            figures["calibration_error"],
            tenths,
        )

    @property
    def label(self) -> str:
        return str(RIVALS[self.name][0])

    @property
    def foretold(self) -> float:
        """How many wins were expected."""
        return sum(one.outcomes * one.predicted for one in self.tenths)


class Version(NamedTuple):
    """A version of the chances, and how it fared in its examination."""

    model: LearnedModel
    figures: dict[str, Any]

    def _of(self, rival: str, measure: str) -> float | None:
        found: float | None = self.figures.get(rival, {}).get(measure)
        return found

    @property
    def auc(self) -> float | None:
        return self._of("model", "auc")

    @property
    def losses(self) -> list[float | None]:
        """The log loss of the version, of the points, and of what counted then."""
        return [self._of(rival, "log_loss") for rival in ("model", "points", "live")]

    @property
    def may_count(self) -> bool:
        return self.model.state == LearnedModel.State.KEPT

    @property
    def name(self) -> str:
        return _("%(version)s, the points") % {"version": self.model} if self.model.is_points else str(self.model)


class Truth:
    """What the page says; each part is asked of the database once, when first used."""

    def __init__(self, viewer: User, *, now: datetime | None = None) -> None:
        self.viewer, self.now = viewer, now or timezone.now()

    @cached_property
    def terms(self) -> Learning:
        return learning.settings()

    @cached_property
    def versions(self) -> list[Version]:
        """The newest versions, and the live one however old it is."""
        rows = LearnedModel.objects.visible_to(self.viewer).without_trees().select_related("chosen_by")
        found = list(rows[:LISTED])
        found += [one for one in rows.exclude(state=LearnedModel.State.REFUSED) if one not in found]
        return [Version(one, one.figures) for one in found]

    @cached_property
    def live(self) -> LearnedModel:
        return next((one.model for one in self.versions if one.model.state == LearnedModel.State.LIVE), learning.live())

    @cached_property
    def examined(self) -> LearnedModel | None:
        """The version of the last examination, taken or not."""
        return next((one.model for one in self.versions if one.figures), None)

    @cached_property
    def held_out(self) -> list[Measured]:
        """How what counts now fared in the last examination, on outcomes it had not seen, beside its rivals."""
        model = self.examined
        if model is None:
            return []
        of_live = model.figures["model" if model == self.live else "live"]
        rivals = {"chance": of_live, "points": model.figures["points"], "constant": model.figures["constant"]}
        return [Measured.of(name, figures) for name, figures in rivals.items()]

    @property
    def measured(self) -> list[Measured]:
        return self.held_out

    @property
    def measured_on(self) -> str:
        return _("the newest %(n)d outcomes, held out of the training of %(version)s") % {
            "n": self.measured[0].outcomes,
            "version": self.examined,
        }

    @property
    def chance(self) -> Measured | None:
        return self.measured[0] if self.measured else None

    @property
    def by_tenth(self) -> list[tuple[Tenth, Tenth]]:
        """The tenths of the chances beside those of the points."""
        return list(zip(self.measured[0].tenths, self.measured[1].tenths, strict=True)) if self.measured else []

    @property
    def finding(self) -> str:
        """One sentence above the calibration."""
        chance, points, _constant = self.measured
        said = {"n": chance.outcomes, "won": chance.won, "foretold": f"{chance.foretold:.1f}",
                "loss": f"{chance.log_loss:.3f}", "points": f"{points.log_loss:.3f}"}  # fmt: skip
        words = _("Of %(n)d outcomes %(won)d were won; the chances foretold %(foretold)s.")
        better = _("They cost %(loss)s a prediction, the points %(points)s: less is better.")
        return f"{words} {better}" % said

    @property
    def may_act(self) -> bool:
        return may(self.viewer, "learning")

    @cached_property
    def labels(self) -> Labels:
        return labelled(self.terms)

    @property
    def missing(self) -> str:
        """What is missing before anything can be examined: '12 of 100 outcomes'."""
        said = {"n": len(self.labels.found), "wins": self.labels.wins, "need": ENOUGH}
        return _("%(n)d of %(need)d outcomes are here, %(wins)d of them won. From them the worker learns who is won, "
                 "and it stands here whether that is true.") % said  # fmt: skip
