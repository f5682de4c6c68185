"""The agreed points as data: which rules there may be, what is wrong with a table of them, and what differs in two."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from leads import engagement
from leads.definition import FACTS, touch
from leads.payload import KIND, KIND_LENGTH, OWN_KINDS

FIT, ENGAGEMENT = GROUPS = ("fit", "engagement")
#: So many rules a table has at most, and so many points one is worth either way.
MOST, WEIGHT = 60, 50
#: After so many days a touch is worth half; None: it never fades.
HALF_LIVES = (*engagement.HALF_LIVES, None)
LABEL, WORD, WORDS = 80, 120, 60
#: A count and a number of idle days go as far as this.
FARTHEST = 3_650

#: A number whose thousands are set apart, by whichever sign: read as a decimal it would be a thousandth.
GROUPED = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")

CUSTOM = "custom."
#: Fields that rules of fit read; any further field is `custom.NAME`.
FIELDS: dict[str, Any] = {**FACTS, "source": gettext_lazy("source")}
OPS: dict[str, Any] = {
    "is": pgettext_lazy("rule", "is"),
    "is_not": pgettext_lazy("rule", "is not"),
    "contains": pgettext_lazy("rule", "contains"),
    "at_least": pgettext_lazy("rule", "is at least"),
    "at_most": pgettext_lazy("rule", "is at most"),
    "known": pgettext_lazy("rule", "is known"),
}
NUMERIC, BARE = ("at_least", "at_most"), ("known",)
#: What the fact of a business e-mail says, where it says anything.
YES = "yes"
EACH, COUNT, IDLE = "each", "count", "idle"
#: How rules of engagement count.
COUNTS: dict[str, Any] = {
    EACH: pgettext_lazy("rule", "each time"),
    COUNT: pgettext_lazy("rule", "once, after so many times"),
    IDLE: pgettext_lazy("rule", "once, after so many days without"),
}

Rule = dict[str, Any]


def clean(points: Any) -> dict[str, list[Rule]]:
    """A table of points as it may be stored.

    Raises ValidationError that names each wrong field of each rule, as `fit-0-points`; what concerns the table as a
    whole stands under its group.
    """
    if not isinstance(points, Mapping) or not all(isinstance(points.get(group), list) for group in GROUPS):
        raise ValidationError({FIT: [_("Points are two lists of rules: fit and engagement.")]})
    if sum(len(points[group]) for group in GROUPS) > MOST:
        said = _("More than %(most)d rules cannot be told apart. Remove some; the others were kept.")
        raise ValidationError({ENGAGEMENT: [said % {"most": MOST}]})
    errors: dict[str, list[str]] = {}
    table: dict[str, list[Rule]] = {group: [] for group in GROUPS}
    for group, read in ((FIT, _fit), (ENGAGEMENT, _engagement)):
        for number, data in enumerate(points[group]):
            reader = _Reader(data if isinstance(data, Mapping) else {})
            rule = read(reader)
            if not reader.errors:
                _refuse_twins(reader, rule, table[group])
            errors |= {f"{group}-{number}-{name}": said for name, said in reader.errors.items()}
            table[group].append(rule)
    if not errors and not any(rule["points"] > 0 for group in GROUPS for rule in table[group]):
        errors[FIT] = [_("No rule gives points, so nobody could reach the line.")]
    if errors:
        raise ValidationError(errors)
    return table


@dataclass
class _Reader:
    """One rule as it was said, and what is wrong with it by field."""

    data: Mapping[str, Any]
    errors: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, said: str) -> None:
        self.errors.setdefault(name, []).append(said)

    def words(self, name: str, most: int, empty: str) -> str:
        said = self.data.get(name)
        text = " ".join(said.replace("\x00", "").split()) if isinstance(said, str) else ""
        if not text:
            self.refuse(name, empty)
        elif len(text) > most:
            self.refuse(name, _("At most %(most)d letters have room.") % {"most": most})
        return text

    def choice(self, name: str, known: Any, empty: str) -> Any:
        said = self.data.get(name)
        if not isinstance(said, str | int | None) or isinstance(said, bool) or said not in known:
            self.refuse(name, empty)
        return said

    def whole(self, name: str, least: int, most: int) -> int:
        number = self.number(name)
        if number is None:
            return 0
        if number != int(number) or not least <= number <= most:
            said = _("Choose a whole number from %(least)d to %(most)d.")
            self.refuse(name, said % {"least": least, "most": most})
            return 0
        return int(number)

    def number(self, name: str) -> float | None:
        said = self.data.get(name)
        if isinstance(said, str) and GROUPED.fullmatch(said.strip()):
            self.refuse(name, _("Write it without separators: 1000."))
            return None
        try:
            number = float(str(said).replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.refuse(name, _("Say it as a number."))
            return None
        return number

    def worth(self) -> int:
        points = self.whole("points", -WEIGHT, WEIGHT)
        if points == 0 and "points" not in self.errors:
            self.refuse("points", _("No points change nothing: say how many, or remove the rule."))
        return points


def _fit(reader: _Reader) -> Rule:
    rule: Rule = {"label": reader.words("label", LABEL, _("Say in a few words what it looks at."))}
    rule["field"] = name = reader.words("field", WORD, _("Choose a field."))
    if name and name not in FIELDS and not (name.startswith(CUSTOM) and name != CUSTOM):
        reader.refuse("field", _("%(name)s is not a field of a lead.") % {"name": name})
    rule["op"] = op = reader.choice("op", OPS, _("Choose how it is compared."))
    rule["value"] = "" if op in BARE else reader.number("value") if op in NUMERIC else _listed(reader)
    if isinstance(rule["value"], float) and rule["value"].is_integer():
        rule["value"] = int(rule["value"])
    if name == "business_email" and op in ("is", "is_not", "contains") and rule["value"] != YES:
        reader.refuse("value", _("A business e-mail is known or not: say yes."))
    rule["points"] = reader.worth()
    return rule


def _listed(reader: _Reader) -> str | list[str]:
    """A word, or several of which one is enough."""
    said = reader.data.get("value")
    said = said if isinstance(said, list) else [said]
    words = [" ".join(str(word).replace("\x00", "").split()) for word in said if word not in (None, "")]
    words = list(dict.fromkeys(word for word in words if word))
    if not words:
        reader.refuse("value", _("Say what it is compared with."))
    elif any(";" in word for word in words):
        reader.refuse("value", _("A semicolon parts words; none of them may have one."))
    elif len(words) > WORDS or max(map(len, words)) > WORD:
        reader.refuse("value", _("At most %(n)d words of %(most)d letters have room.") % {"n": WORDS, "most": WORD})
    return words[0] if len(words) == 1 else words


def _engagement(reader: _Reader) -> Rule:
    rule: Rule = {"label": reader.words("label", LABEL, _("Say in a few words what it looks at."))}
    rule["op"] = op = reader.choice("op", COUNTS, _("Choose how it counts."))
    kind = reader.data.get("kind")
    rule["kind"] = kind = kind.strip() if isinstance(kind, str) else ""
    if kind and (len(kind) > KIND_LENGTH or not KIND.fullmatch(kind) or kind.partition(":")[0] in OWN_KINDS):
        reader.refuse("kind", _("%(kind)s is nothing that a lead does.") % {"kind": kind[:WORD]})
    elif not kind and op != IDLE:
        reader.refuse("kind", _("Choose what they do."))
    rule["points"] = reader.worth()
    if op == EACH:
        rule["cap"] = reader.whole("cap", 1, WEIGHT)
        if not reader.errors and abs(rule["points"]) > rule["cap"]:
            reader.refuse("cap", _("One touch alone is worth more. Let at least so many points count."))
        rule["half_life"] = reader.choice(
            "half_life", HALF_LIVES, _("Choose 7, 30 or 90 days, or that it never fades.")
        )
    elif op in COUNTS:
        rule["value"] = reader.whole("value", 1, FARTHEST)
    return rule


def _refuse_twins(reader: _Reader, rule: Rule, others: list[Rule]) -> None:
    for other in others:
        if other["label"].casefold() == rule["label"].casefold():
            reader.refuse("label", _("Another rule is called the same."))
        elif key(other) == key(rule):
            reader.refuse("label", _("“%(label)s” asks the same already.") % {"label": other["label"]})


def key(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a rule looks at, whatever it is called and however many points it gives."""
    if "field" not in rule:
        return rule["kind"], rule.get("op", EACH), rule.get("value"), rule.get("half_life")
    value = rule["value"] if isinstance(rule["value"], list) else [rule["value"]]
    return rule["field"], rule["op"], tuple(sorted(str(word).casefold() for word in value))


