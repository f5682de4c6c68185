"""The terms of an agreement in words: on its page, in what a draft changes, and in the form that a person fills in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

import holidays as public_holidays
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.choices import WEEKDAYS
from handoff import agreement
from handoff.models import Agreement
from leads import points
from leads.definition import ACTIONS, named
from leads.identity import country
from personas.models import Persona

#: '8 h', '1 h 30 min', '90 minutes', '1.5 hours'
SPOKEN = re.compile(
    r"^(?:(?P<hours>\d{1,4}(?:[.,]\d{1,2})?)\s*(?:h|hrs?|hours?))?\s*(?:and\s+)?"
    r"(?:(?P<minutes>\d{1,5})\s*(?:m|mins?|minutes?))?$",
    re.IGNORECASE,
)
CLOCK = re.compile(r"^(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)$")


def length(minutes: int) -> str:
    """A length of business time as people say it: '8 h', '1 h 30 min'."""
    hours, rest = divmod(int(minutes), 60)
    if hours and rest:
        return _("%(h)s h %(m)s min") % {"h": hours, "m": rest}
    return _("%(n)s h") % {"n": hours} if hours else _("%(n)s min") % {"n": rest}


def read_length(text: str) -> int:
    """The minutes that somebody means by '8 h', '1 h 30 min' or '1:30'; raise ValidationError when it has no unit."""
    found = SPOKEN.match(text.strip()) or CLOCK.match(text.strip())
    if not found or not any(found.groups()):
        raise ValidationError(_("Say it in hours and minutes, such as 8 h or 1 h 30 min."))
    hours = Decimal((found["hours"] or "0").replace(",", "."))
    return int(hours * 60) + int(found["minutes"] or 0)


class DayOff(NamedTuple):
    """A day on which no clock runs, and why."""

    day: date
    name: str


def next_days_off(code: str, own: Iterable[date], *, today: date, number: int = 6) -> list[DayOff]:
    """The holidays and days of one's own that come next, so that a person sees whether the calendar is right."""
    years = (today.year, today.year + 1)
    known = dict(public_holidays.country_holidays(code, years=years)) if code else {}
    for day in own:
        known[day] = f"{known[day]}, {_('day off of our own')}" if day in known else _("Day off of our own")
    return [DayOff(day, known[day]) for day in sorted(known) if day >= today][:number]


class Term(NamedTuple):
    """One thing that an agreement says: what it is called, and how a value of it reads."""

    label: Any
    words: Callable[[Any], str]


def _plain(value: Any) -> str:
    return str(value) if value not in (None, "") else _("not agreed")


def _reason(value: Any) -> str:
    return str(value) if value else _("no reason given")


def _length(value: Any) -> str:
    return length(int(value))


def _points(value: Any) -> str:
    return _("%(n)d of 100") % {"n": value}


def _facts(value: Any) -> str:
    return ", ".join(named(name) for name in value) or _("none")


def _actions(value: Any) -> str:
    return ", ".join(str(ACTIONS.get(kind, kind)) for kind in value) or _("only asking to talk")


def _days(value: Any) -> str:
    names = dict(WEEKDAYS)
    return ", ".join(str(names[int(day)]) for day in sorted(value))


def _hours(value: Any) -> str:
    names = dict(WEEKDAYS)
    days = sorted((int(day), said) for day, said in value.items())
    return ", ".join(f"{names[day]} {opens}-{closes}" for day, (opens, closes) in days) or _("none")


def _dates(value: Any) -> str:
    read = (parse_date(day) if isinstance(day, str) else day for day in value)
    return ", ".join(date_format(day, "j M Y") for day in read if day) or _("none")


def _time(value: Any) -> str:
    read = parse_time(value) if isinstance(value, str) else value
    return f"{read:%H:%M}" if isinstance(read, time) else str(value)


def _rules(value: Any) -> str:
    rules = sum(len(value[group]) for group in points.GROUPS)
    return ngettext("%(n)d rule", "%(n)d rules", rules) % {"n": rules}


def _percent(value: Any) -> str:
    return _("%(n)s %%") % {"n": value} if value is not None else _("not agreed")


def _amount(value: Any) -> str:
    if value is None:
        return _plain(value)
    return _("€%(amount)s") % {"amount": number_format(Decimal(str(value)), decimal_pos=0, force_grouping=True)}


