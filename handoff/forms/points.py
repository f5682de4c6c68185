"""The points of a draft as people write them: a row a rule, added, moved and removed before anything is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from handoff import agreement, tally, wording
from handoff.models import Agreement
from leads import points as table  # a row has a field that is called points
from leads.points import Rule

#: A form carries at most so many rows of one half; the table itself holds fewer.
ROWS = table.MOST + 20
MOVED = re.compile(r"(?P<act>add|drop|up|down)-(?P<group>fit|engagement)(?:-(?P<number>\d{1,3}))?")
NEVER = "never"


def text(label: Any, **attrs: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, strip=False, widget=forms.TextInput(attrs=attrs))


def choice(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.Select)


class Row(forms.Form):
    """One rule as it was typed: whatever it says is kept; what is wrong with it is told by the table's one check."""

    group: ClassVar[str]
    #: What a new row says before anybody has typed.
    new: ClassVar[dict[str, str]]

    def __init__(self, said: Mapping[str, str], *, number: int, offered: tally.Offered, leads: int | None) -> None:
        self.leads, prefix = leads, f"{self.group}-{number}"
        typed = {f"{prefix}-{name}": said.get(name, "").replace("\x00", "") for name in self.base_fields}
        super().__init__(typed, prefix=prefix)
        self.full_clean()
        for name, choices in self.choices(offered).items():
            self._offer(name, choices)

    def choices(self, offered: tally.Offered) -> dict[str, Sequence[Any]]:
        raise NotImplementedError

    def _offer(self, name: str, choices: Sequence[Any]) -> None:
        """What a field may say, and what it says already."""
        said, widget = str(self[name].value() or ""), self.fields[name].widget
        known = {value for value, words in choices if not isinstance(words, list)}
        known |= {value for _heading, words in choices if isinstance(words, list) for value, _label in words}
        assert isinstance(widget, forms.Select)
        widget.choices = [*choices] if said in known else [(said, said.removeprefix(table.CUSTOM)), *choices]


class FitRow(Row):
    group, new = table.FIT, {"field": "job_title", "op": "contains"}
    label = text(gettext_lazy("Called"), maxlength=table.LABEL)
    field = choice(gettext_lazy("Field"))
    op = choice(pgettext_lazy("rule", "Compared"))
    value = text(pgettext_lazy("rule", "With"), maxlength=4_000)
    points = text(gettext_lazy("Points"), inputmode="numeric", maxlength=6)

    def choices(self, offered: tally.Offered) -> dict[str, Sequence[Any]]:
        own = [(f"{table.CUSTOM}{name}", name) for name in offered.fields]
        fields = [(_("Facts"), list(table.FIELDS.items())), *([(_("Further fields"), own)] if own else [])]
        return {"field": fields, "op": list(table.OPS.items())}

    @staticmethod
    def written(rule: Rule) -> dict[str, str]:
        """A stored rule as it stands in the fields: words are parted by commas, or by semicolons if one has a comma."""
        words = rule["value"] if isinstance(rule["value"], list) else [rule["value"]]
        said = [str(word) for word in words if word not in (None, "")]
        value = "; ".join([*said, ""]).strip() if any("," in word for word in said) else ", ".join(said)
        return {**{name: str(rule[name]) for name in ("label", "field", "op", "points")}, "value": value}

    @property
    def read(self) -> Rule:
        value = self.cleaned_data["value"]
        words = [word for word in re.split(";" if ";" in value else ",", value) if word.strip()]
        return {**self.cleaned_data, "value": value if self.cleaned_data["op"] in table.NUMERIC else words}


class EngagementRow(Row):
    group, new = table.ENGAGEMENT, {"op": table.EACH, "half_life": "30"}
    label = text(gettext_lazy("Called"), maxlength=table.LABEL)
    kind = choice(gettext_lazy("What they do"))
    op = choice(gettext_lazy("Counts"))
    value = text(gettext_lazy("Number"), inputmode="numeric", maxlength=6)
    points = text(gettext_lazy("Points"), inputmode="numeric", maxlength=6)
    cap = text(gettext_lazy("At most"), inputmode="numeric", maxlength=6)
    half_life = choice(gettext_lazy("Half after"))

    def choices(self, offered: tally.Offered) -> dict[str, Sequence[Any]]:
        fades = [(str(days), _("%(n)d days") % {"n": days}) for days in table.HALF_LIVES if days]
        kinds = [("", _("Anything that a rule names")), *offered.kinds]
        return {"kind": kinds, "op": list(table.COUNTS.items()), "half_life": [*fades, (NEVER, _("never"))]}

    @staticmethod
    def written(rule: Rule) -> dict[str, str]:
        known = {name: "" if rule.get(name) is None else str(rule[name]) for name in EngagementRow.base_fields}
        return {**known, "half_life": str(rule.get("half_life") or NEVER)}

    @property
    def read(self) -> Rule:
        said = self.cleaned_data["half_life"]
        days = {str(days): days for days in table.HALF_LIVES if days} | {NEVER: None}
        return {**self.cleaned_data, "half_life": days.get(said, said)}