def gain(old: Mapping[str, Any], new: Mapping[str, Any]) -> int:
    """The most points by which anybody can stand higher by the new table than by the old one.

    A rule that both have alike gives everybody the same; any other may have taken all that it can, and may now give all
    that it can.
    """
    before = {group: [rule for rule in old[group] if rule not in new[group]] for group in GROUPS}
    after = {group: [rule for rule in new[group] if rule not in old[group]] for group in GROUPS}
    taken = sum(_most(rule) for group in GROUPS for rule in before[group] if rule["points"] < 0)
    return taken + sum(_most(rule) for group in GROUPS for rule in after[group] if rule["points"] > 0)


def _most(rule: Mapping[str, Any]) -> int:
    """The most that a rule moves a score, whichever way; a single touch beyond its cap counts as the cap."""
    return int(rule["cap"] if rule.get("op") == EACH else abs(rule["points"]))


class Difference(NamedTuple):
    """One rule that two tables have otherwise, in words; empty where one of them lacks it."""

    label: str
    old: str
    new: str


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """What a table changes of another, rule by rule: 'Pricing page: 8 points, 12 points'.

    A rule is known again by its name, or under another name by what it asks.
    """
    found = []
    for group in GROUPS:
        before, after = list(old[group]), list(new[group])
        pairs = [(_known_again(rule, before, after), rule) for rule in after]
        for was, rule in pairs:
            if was is None:
                found.append(Difference(rule["label"], _("no such rule"), ", ".join(facets(rule).values())))
            elif was != rule:
                found.append(_changed(was, rule))
        kept = [was for was, _rule in pairs if was is not None]
        gone = [rule for rule in before if rule not in kept]
        found += [Difference(rule["label"], ", ".join(facets(rule).values()), _("no such rule")) for rule in gone]
        if [was for was in before if was in kept] != kept:
            order = [", ".join(rule["label"] for rule in rules) for rules in (before, after)]
            found.append(Difference(_("Order of the rules"), *order))
    return found