def _times(value: Any) -> str:
    return ngettext("%(n)d time", "%(n)d times", value) % {"n": value}


def _business_days(value: Any) -> str:
    return ngettext("%(n)d business day", "%(n)d business days", value) % {"n": value}


def _never(value: Any) -> str:
    return length(int(value)) if value else _("never")


def _both(value: Any) -> str:
    return _("both teams") if value else _("either team")


def _country(value: Any) -> str:
    return country(value) if value else _("no country")


TERMS: dict[str, Term] = {
    "mql_line": Term(gettext_lazy("MQL line"), _points),
    "required_facts": Term(gettext_lazy("Facts that an MQL has"), _facts),
    "personas": Term(gettext_lazy("Personas that an MQL is one of"), _plain),
    "high_intent": Term(gettext_lazy("Actions that skip the line"), _actions),
    "points": Term(gettext_lazy("Points"), _rules),
    "definition": Term(gettext_lazy("What an MQL is, in words"), _plain),
    "leads_a_month": Term(gettext_lazy("Leads offered a month"), _plain),
    "value_a_month": Term(gettext_lazy("Expected value offered a month"), _amount),
    "completeness": Term(gettext_lazy("Facts known of a lead that is offered"), _percent),
    "accept_within": Term(gettext_lazy("Accept or return within"), _length),
    "attempt_within": Term(gettext_lazy("First attempt within"), _length),
    "hand_raise_within": Term(gettext_lazy("Answer who asked to talk within"), _length),
    "contact_within": Term(gettext_lazy("Two-way contact within"), _length),
    "attempts": Term(gettext_lazy("Attempts before a lead is unreachable"), _plain),
    "attempts_days": Term(gettext_lazy("Spread over"), _business_days),
    "both_qualify": Term(gettext_lazy("Qualified is said by"), _both),
    "remind_before": Term(gettext_lazy("Reminder before a promise ends"), _length),
    "escalate_after": Term(gettext_lazy("Managers hear after it ended"), _length),
    "reassign_after": Term(gettext_lazy("Given to another rep after that"), _never),
    "reassign_most": Term(gettext_lazy("Given on by the clock at most"), _times),
    "weekdays": Term(gettext_lazy("Working days"), _days),
    "opens": Term(gettext_lazy("Working hours from"), _time),
    "closes": Term(gettext_lazy("Working hours to"), _time),
    "hours": Term(gettext_lazy("Weekdays with hours of their own"), _hours),
    "time_zone": Term(gettext_lazy("Time zone"), _plain),
    "holidays": Term(gettext_lazy("Without the holidays of"), _country),
    "days_off": Term(gettext_lazy("Days off of our own"), _dates),
    "why": Term(gettext_lazy("Why it changes"), _reason),
}


class Change(NamedTuple):
    """A term that one version says otherwise than another, in words."""

    name: str
    label: str
    old: str
    new: str


#: The name of each persona by id, and whether it is retired.
Names = Mapping[int, tuple[str, bool]]


def persona_names() -> dict[int, tuple[str, bool]]:
    found = Persona.objects.order_by("name").values_list("pk", "name", "retired_at")
    return {pk: (name, retired_at is not None) for pk, name, retired_at in found}


def words(name: str, value: Any, personas: Names) -> str:
    """A value of a term as people read it."""
    if name == "personas":
        return ", ".join(personas.get(int(pk), (_("a persona that is gone"), True))[0] for pk in value) or _("any")
    return TERMS[name].words(value)


def changes(found: Mapping[str, Iterable[Any]], personas: Names) -> list[Change]:
    """Differences of terms, in the order in which an agreement says them."""
    told = []
    for name in (name for name in TERMS if name in found):
        old, new = found[name]
        if name == "points":
            told += [Change(name, *difference) for difference in points.differences(old, new)]
            continue
        told.append(Change(name, str(TERMS[name].label), words(name, old, personas), words(name, new, personas)))
    return told


def between(old: Agreement, new: Agreement, personas: Names) -> list[Change]:
    """What a version changes of another, term by term."""
    return changes(agreement.differences(old, new), personas)


def today_in(zone: Any) -> date:
    """The day that it is where the agreement counts its hours."""
    return datetime.now(timezone.get_default_timezone()).astimezone(zone).date()
