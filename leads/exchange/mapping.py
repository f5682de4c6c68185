"""Which column of a file means what: read from JSON, checked against the header, applied row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads import identity
from leads.exchange.fields import COMPANY_FIELDS, DEAL_FIELDS, EXPECTED, LEAD_FIELDS, LIMITS, NAMING, ROW, known_target
from leads.exchange.files import Row

WON, LOST = "won", "lost"


@dataclass
class Problem:
    """What is wrong, or odd, with one cell of one row."""

    row: int
    column: str
    expected: str
    found: str = ""
    refused: bool = True

    @property
    def words(self) -> str:
        """One line for a terminal."""
        said = {"row": self.row, "column": self.column, "expected": self.expected, "found": self.found}
        if self.refused:
            return _("row %(row)d, %(column)s: expected %(expected)s, found %(found)s") % said
        return _("warning: row %(row)d, %(column)s: expected %(expected)s, found %(found)s") % said


class Refused(Exception):
    """A row that cannot become a lead, and every reason why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass
class Said:
    """What one row says: the payload for `leads.capture`, its profile, and how it ended, if it says so."""

    row: int
    payload: dict[str, Any]
    profile: identity.Profile
    result: str = ""
    at: datetime | None = None

    @property
    def outcome_key(self) -> str:
        """The same ending of the same person in the same system is the same event, whenever the file comes again."""
        kind, system, value = self.profile.keys[0]
        key = f"outcome:{kind}:{system}:{value}:{self.result}"
        return key if len(key) <= 160 else f"outcome:{identity.sign((kind, system, value))}:{self.result}"


@dataclass
class Outcome:
    """Where a file says how a lead ended."""

    column: str = ""
    won: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    value: str = ""
    at: str = ""

    @classmethod
    def read(cls, data: Any) -> Outcome:
        if not isinstance(data, dict) or set(data) - {"column", "won", "lost", "value", "at"}:
            raise ValidationError(_('outcome: expected "column", "won", "lost", "at", or "value" and "at".'))
        value = data.get("value", "")
        if value and value not in (WON, LOST):
            raise ValidationError(_('outcome: "value" is "won" or "lost".'))
        column = _name(data.get("column", ""))
        if bool(value) == bool(column):
            raise ValidationError(_('outcome: either a "column", or a "value" for every row.'))
        won, lost = (frozenset(_words(data.get(name, []), name)) for name in (WON, LOST))
        if column and not won and not lost:
            raise ValidationError(_('outcome: say which words of the column are "won" and which are "lost".'))
        if both := won & lost:
            raise ValidationError(_("outcome: %(word)s cannot be both won and lost.") % {"word": min(both)})
        return cls(column, won, lost, str(value), _name(data.get("at", "")))

    def of(self, word: str) -> str:
        if self.value:
            return self.value
        word = word.strip().casefold()
        return WON if word in self.won else LOST if word in self.lost else ""


