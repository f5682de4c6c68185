"""What came in and could not be processed, as a form: a field for what leads usually have, the rest as it came."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads import mending
from leads.capture import Processed
from leads.models import Submission
from leads.payload import check

#: Fields of a lead that are one line of words, the usual ones first.
LABELS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "company": gettext_lazy("Company"),
    "job_title": gettext_lazy("Job title"),
    "country": gettext_lazy("Country"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "value": gettext_lazy("Expected value"),
    "currency": gettext_lazy("Currency"),
    "external_id": gettext_lazy("Number in another system"),
    "system": gettext_lazy("System of that number"),
    "preferred_contact": gettext_lazy("Preferred channel and time"),
}
USUAL = 4


class Mend(forms.Form):
    """The words of a submission, to be mended; what is wrong with them stands at each field from the beginning."""

    def __init__(self, data: Any = None, *, submission: Submission, actor: User) -> None:
        self.submission, self.actor = submission, actor
        self.done: Processed | None = None
        known = _said(submission.payload)
        super().__init__(data if data is not None else known)
        for number, (name, label) in enumerate(LABELS.items()):
            if number < USUAL or name in submission.payload:
                self.fields[name] = forms.CharField(label=label, required=False, max_length=2_000)
        rows = min(16, 2 + known["rest"].count("\n"))
        self.fields["rest"] = forms.CharField(
            label=gettext_lazy("Everything else"),
            required=False,
            max_length=400_000,
            widget=forms.Textarea(attrs={"rows": rows, "spellcheck": "false"}),
            help_text=gettext_lazy("As JSON. A name that is no field of a lead can be taken out here."),
        )

    def clean_rest(self) -> dict[str, Any]:
        try:
            said = json.loads(self.cleaned_data["rest"] or "{}")
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %(why)s") % {"why": error}) from error
        if not isinstance(said, dict):
            raise ValidationError(_("Expected one JSON object."))
        return said

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                check(self.payload, way=self.submission.way)
            except ValidationError as error:
                self._refused(error)
        return said

    @property
    def payload(self) -> dict[str, Any]:
        """The words as they are now, as every door of capture takes them."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "rest" and value}
        rest = dict(self.cleaned_data["rest"])
        if isinstance(rest.get("company"), dict) and "company" in said:
            said["company"] = {**rest["company"], "name": said["company"]}
        return {**rest, **said}

    def attempt(self) -> bool:
        """Run it again as it is now; whatever refuses it becomes an error of its field."""
        if not self.is_valid():
            return False
        try:
            self.done = mending.mend(self.submission, actor=self.actor, payload=self.payload)
        except ValidationError as error:
            self._refused(error)
            return False
        return True

    def _refused(self, error: ValidationError) -> None:
        for name, errors in error.error_dict.items() if hasattr(error, "error_dict") else [(None, [error])]:
            if name is None or name in self.fields:
                self.add_error(name, errors)
            else:
                self.add_error("rest", [f"{name}: {said}" for each in errors for said in each.messages])


def _said(payload: dict[str, Any]) -> dict[str, str]:
    """A payload as its form shows it."""
    said, rest = {}, dict(payload)
    for name in LABELS:
        value = rest.pop(name, "")
        if name == "company" and isinstance(value, dict):
            inner = dict(value)
            value = inner.pop("name", "")
            rest |= {"company": inner} if inner else {}
        said[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    said["rest"] = json.dumps(rest, ensure_ascii=False, indent=2) if rest else ""
    return said


class PutAway(forms.Form):
    """Why nothing is to be made of it."""

    why = forms.CharField(
        label=gettext_lazy("Put it away because"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why. Nothing was changed.")},
    )