def _known_again(rule: Rule, before: list[Rule], after: list[Rule]) -> Rule | None:
    named = next((was for was in before if was["label"].casefold() == rule["label"].casefold()), None)
    if named is not None:
        return named
    taken = {other["label"].casefold() for other in after}
    return next((was for was in before if key(was) == key(rule) and was["label"].casefold() not in taken), None)


def _changed(was: Rule, rule: Rule) -> Difference:
    """Only what differs of a rule is told."""
    old, new = facets(was), facets(rule)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = [", ".join(said[name] for name in names if name in said) for said in (old, new)]
    if was["label"] != rule["label"]:
        told = [", ".join(filter(None, pair)) for pair in zip((was["label"], rule["label"]), told, strict=True)]
    return Difference(rule["label"], *told)


def facets(rule: Mapping[str, Any]) -> dict[str, str]:
    """What a rule says, each part in words."""
    worth = ngettext("%(n)d point", "%(n)d points", abs(rule["points"])) % {"n": rule["points"]}
    if "field" in rule:
        return {"asks": asked(rule), "points": worth}
    kind, op = touch(rule["kind"]) if rule["kind"] else str(_("any touch")), rule.get("op", EACH)
    if op == EACH:
        half_life = rule.get("half_life")
        fades = _("half after %(n)d days") % {"n": half_life} if half_life else _("never fades")
        most = _("at most %(n)d") % {"n": rule["cap"]}
        return {"kind": kind, "op": str(COUNTS[EACH]), "points": worth, "cap": most, "half_life": fades}
    words = {
        COUNT: ngettext("after %(n)d time", "after %(n)d times", rule["value"]),
        IDLE: ngettext("after %(n)d day without", "after %(n)d days without", rule["value"]),
    }
    return {"kind": kind, "op": words[op] % {"n": rule["value"]}, "points": worth}


def asked(rule: Mapping[str, Any]) -> str:
    """What a rule of fit asks, in words: 'staff is at least 20'."""
    name, value = str(rule["field"]), rule["value"]
    said = _(" or ").join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{FIELDS.get(name, name.removeprefix(CUSTOM))} {OPS.get(rule['op'], rule['op'])} {said}".strip()
