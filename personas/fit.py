"""Which persona a profile fits, and why. Plain data in, plain data out: nothing here knows what a lead is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class HasRules(Protocol):
    """Anything that fit rules hang on: a persona, or a stand-in for one."""

    rules: Any


@dataclass(frozen=True)
class Rule:
    """One recognisable trait: `field` of the profile compared by `op` with `value` is worth `points`."""

    field: str
    op: str
    value: Any
    points: int
    label: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Rule:
        return cls(str(data["field"]), str(data["op"]), data["value"], int(data["points"]), str(data.get("label", "")))

    def holds(self, profile: Mapping[str, Any]) -> bool:
        actual = profile.get(self.field)
        if actual in (None, ""):
            return False
        try:
            return OPERATORS[self.op](actual, self.value)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return False

    def __str__(self) -> str:
        return self.label or f"{self.field.replace('_', ' ')} {self.op.replace('_', ' ')} {self._value()}"

    def _value(self) -> str:
        return " / ".join(map(str, self.value)) if isinstance(self.value, list) else str(self.value)


def _listed(value: Any) -> list[str]:
    return [str(item).casefold() for item in (value if isinstance(value, list) else [value])]


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda actual, value: str(actual).casefold() in _listed(value),
    "is_not": lambda actual, value: str(actual).casefold() not in _listed(value),
    "contains": lambda actual, value: any(item in str(actual).casefold() for item in _listed(value)),
    "at_least": lambda actual, value: float(actual) >= float(value),
    "at_most": lambda actual, value: float(actual) <= float(value),
    "known": lambda actual, value: True,
}


@dataclass(frozen=True)
class Fit:
    """The best persona for a profile (None when no rule holds), its points and the rules that gave them."""

    persona: Any
    points: int
    reasons: tuple[Rule, ...]


def holding(rules: Iterable[Mapping[str, Any]], profile: Mapping[str, Any]) -> tuple[Rule, ...]:
    return tuple(rule for rule in map(Rule.read, rules) if rule.holds(profile))


def fit(profile: Mapping[str, Any], personas: Iterable[HasRules]) -> Fit:
    """The persona whose rules give this profile the most points; the first listed wins a tie."""
    best = Fit(None, 0, ())
    for persona in personas:
        reasons = holding(persona.rules, profile)
        points = sum(rule.points for rule in reasons)
        if points > best.points:
            best = Fit(persona, points, reasons)
    return best


def validate_rules(rules: Any) -> None:
    """Raise ValidationError unless this is a list of readable rules."""
    if not isinstance(rules, list):
        raise ValidationError(_("Fit rules are a list."))
    for number, data in enumerate(rules, 1):
        try:
            rule = Rule.read(data)
        except (KeyError, TypeError, ValueError) as error:
            raise ValidationError(
                _("Rule %(number)d needs field, op, value and whole points."), params={"number": number}
            ) from error
        if rule.op not in OPERATORS:
            raise ValidationError(
                _("Rule %(number)d: %(op)s is not one of %(known)s."),
                params={"number": number, "op": rule.op, "known": ", ".join(OPERATORS)},
            )
