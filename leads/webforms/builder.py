"""The builder: a form's fields as rows to fill in, to move and to remove, and what the form says beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads.models import Campaign, ConsentWording, Source, WebForm
from leads.webforms import building, hosts
from leads.webforms.fields import (
    CHOICE_LENGTH,
    CUSTOM,
    HELP_LENGTH,
    KEY_LENGTH,
    LABEL_LENGTH,
    MOST_FIELDS,
    OWN,
    TYPES,
    WITH_CHOICES,
    Field,
    stored,
)

FURTHER = "custom"
COLOUR = re.compile("#[0-9a-fA-F]{6}")
#: What a new form begins with.
FIRST = [Field("name", "", "text"), Field("email", "", "email", required=True), Field("message", "", "long")]


class Row(forms.Form):
    """One field of the form that is built."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Asks for"),
        choices=[*((name, own.label) for name, own in OWN.items()), (FURTHER, gettext_lazy("Something else"))],
    )
    label = forms.CharField(label=gettext_lazy("Words beside it"), required=False, max_length=LABEL_LENGTH)
    help = forms.CharField(label=gettext_lazy("Help below it"), required=False, max_length=HELP_LENGTH)
    required = forms.BooleanField(label=gettext_lazy("Required"), required=False)
    type = forms.ChoiceField(label=gettext_lazy("Answered by"), required=False, choices=list(TYPES.items()))
    key = forms.CharField(
        label=gettext_lazy("Kept on the lead as"),
        required=False,
        max_length=KEY_LENGTH,
        help_text=gettext_lazy("Such as budget; from the words beside it if left empty."),
    )
    choices = forms.CharField(
        label=gettext_lazy("Answers to choose from, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def is_further(self) -> bool:
        """Whether it is kept among the custom fields of the lead, and so has a type of its own."""
        return bool(self["kind"].value() == FURTHER)

    @property
    def has_choices(self) -> bool:
        return bool(self.is_further and self["type"].value() in WITH_CHOICES)

    @property
    def named(self) -> str:
        """How the row is called beside its buttons."""
        kind = str(self["kind"].value() or "")
        return str(self["label"].value() or (OWN[kind].label if kind in OWN else _("New field")))

    def clean_choices(self) -> list[str]:
        found = [" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines() if line.strip()]
        if any(len(choice) > CHOICE_LENGTH for choice in found):
            raise ValidationError(_("An answer has up to %(n)d characters.") % {"n": CHOICE_LENGTH})
        return found

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("kind") == FURTHER and not said.get("label"):
            self.add_error("label", _("Say what is asked for."))
        return said

    @property
    def field(self) -> Field:
        """The field that this row means; ask only of a valid one."""
        said = self.cleaned_data
        own = OWN.get(said["kind"])
        key = re.sub(r"[^a-z0-9_]+", "_", (said["key"] or slugify(said["label"])).lower()).strip("_")
        kind = said["type"] or "text"
        return Field(
            name=said["kind"] if own else f"{CUSTOM}{key[:KEY_LENGTH]}",
            label=said["label"] or str(own.label if own else ""),
            type=own.type if own else kind,
            help=said["help"],
            required=said["required"],
            choices=tuple(said["choices"]) if not own and kind in WITH_CHOICES else (),
        )


def row_of(number: str, field: Field | None = None) -> Row:
    """A row that stands for a field, or a new one."""
    if field is None:
        return Row(prefix=f"f{number}", initial={"kind": FURTHER, "type": "text"})
    own = field.name in OWN
    told = {"label": field.label, "help": field.help, "required": field.required, "choices": "\n".join(field.choices)}
    told |= {"kind": field.name if own else FURTHER, "type": "text" if own else field.type}
    return Row(prefix=f"f{number}", initial=told | {"key": "" if own else field.name.removeprefix(CUSTOM)})


class Builder(forms.ModelForm):  # type: ignore[type-arg]
    """A form as its maker sees it: the rows of its fields, in order, and everything else that it says."""

    consent_words = forms.CharField(
        label=gettext_lazy("Words of consent"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Visitors tick a box beside them. Other words are a new version; earlier ones are kept."
        ),
    )
    websites = forms.CharField(
        label=gettext_lazy("Websites that may show it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "www.example.com", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, with http:// where it has no https. Its own page can be linked to from anywhere."
        ),
    )

    redirect_to = forms.URLField(
        label=gettext_lazy("Thank-you page"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        help_text=gettext_lazy("Visitors go there instead of reading the words of thanks."),
    )

    class Meta:
        model = WebForm
        fields = (
            "name", "title", "intro", "button", "consent_required", "thanks", "redirect_to", "hand_raise", "source",
            "campaign", "accent", "font", "corner", "scheme", "version",
        )  # fmt: skip
        widgets = {
            "version": forms.HiddenInput,
            "intro": forms.Textarea(attrs={"rows": 2}),
            "thanks": forms.Textarea(attrs={"rows": 2}),
            "accent": forms.TextInput(attrs={"type": "color"}),
        }
        help_texts = {
            "name": gettext_lazy("For you and your colleagues; visitors read it where the form has no heading."),
            "source": gettext_lazy("Counts where a visitor's own way here says nothing."),
            "campaign": gettext_lazy("Counts where a visitor's own way here says nothing."),
        }

    def __init__(self, data: QueryDict | None = None, *, form: WebForm, actor: User) -> None:
        self.actor = actor
        super().__init__(data, instance=form, initial=self._known(form))
        self.fields["source"].queryset = Source.objects.all()  # type: ignore[attr-defined]
        self.fields["source"].empty_label = _("None")  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = Campaign.objects.all()  # type: ignore[attr-defined]
        self.fields["campaign"].empty_label = _("None")  # type: ignore[attr-defined]
        self.rows = self._rows(data, form)

    def _known(self, form: WebForm) -> dict[str, Any]:
        said = {"consent_words": form.consent.words if form.consent else "", "websites": "\n".join(form.hosts)}
        if form._state.adding:
            said |= {"button": _("Send"), "thanks": _("Thank you. We will be in touch.")}
        return said

    def _rows(self, data: QueryDict | None, form: WebForm) -> list[Row]:
        if data is None:
            fields = stored(form.fields) if form.pk else FIRST
            return [row_of(str(number), field) for number, field in enumerate(fields)]
        numbers = [number for number in dict.fromkeys(data.getlist("row")) if re.fullmatch(r"\d{1,4}", number)]
        return [Row(data, prefix=f"f{number}") for number in numbers[: MOST_FIELDS + 1]]

    @property
    def numbered(self) -> Iterator[tuple[str, Row]]:
        """The rows with the number that the page knows each by."""
        return ((str(row.prefix)[1:], row) for row in self.rows)

    def rearranged(self, act: str) -> Builder:
        """The rows after one was added, moved or removed (`add`, `up:3`, `down:3`, `remove:3`); nothing is saved."""
        for each in (self, *self.rows):
            each.errors.clear()  # what is not finished yet is not held against anybody
        name, _colon, number = act.partition(":")
        numbers = [str(row.prefix)[1:] for row in self.rows]
        at = numbers.index(number) if number in numbers else None
        if name == "add" and len(self.rows) < MOST_FIELDS:
            self.rows.append(row_of(str(max([int(n) for n in numbers], default=-1) + 1)))
        elif at is not None and name == "remove":
            del self.rows[at]
        elif at is not None and name in ("up", "down"):
            to = min(max(at + (1 if name == "down" else -1), 0), len(self.rows) - 1)
            self.rows.insert(to, self.rows.pop(at))
        return self

    def clean_websites(self) -> list[str]:
        return hosts.read(self.cleaned_data["websites"])

    def clean_accent(self) -> str:
        accent = str(self.cleaned_data["accent"]).lower()
        if not COLOUR.fullmatch(accent):
            raise ValidationError(_("Expected a colour such as #5b3df5."))
        return accent

    def _post_clean(self) -> None:
        """What is said is written by `building.write`, which checks the model: not here, and not twice."""

    def attempt(self) -> bool:
        """Write the form down; what refuses it becomes an error where it belongs."""
        rows = [row.is_valid() for row in self.rows]
        if not (self.is_valid() and all(rows)):
            return False
        said = dict(self.cleaned_data)
        consent, said["hosts"], self.instance.version = (
            said.pop("consent_words"),
            said.pop("websites"),
            said.pop("version"),
        )
        try:
            fields = [row.field for row in self.rows]
            building.write(self.instance, actor=self.actor, fields=fields, consent=consent, **said)
        except ValidationError as error:
            self.add_error(None, error) if not hasattr(error, "error_dict") else self._spread(error)
        return not self.errors

    def _spread(self, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors) or any(row.errors for row in self.rows)

    def previewed(self) -> WebForm:
        """The form as it would look, as far as what is typed makes sense; it is not saved, and cannot be."""
        form = WebForm(public_id="preview")
        for name in ("title", "intro", "button", "hand_raise", "accent", "font", "corner", "scheme"):
            said = self[name].value()
            if said and not (name == "accent" and not COLOUR.fullmatch(said)):
                setattr(form, name, str(said))
        form.name, form.consent_required = form.title or _("Form"), bool(self["consent_required"].value())
        if words := str(self["consent_words"].value() or "").strip():
            form.consent = ConsentWording(version=1, words=words)
        rows = [
            Row(self.data, prefix=row.prefix) if self.is_bound else Row(filled(row), prefix=row.prefix)
            for row in self.rows
        ]
        form.fields = [row.field.kept() for row in rows if row.is_valid()]
        return form


def filled(row: Row) -> dict[str, Any]:
    """A row's own values, as if they had been sent."""
    return {row.add_prefix(name): value for name, value in row.initial.items() if value not in ("", False)}
