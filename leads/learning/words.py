"""Why a lead has its chance, in words: '+14 Job: student', '-6 free e-mail address'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.learning.card import BOOSTER, POINT, POINTS, REST, Part, chance
from leads.models import Chance

NAMES: dict[str, Any] = {
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "job_title": gettext_lazy("Job title"),
    "industry": gettext_lazy("Industry"),
    "size": gettext_lazy("Staff"),
    "persona": gettext_lazy("Persona"),
    "value": gettext_lazy("Expected value"),
    "came_by": gettext_lazy("Came by"),
    "facts_known": gettext_lazy("Facts known"),
}
MAIL = {
    "": gettext_lazy("no e-mail address"),
    "free": gettext_lazy("free-mail address"),
    "business": gettext_lazy("business e-mail address"),
}
SPANS = {
    "7": gettext_lazy("lately this week"),
    "30": gettext_lazy("lately this month"),
    "90": gettext_lazy("lately this quarter"),
    "0": gettext_lazy("ever"),
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
        return _("%(points)s agreed points") % {"points": value}
    if name == BOOSTER:
        return _("how it all comes together")
    if name == REST:
        return _("everything else")
    if name == "mail":
        return str(MAIL.get(value, value))
    if name == "days_since_touch":
        return _("last touch %(days)s days ago") % {"days": value} if value else _("no touch yet")
    if name == "response_minutes":
        words = {"minutes": value}
        return _("first talk after %(minutes)s minutes") % words if value else _("no talk yet")
    if name.startswith("touches:"):
        kind = name.partition(":")[2]
        what = str(SPANS[kind]) if kind in SPANS else str(KINDS.get(kind, kind))
        return _("%(what)s: touches worth %(value)s") % {"what": what, "value": value or 0}
    said = NAMES.get(name) or name.removeprefix("custom.").replace("_", " ").capitalize()
    return f"{said}: {value or _('unknown')}"


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


def told(found: Chance) -> Told:
    """A chance in words."""
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
