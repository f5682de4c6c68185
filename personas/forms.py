"""Writing a persona: who they are in words, and how to recognise one in rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from personas import writing
from personas.fit import OPERATORS
from personas.models import Persona

FIELDS = [
    ("job_title", _("Job title")),
    ("industry", _("Industry of the company")),
    ("size", _("Staff of the company")),
    ("country", _("Country")),
    ("company", _("Company name")),
    ("source", _("Source")),
    ("business_email", _("Business e-mail (yes)")),
]
COMPARISONS = {
    "contains": _("contains"),
    "is": _("is"),
    "is_not": _("is not"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "known": _("is known"),
}
assert set(COMPARISONS) == set(OPERATORS)
NUMBERS = {"at_least", "at_most"}


class PersonaForm(forms.ModelForm):  # type: ignore[type-arg]
    retired = forms.BooleanField(label=_("Retired: fits nobody new"), required=False)

    class Meta:
        model = Persona
        fields = (
            "name", "summary", "buying_role", "hopes", "fears", "dreams", "dreads", "objections", "what_to_say",
        )  # fmt: skip
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in ("hopes", "fears", "dreams", "dreads", "objections", "what_to_say")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["retired"].initial = self.instance.retired_at is not None

    def attempt(self, rules: Any) -> bool:
        """Write the persona down with these rows of rules; where it cannot be meant, the forms say why."""
        if not (self.is_valid() and rules.is_valid()):
            return False
        said = {name: value for name, value in self.cleaned_data.items() if name != "retired"}
        try:
            writing.write(self.instance, rules=rules_of(rules), retired=self.cleaned_data["retired"], **said)
        except ValidationError as error:
            self.add_error(None, error.messages)
        return not self.errors


class RuleForm(forms.Form):
    field = forms.CharField(label=_("When"), widget=forms.Select)
    op = forms.ChoiceField(label=_("compares"), choices=list(COMPARISONS.items()))
    value = forms.CharField(label=_("with"), required=False, max_length=300)
    points = forms.IntegerField(label=_("points"), min_value=-50, max_value=50, initial=5)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(FIELDS)
        said = self.initial.get("field") or self.data.get(self.add_prefix("field"), "")
        if said and said not in dict(FIELDS):
            known.append((said, said))
        self.fields["field"].widget.choices = known

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        value, op = said.get("value", ""), said.get("op")
        if op != "known" and not value and not self.errors:
            self.add_error("value", _("Say what to compare with; several, with a comma between them."))
        if op in NUMBERS and value and not value.replace(".", "", 1).isdigit():
            self.add_error("value", _("Expected a number."))
        return said

    def rule(self) -> dict[str, Any]:
        """The rule as a persona keeps it: several values as a list."""
        said = self.cleaned_data
        value: Any = said["value"].strip()
        if said["op"] in ("contains", "is", "is_not"):
            value = [part.strip() for part in value.split(",") if part.strip()]
        return {"field": said["field"], "op": said["op"], "value": value, "points": said["points"]}


RuleSet = forms.formset_factory(RuleForm, extra=2, max_num=30, can_delete=True)


def rule_set(persona: Persona | None, data: Any = None) -> Any:
    """The rules of a persona as rows to edit, two empty ones at the end."""
    rules = persona.rules if persona else []
    rows = [
        {**rule, "value": ", ".join(rule["value"]) if isinstance(rule["value"], list) else rule["value"]}
        for rule in rules
    ]
    return RuleSet(data, initial=rows, prefix="rules")


def rules_of(rows: Any) -> list[dict[str, Any]]:
    kept = (row for row in rows if row.cleaned_data and not row.cleaned_data.get("DELETE"))
    return [row.rule() for row in kept]
