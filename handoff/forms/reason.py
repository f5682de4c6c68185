"""The form of a reason that acts are given for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from handoff import reasons
from handoff.models import Reason

#: After how many days one usually looks again at a lead that went for a reason.
USUAL = [
    (30, gettext_lazy("30 days")),
    (60, gettext_lazy("60 days")),
    (90, gettext_lazy("90 days")),
    (180, gettext_lazy("180 days")),
    (0, gettext_lazy("No day is set")),
]


class ReasonForm(forms.Form):
    """A reason of one act: how it is worded, and what follows from it."""

    label = forms.CharField(label=gettext_lazy("The reason, in a few words"), max_length=80)
    return_class = forms.ChoiceField(
        label=gettext_lazy("Class of return"),
        choices=Reason.ReturnClass.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Procedural: goes on to another rep. Clerical: marketing mends the record. "
            "Definitional: back to nurture, and scores learn from it."
        ),
    )
    final = forms.BooleanField(
        label=gettext_lazy("Cannot change with time: the lead goes to OUT, not back to nurture"), required=False
    )
    do_not_contact = forms.BooleanField(label=gettext_lazy("They asked not to be contacted"), required=False)
    usual = forms.TypedChoiceField(
        label=gettext_lazy("Look again in"),
        choices=USUAL,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    look_again_days = forms.IntegerField(
        label=gettext_lazy("Or in so many days"),
        required=False,
        min_value=0,
        max_value=3_650,
    )
    retired = forms.BooleanField(
        label=gettext_lazy("Retired: no longer offered, kept where it was given"), required=False
    )

    def __init__(self, data: Any = None, *, act: str, reason: Reason | None = None) -> None:
        self.act, self.reason = act, reason
        names = [name for name in self.base_fields if reason is not None]
        known = {"look_again_days": 90} | {name: getattr(reason, name) for name in names if name != "usual"}
        if known["look_again_days"] in dict(USUAL):
            known |= {"usual": known["look_again_days"], "look_again_days": None}
        super().__init__(data, initial=known)
        for name, acts in reasons.FOR_ACTS.items():
            if act not in acts:
                del self.fields[name]
        if "look_again_days" not in self.fields:
            del self.fields["usual"]
        if reason is None:
            del self.fields["retired"]
        else:
            self.fields.pop("return_class", None)  # verdicts were given by it

    def clean(self) -> dict[str, Any]:
        """A number of days of one's own goes before the usual ones."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        usual = said.pop("usual", None)
        if "look_again_days" in said and said["look_again_days"] is None:
            said["look_again_days"] = usual
            if usual is None:
                self.add_error(
                    "usual", _("Choose after how many days, or that no day is set. Everything else was kept.")
                )
        return said

    def attempt(self) -> bool:
        """Add or change the reason if the words are right; what refuses it becomes an error of the form."""
        if not self.is_valid():
            return False
        try:
            if self.reason is None:
                reasons.add_reason(self.act, **self.cleaned_data)
            else:
                reasons.change_reason(self.reason, **self.cleaned_data)
        except ValidationError as error:
            known = hasattr(error, "error_dict") and set(error.error_dict) <= set(self.fields)
            self.add_error(None, error if known else ValidationError(error.messages))
            return False
        return True
