"""Why a lead has its chance, in words: '+14 Job: student', '-6 free e-mail address'."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.learning.card import BOOSTER, MEAN, POINT, POINTS, REST, Part, chance
from leads.models import Chance, Lead
from personas.choices import Stage

NAMES: dict[str, Any] = {
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "job_title": gettext_lazy("Job title"),
    "industry": gettext_lazy("Industry"),
    "size": gettext_lazy("Staff"),
    "persona": gettext_lazy("Persona"),
    "value": gettext_lazy("Expected value"),
    "facts_known": gettext_lazy("Facts known"),
    "mail": gettext_lazy("E-mail address"),
    "days_since_touch": gettext_lazy("Days since the last touch"),
    "response_minutes": gettext_lazy("Minutes until the first talk"),
}
MAIL = {
    "": gettext_lazy("no e-mail address"),
    "free": gettext_lazy("free-mail address"),
    "business": gettext_lazy("business e-mail address"),
}
#: How much somebody did over a span, by what their fading touches are worth: at least so much, in words.
SPANS: dict[str, tuple[tuple[float, Any], ...]] = {
    "7": (
        (4, gettext_lazy("did much this week")),
        (1, gettext_lazy("did something this week")),
        (0, gettext_lazy("did hardly anything this week")),
    ),
    "30": (
        (6, gettext_lazy("did much this month")),
        (1, gettext_lazy("did something this month")),
        (0, gettext_lazy("did hardly anything this month")),
    ),
    "90": (
        (8, gettext_lazy("did much this quarter")),
        (1, gettext_lazy("did something this quarter")),
        (0, gettext_lazy("did hardly anything this quarter")),
    ),
}
#: What those sums are called.
DONE = {
    "7": gettext_lazy("Touches this week"),
    "30": gettext_lazy("Touches this month"),
    "90": gettext_lazy("Touches this quarter"),
    "0": gettext_lazy("Touches so far"),
}
#: The same for one kind of touch, which is worth half after a month.
OFTEN = (
    (1.5, gettext_lazy("%(what)s: often lately")),
    (0.5, gettext_lazy("%(what)s: lately")),
    (0.001, gettext_lazy("%(what)s: long ago")),
    (0, gettext_lazy("%(what)s: never")),
)
CAME = {
    "lead:added": gettext_lazy("added by hand"),
    "lead:captured": gettext_lazy("came in through the API"),
    "lead:received": gettext_lazy("came in through a webhook"),
    "lead:imported": gettext_lazy("came in with a file"),
    "web:identified": gettext_lazy("said who they are on the website"),
    "form:submit": gettext_lazy("came in with a form"),
    "form:hand_raise": gettext_lazy("came in by asking to talk"),
}
KINDS: dict[str, Any] = {
    "web:pricing": gettext_lazy("Pricing page"),
    "web:page": gettext_lazy("Pages"),
    "form:submit": gettext_lazy("Forms"),
    "form:hand_raise": gettext_lazy("Asked to talk"),
    "event:attended": gettext_lazy("Webinars and events"),
    "email:reply": gettext_lazy("Replies to e-mails"),
    "email:click": gettext_lazy("Clicks in e-mails"),
    "call:spoke": gettext_lazy("Talks on the phone"),
    "meeting:met": gettext_lazy("Meetings"),
}
SHOWN = 3


class Reason(NamedTuple):
    """One part of a chance: its odds points against the average lead, and what it is."""

    points: int
    text: str

    @property
    def signed(self) -> str:
        return f"{self.points:+d}"

    def __str__(self) -> str:
        return f"{self.signed} {self.text}"


def text(part: Part | Sequence[Any]) -> str:
    """What a part is, in words."""
    name, value = str(part[0]), str(part[1])
    if name == POINTS:
        return _("the agreed points")  # how many stands beside it, as of now
    if name.startswith(f"{POINTS}:"):
        return name.partition(":")[2]
    if name == MEAN:
        return _("the points that a lead has on average")
    if name == BOOSTER:
        return _("how it all comes together")
    if name == REST:
        return _("everything else")
    if name == "mail":
        return str(MAIL.get(value, value))
    if name == "came_by":
        return str(CAME.get(value) or KINDS.get(value) or _plainly(value))
    if name == "days_since_touch":
        return _since(value)
    if name == "response_minutes":
        return _("first talk after %(span)s") % {"span": _span(float(value))} if value else _("no talk yet")
    if name.startswith("touches:"):
        return _touched(name.partition(":")[2], float(value or 0))
    return f"{named(name)}: {_number(value) or _('unknown')}"


def _plainly(name: str) -> str:
    """A name that nobody has worded: 'web:price_list' is 'Price list'."""
    return name.rpartition(":")[2].replace("_", " ").capitalize()


def _since(days: str) -> str:
    if not days:
        return _("no touch yet")
    whole = int(float(days))
    return ngettext("last touch %(n)d day ago", "last touch %(n)d days ago", whole) % {"n": whole}


def _span(minutes: float) -> str:
    """A length of time in its largest unit."""
    if minutes >= 2 * 1440:
        return _("%(n)d days") % {"n": round(minutes / 1440)}
    if minutes >= 2 * 60:
        return _("%(n)d hours") % {"n": round(minutes / 60)}
    return ngettext("%(n)d minute", "%(n)d minutes", round(minutes)) % {"n": round(minutes)}


def _touched(kind: str, worth: float) -> str:
    """How much somebody did, of a kind or of all, without the sum that only a machine counts with."""
    if kind == "0":
        return ngettext("%(n)d touch so far", "%(n)d touches so far", round(worth)) % {"n": round(worth)}
    steps = SPANS.get(kind, OFTEN)
    said = str(next(words for least, words in steps if worth >= least))
    return said if kind in SPANS else said % {"what": KINDS.get(kind) or _plainly(kind)}


def _number(value: str) -> str:
    """'1.5e+05' as people write it; words stay as they are."""
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    return number_format(number, decimal_pos=0 if number == int(number) else 2, use_l10n=True, force_grouping=True)


def named(name: str) -> str:
    """What a feature is called."""
    if name == "@won":
        return _("The share won")
    kind = name.partition(":")[2] if name.startswith("touches:") else ""
    if kind:
        return str(DONE.get(kind) or KINDS.get(kind) or _plainly(kind))
    return str(NAMES.get(name) or _plainly(name.removeprefix("custom.")))


class Told(NamedTuple):
    """A chance as a page, a brief and the API tell it."""

    percent: str
    average: str
    reasons: list[Reason]

    def data(self) -> dict[str, Any]:
        return {"percent": self.percent, "average": self.average, "reasons": [list(one) for one in self.reasons]}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Told:
        return cls(data["percent"], data["average"], [Reason(*one) for one in data["reasons"]])


def told(lead: Lead) -> Told | None:
    """The chance of a lead to be won, in words; None for who is a customer already, or out, and before it is said."""
    found: Chance | None = getattr(lead, "chance", None)
    if found is None or lead.stage in (Stage.CUSTOMER, Stage.OUT):
        return None
    return Told(percent(found.probability), percent(chance(found.base)), reasons(found.parts))


def percent(share: float) -> str:
    """A share as people read it: one decimal below ten percent."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def reasons(parts: Iterable[Part | Sequence[Any]]) -> list[Reason]:
    """The three parts that lift a chance most, then the three that lower it most; none that rounds to nothing."""
    found = sorted((Reason(round(float(part[2]) / POINT), text(part)) for part in parts), key=lambda one: -one.points)
    up = [one for one in found if one.points > 0][:SHOWN]
    down = [one for one in reversed(found) if one.points < 0][:SHOWN]
    return [*up, *down]