class Mistake(NamedTuple):
    """One thing that is wrong with one rule, and the field where it is mended."""

    place: str
    rule: str
    field: Any
    said: str


class PointsForm(forms.Form):
    """All rules of the draft, or of what is in force while there is none. Which edit of it was shown is kept, so that
    a stale form is told.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput)
    kinds: tuple[type[FitRow], type[EngagementRow]] = (FitRow, EngagementRow)

    def __init__(self, data: Any = None, *, draft: Agreement, leads: Mapping[tuple[str, str], int]) -> None:
        super().__init__(data, initial=dict(zip(("version", "seen"), agreement.stands(draft), strict=True)))
        self.draft, self.offered, self.leads, self.focus = draft, tally.offered(), leads, ""
        self.wrong: dict[str, list[str]] = {}
        self.theirs: list[wording.Change] = []
        self.rows: dict[str, list[FitRow | EngagementRow]] = {}
        for kind in self.kinds:
            stored = [kind.written(rule) for rule in draft.points[kind.group]]
            self._draw(kind, self._typed(kind) if self.is_bound else stored)

    def _typed(self, kind: type[FitRow | EngagementRow]) -> list[dict[str, str]]:
        number = str(self.data.get(f"{kind.group}-rows", ""))
        rows = min(int(number), ROWS) if number.isdecimal() and len(number) < 4 else 0
        names = kind.base_fields
        return [{name: self.data.get(f"{kind.group}-{row}-{name}", "") for name in names} for row in range(rows)]

    def _draw(self, kind: type[FitRow | EngagementRow], said: Sequence[Mapping[str, str]]) -> None:
        leads = [self.leads.get((kind.group, one.get("label", ""))) for one in said]
        self.rows[kind.group] = [
            kind(one, number=number, offered=self.offered, leads=leads[number]) for number, one in enumerate(said)
        ]

    @property
    def mistakes(self) -> list[Mistake]:
        """What is wrong, rule by rule, with the way there."""
        return [
            Mistake(field.auto_id, row["label"].value() or _("New rule"), field.label, str(said))
            for rows in self.rows.values()
            for row in rows
            for field in row
            for said in field.errors
        ]

    @property
    def halves(self) -> list[tuple[str, list[FitRow | EngagementRow], list[str]]]:
        """Each half with its rows and what is wrong with it as a whole."""
        return [(group, rows, self.wrong.get(group, [])) for group, rows in self.rows.items()]

    def rearrange(self, asked: str) -> bool:
        """Add, move or remove a row of what was typed; nothing is saved. False when that is not what was asked."""
        found = MOVED.fullmatch(asked)
        if found is None:
            return False
        act, group, number = found["act"], found["group"], int(found["number"] or 0)
        kind = next(kind for kind in self.kinds if kind.group == group)
        said = self._typed(kind)
        if act == "add" and len(said) < ROWS:
            said = [*said, kind.new]
        elif act == "drop" and number < len(said):
            del said[number]
            self.focus = f"add-{group}"
        elif (to := number + {"up": -1, "down": 1}.get(act, 0)) != number and 0 <= to < len(said) > number:
            said[number], said[to] = said[to], said[number]
            turned = {0: "down", len(said) - 1: "up"}.get(to, act)  # at an end there is only the way back
            self.focus = f"{turned}-{group}-{to}"
        self._draw(kind, said)
        if act == "add":
            self.rows[group][-1].fields["label"].widget.attrs["autofocus"] = True
        return True

    def attempt(self, *, actor: User) -> Agreement | None:
        """Change the draft's points, or begin a draft with them, if the rules are right and nobody was quicker."""
        if not self.is_valid():
            return None
        said = {group: [row.read for row in rows] for group, rows in self.rows.items()}
        try:
            return agreement.change(actor=actor, points=said, **self.cleaned_data)
        except ValidationError as error:
            self._tell(error)
            return None

    def _catch_up(self) -> None:
        """What was typed stands over what others made of the draft meanwhile; the next save goes over that."""
        said, now = self.cleaned_data, agreement.coming()
        shown = Agreement.objects.select_related("scorecard").filter(version=said["version"]).first() or now
        found = agreement.meanwhile(shown, said["seen"], now)
        pairs = {name: (change.old, change.new) for name, change in found.items()}
        self.theirs, self.draft = wording.changes(pairs, wording.persona_names()), now
        stands = dict(zip(("version", "seen"), agreement.stands(now), strict=True))
        self.data = {**dict(self.data.items()), **{name: str(value) for name, value in stands.items()}}
        self.add_error(None, _("What you wrote is kept and not saved yet. Save again when it is right."))

    def _tell(self, error: ValidationError) -> None:
        """Each sentence where the rule stands that it is about."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            if error.code == "stale":
                self._catch_up()
            return
        for place, said in error.message_dict.items():
            group, _dash, rest = place.partition("-")
            number, _dash, name = rest.partition("-")
            if number:
                self.rows[group][int(number)].add_error(name, said)
            else:
                self.wrong.setdefault(group, []).extend(said)
        self.add_error(None, _("Some rules need another look. Everything you typed is kept; nothing is saved yet."))