def _name(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValidationError(_("Expected the name of a column, found %(found)s.") % {"found": str(raw)[:40]})
    return raw


def _words(raw: Any, name: str) -> list[str]:
    if not isinstance(raw, list):
        raise ValidationError(_('outcome: "%(name)s" is a list of words.') % {"name": name})
    return [str(word).strip().casefold() for word in raw]


@dataclass
class FileMapping:
    """The meaning of a file's columns."""

    columns: dict[str, str]
    separator: str = ""
    defaults: dict[str, str] = field(default_factory=dict)
    system: str = ""
    unmapped: str = ""
    outcome: Outcome | None = None

    @classmethod
    def read(cls, data: Any) -> FileMapping:
        """Read a mapping; raise one ValidationError with every sentence about what is wrong with it."""
        if not isinstance(data, dict):
            raise ValidationError(_('A mapping is an object with "columns".'))
        known = {"separator", "columns", "defaults", "system", "unmapped", "outcome"}
        errors = [
            _("%(name)s is not part of a mapping. It may say: %(known)s.")
            % {"name": str(name)[:40], "known": ", ".join(sorted(known))}
            for name in data
            if name not in known
        ]
        columns, defaults = data.get("columns"), data.get("defaults", {})
        if not isinstance(columns, dict) or not columns:
            errors.append(_('"columns" maps at least one column of the file to a field.'))
            columns = {}
        if not isinstance(defaults, dict):
            errors.append(_('"defaults" maps fields to values.'))
            defaults = {}
        for target in [*columns.values(), *defaults]:
            if target == "stage":
                errors.append(_("A stage is never imported: it follows from what happened. Say how leads ended by "
                                '"outcome".'))  # fmt: skip
            elif not known_target(target):
                errors.append(_("%(target)s is not a field. Fields are: %(known)s.") % _known(target))
        for target, value in defaults.items():
            if target in NAMING:
                errors.append(_("%(target)s names one person, so it has no default.") % {"target": target})
            elif isinstance(value, bool) or not isinstance(value, str | int | float):
                errors.append(_("The default of %(target)s is a text or a number.") % {"target": str(target)[:80]})
        taken = [target for target in columns.values() if isinstance(target, str)]
        for target in sorted({target for target in taken if taken.count(target) > 1}):
            errors.append(_("Two columns are mapped to %(target)s; choose one.") % {"target": target})
        if columns.get(ROW, "external_id") != "external_id":
            errors.append(_("@row can only be the external_id."))
        separator = data.get("separator", "")
        separator = "\t" if separator == "\\t" else separator
        if not isinstance(separator, str) or len(separator) > 1 or separator in ('"', "\n", "\r"):
            errors.append(_('"separator" is one character, such as ; or \\t.'))
        system = data.get("system", "")
        if not isinstance(system, str) or len(system) > identity.TEXT_FIELDS["system"]:
            errors.append(_('"system" is a name of at most 60 characters.'))
        if data.get("unmapped", "") not in ("", "custom", "ignore"):
            errors.append(_('"unmapped" is "custom" or "ignore".'))
        outcome = None
        if data.get("outcome"):
            try:
                outcome = Outcome.read(data["outcome"])
            except ValidationError as error:
                errors += error.messages
        if not errors and not NAMING & set(columns.values()):
            errors.append(
                _("A lead needs an e-mail, a phone or its number in another system: map a column to one of them.")
            )
        if errors:
            raise ValidationError(errors)
        texts = {str(target): str(value) for target, value in defaults.items()}
        unmapped = "custom" if data.get("unmapped") == "custom" else ""
        return cls(dict(columns), separator, texts, system.strip(), unmapped, outcome)

    @property
    def only_outcomes(self) -> bool:
        """Whether the file tells only how leads ended, so that it can join leads but not make any."""
        said = [*self.columns.values(), *self.defaults]
        return bool(self.outcome) and not self.unmapped and all(_is_join(target) for target in said)

    def check(self, header: Sequence[str], separator: str) -> None:
        """Raise ValidationError unless every column that is named is in the file."""
        named = [name for name in self.columns if name != ROW]
        if self.outcome:
            named += [name for name in (self.outcome.column, self.outcome.at) if name]
        missing = [name for name in dict.fromkeys(named) if name not in header]
        if not missing:
            return
        words = {"missing": ", ".join(missing), "header": ", ".join(header)[:500]}
        text = _("The file has no column %(missing)s. It has: %(header)s.") % words
        if len(header) == 1 and re.search("[;,\t|]", header[0]):
            text += " " + _("Is it separated by something else than %(separator)s?") % {"separator": repr(separator)}
        raise ValidationError(text)

    def reader(self, header: Sequence[str], digest: str) -> Callable[[Row], Said]:
        """A function that makes what it says of a row, or raises Refused."""
        return _Reader(self, header, digest).read


def _is_join(target: str) -> bool:
    return target == "external_id" or target.startswith("deal.")


def _known(target: Any) -> dict[str, str]:
    fields = [*LEAD_FIELDS, *(f"company.{name}" for name in COMPANY_FIELDS), *(f"deal.{name}" for name in DEAL_FIELDS)]
    return {"target": str(target)[:80], "known": ", ".join([*fields, "custom.NAME"])}


class _Reader:
    """A mapping laid over one file's header."""

    def __init__(self, mapping: FileMapping, header: Sequence[str], digest: str) -> None:
        self.mapping, self.header, self.digest = mapping, header, digest
        place = {name: index for index, name in enumerate(header)}
        self.column = {self._target(target): name for name, target in mapping.columns.items()}
        self.places = [(place[name], self._target(target)) for name, target in mapping.columns.items() if name != ROW]
        if mapping.unmapped:
            outcome = mapping.outcome or Outcome()
            used = {*mapping.columns, outcome.column, outcome.at}
            for name in header:
                if name not in used:
                    self.places.append((place[name], f"custom.{name[:80]}"))
                    self.column[f"custom.{name[:80]}"] = name
        self.defaults = [(self._target(target), value) for target, value in mapping.defaults.items()]
        self.by_row = ROW in mapping.columns
        outcome = mapping.outcome or Outcome()
        self.ends, self.ends_at = place.get(outcome.column), place.get(outcome.at)

    @staticmethod
    def _target(target: str) -> str:
        return "company.name" if target == "company" else target

    def read(self, row: Row) -> Said:
        if row.error:
            raise Refused([Problem(row.number, "", row.error, row.found)])
        values = {target: text for index, target in self.places if (text := row.cells[index].strip())}
        if self.by_row:
            values["external_id"] = f"{self.digest[:16]}:{row.number}"
        for target, value in self.defaults:
            values.setdefault(target, value)
        parts = [part for target in ("first_name", "last_name") if (part := values.pop(target, ""))]
        if parts:  # a lead has one name: not every culture splits it in two
            values.setdefault("name", " ".join(parts))
        payload = self._payload(values)
        result, at, deal, problems = self._outcome(row, values)
        try:
            profile = identity.Profile.read(payload)
        except ValidationError as error:
            raise Refused(problems + self._problems(row, values, error)) from error
        if problems:
            raise Refused(problems)
        said = Said(row.number, payload, profile, result, at)
        if result:
            payload["outcome"] = {"result": result, "key": said.outcome_key, "deal": deal}
            if at:
                payload["outcome"]["at"] = at.isoformat()
        return said

    def _payload(self, values: Mapping[str, str]) -> dict[str, Any]:
        payload: dict[str, Any] = {}
        for target, text in values.items():
            group, dot, name = target.partition(".")
            if not dot:
                payload[target] = text
            elif group != "deal":
                payload.setdefault(group, {})[name] = text
        if "external_id" in payload and self.mapping.system:
            payload["system"] = self.mapping.system
        return payload

    def _outcome(
        self, row: Row, values: Mapping[str, str]
    ) -> tuple[str, datetime | None, dict[str, Any], list[Problem]]:
        outcome, problems = self.mapping.outcome, []
        result = outcome.of(row.cells[self.ends] if self.ends is not None else "") if outcome else ""
        if not outcome or not result:
            return "", None, {}, []
        deal: dict[str, Any] = {}
        at: datetime | None = None
        for target, text in values.items():
            group, _dot, name = target.partition(".")
            if group != "deal":
                continue
            try:
                if name == "amount":
                    deal[name] = str(identity.read_amount(text))
                elif name == "currency":
                    deal[name] = identity.read_currency(text)
                elif name == "name":
                    deal[name] = text[:200]
                else:
                    deal.setdefault("custom", {})[name] = text
            except ValidationError:
                problems.append(Problem(row.number, self._name(target), str(EXPECTED[name]), _cut(text)))
        if self.ends_at is not None and (text := row.cells[self.ends_at].strip()):
            try:
                at = identity.read_moment(text)
            except ValidationError:
                problems.append(Problem(row.number, outcome.at, str(EXPECTED["at"]), _cut(text)))
        return result, at, deal, problems

    def _problems(self, row: Row, values: Mapping[str, str], error: ValidationError) -> list[Problem]:
        """An error of the profile, told by the columns of the file."""
        problems = []
        for name in error.message_dict:
            for target in self._at_fault(name, values):
                text, limit = values.get(target, ""), LIMITS.get(target, 0)
                if not text:
                    expected = _("an e-mail, a phone or an external id")
                elif limit and len(text) > limit:
                    expected, text = _("at most %(limit)d characters") % {"limit": limit}, _length(text)
                else:
                    expected = str(
                        EXPECTED.get(target.rpartition(".")[2], EXPECTED.get(name, error.message_dict[name][0]))
                    )
                problems.append(Problem(row.number, self._name(target), expected, _cut(text)))
        return problems

    def _at_fault(self, name: str, values: Mapping[str, str]) -> list[str]:
        if name == "company":
            parts = [target for target in values if target.startswith("company.")]
            return [target for target in parts if not _reads_as_company(target, values[target])] or parts[:1]
        if name == "custom":
            parts = [target for target in values if target.startswith("custom.")]
            return [max(parts, key=lambda target: len(values[target]))]
        return [name]

    def _name(self, target: str) -> str:
        return self.column.get(target) or (_("default of %(field)s") % {"field": target} if target else "")


def _reads_as_company(target: str, text: str) -> bool:
    try:
        identity.read_company({target.partition(".")[2]: text})
    except ValidationError:
        return False
    return True


def _length(text: str) -> str:
    return _("%(count)d characters") % {"count": len(text)}


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}... ({_length(text)})"
