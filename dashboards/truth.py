"""Is it true? What chances foretold against what happened, beside the points and a constant, and the versions of them.

Pure reads. The mathematics is loaded when somebody looks, so that no other page carries it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from dashboards.foretold import RIVALS, Foretold, Row
from dashboards.taught import Taught, silent_rules
from leads import learning
from leads.learning import drift, training, words
from leads.learning.drift import Drift
from leads.learning.labels import ACCEPTED, Labels, labelled
from leads.models import LearnedModel, Learning, Suspect
from leads.rights import may

#: So many versions are listed, the newest first.
LISTED = 12
#: With so many outcomes there is enough to learn from, trees and all.
ENOUGH = 100
#: With so many leads of which a chance was said before they ended, it is told by those.
SAID_ENOUGH = 50
YEAR = timedelta(days=365)


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


def _given(rival: Measured) -> str:
    return words.percent(math.exp(-rival.log_loss))


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


class Suspicion(NamedTuple):
    """A field that may know the outcome already, and whether the live version uses it."""

    suspect: Suspect
    is_used: bool

    @property
    def label(self) -> str:
        return words.named(self.suspect.name)

    @property
    def evidence(self) -> str:
        said: dict[str, Any] = self.suspect.evidence
        if said["kind"] == "later":
            return _("Filled in after the lead came in %(later)d of the %(of)d closed leads that have it.") % said
        shares = {"closed": f"{said['closed']:.0%}", "new": f"{said['new']:.0%}"}
        return _("Known of %(closed)s of the closed leads and of %(new)s of the new ones.") % shares


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
        found += [one for one in rows.filter(state=LearnedModel.State.LIVE) if one not in found]
        return [Version(one, one.figures) for one in found]

    @cached_property
    def live(self) -> LearnedModel:
        return next((one.model for one in self.versions if one.model.state == LearnedModel.State.LIVE), learning.live())

    @cached_property
    def examined(self) -> LearnedModel | None:
        """The version in whose examination what counts now was measured."""
        newest = next((one.model for one in self.versions if one.figures), None)
        return self.live if self.live.figures else newest

    @cached_property
    def held_out(self) -> list[Measured]:
        """How what counts now fared on outcomes it had not seen, beside its rivals; the points with another."""
        if self.examined is None:
            return []
        figures = self.examined.figures
        of_live = figures["model" if self.examined == self.live else "points"]
        rivals = {"chance": of_live, "points": figures["points"], "constant": figures["constant"]}
        return [Measured.of(name, found) for name, found in rivals.items()]

    @cached_property
    def foretold(self) -> Foretold:
        """What was said of leads before they ended."""
        return Foretold.of(self.labels, self.terms)

    @property
    def is_prospective(self) -> bool:
        """Whether enough leads have ended of which a chance was said before; else it is told by what was held out."""
        return len(self.foretold.rows) >= SAID_ENOUGH

    @cached_property
    def measured(self) -> list[Measured]:
        if not self.is_prospective:
            return self.held_out
        return [Measured.of(name, self.foretold.figures(name)) for name in RIVALS]

    @property
    def measured_on(self) -> str:
        if self.is_prospective:
            return _("chances as they were said before %(n)d leads ended") % {"n": len(self.foretold.rows)}
        return _("the newest %(n)d outcomes, held out of the training of %(version)s") % {
            "n": self.measured[0].outcomes,
            "version": self.examined,
        }

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
        told = _("Of %(n)d outcomes %(won)d were won; the chances foretold %(foretold)s.")
        better = _("They cost %(loss)s a prediction, the points %(points)s: less is better.")
        return f"{told} {better}" % said

    @property
    def finding_in_words(self) -> str:
        """The same without a measure: how far the chances were off, and what they gave to what then happened.

        e to the power of minus the log loss is the (geometric) mean of the chances that were given to what happened.
        """
        chance, points, _constant = self.measured
        off = 100 * (chance.foretold - chance.won) / chance.outcomes
        by = {"n": number_format(abs(off), decimal_pos=1)}
        if round(abs(off), 1) == 0:
            told = _("The chances were neither too high nor too low on average.")
        elif off > 0:
            told = _("The chances were too high by %(n)s percentage points on average.") % by
        else:
            told = _("The chances were too low by %(n)s percentage points on average.") % by
        given = _("What then happened they had given %(chance)s, the points %(points)s; tossing a coin gives 50 %%.")
        return f"{told} {given}" % {"chance": _given(chance), "points": _given(points)}

    @cached_property
    def drift(self) -> list[Drift]:
        """The features of the newest leads against those that were learned from, the furthest moved first."""
        return drift.of_features(self.live)

    @cached_property
    def drift_of_outcomes(self) -> Drift | None:
        return drift.of_outcomes(self.live, self.labels)

    @cached_property
    def newest(self) -> list[Row]:
        """The outcomes that the drift of what is won counts, with what was said of them, if anything was."""
        said, zone = {row.lead: row for row in self.foretold.rows}, timezone.get_default_timezone()
        return [
            said.get(one.lead)
            or Row(one.lead, one.at, one.at.astimezone(zone).date().replace(day=1), one.won, {}, not one.newest)
            for one in drift.newest(self.live, self.labels)[0]
        ]

    @property
    def moved(self) -> list[Drift]:
        """What has moved so far that it is an alarm, the share won first."""
        outcomes = [self.drift_of_outcomes] if self.drift_of_outcomes else []
        return [one for one in [*outcomes, *self.drift] if one.is_alarm]

    @cached_property
    def suspects(self) -> list[Suspicion]:
        """Fields that may know the outcome already."""
        rows = Suspect.objects.select_related("decided_by").order_by("name")
        return [Suspicion(one, one.name in self.live.columns) for one in rows]

    @property
    def knows_too_much(self) -> list[Suspicion]:
        """Those that the live version uses, though nobody trusts them."""
        return [one for one in self.suspects if one.is_used and not one.suspect.trusted]

    @property
    def has_stand_in(self) -> bool:
        """Whether 'accepted' stands in for 'won' in what is learned and told here."""
        return self.labels.target == ACCEPTED

    @cached_property
    def is_training(self) -> bool:
        return training.is_running()

    @cached_property
    def was_stopped(self) -> bool:
        return training.was_stopped(self.terms)

    @cached_property
    def taught(self) -> Taught:
        return Taught.of(since=self.now - YEAR)

    @cached_property
    def silent(self) -> list[str]:
        """The rules of the points that gave the newest leads nothing."""
        return silent_rules()

    @property
    def why_held_out(self) -> str:
        """Why the figures are those of an examination, where no chance was said before most outcomes."""
        said = {"n": len(self.foretold.rows), "need": SAID_ENOUGH}
        return _("%(n)d leads have ended of which a chance was said before; %(need)d are needed, and history from a "
                 "file has none. Until then these are the figures of the last training, on outcomes that it had not "
                 "seen.") % said  # fmt: skip

    @property
    def finding_of_months(self) -> str:
        """One sentence above the months: the newest of them."""
        month = self.foretold.months[-1]
        said = {"month": month.name, "won": month.won, "n": month.outcomes,
                "chance": f"{month.expected['chance']:.1f}", "points": f"{month.expected['points']:.1f}"}  # fmt: skip
        return (
            _("In %(month)s %(won)d of %(n)d were won; the chances foretold %(chance)s, the points %(points)s.") % said
        )

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
