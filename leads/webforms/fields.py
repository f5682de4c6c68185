"""The fields of a form, as data: which there may be, and whether some of them make a form that can bring in a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: A form that asks for more is one that nobody fills in.
MOST_FIELDS, MOST_CHOICES = 30, 60
LABEL_LENGTH, HELP_LENGTH, CHOICE_LENGTH, KEY_LENGTH = 120, 300, 120, 60
CUSTOM = "custom."
#: How long an answer may be, by type.
LIMITS = {"long": 5_000}
ANSWER_LENGTH = 400


class Own(NamedTuple):
    """A field of the lead's own: how it is called, its type, and what browsers know it as."""

    label: Any
    type: str
    autocomplete: str = "off"


OWN: dict[str, Own] = {
    "name": Own(gettext_lazy("Name"), "text", "name"),
    "email": Own(gettext_lazy("E-mail"), "email", "email"),
    "phone": Own(gettext_lazy("Phone"), "tel", "tel"),
    "company": Own(gettext_lazy("Company"), "text", "organization"),
    "job_title": Own(gettext_lazy("Job title"), "text", "organization-title"),
    "country": Own(gettext_lazy("Country"), "country", "country"),
    "industry": Own(gettext_lazy("Industry of the company"), "text"),
    "size": Own(gettext_lazy("Staff of the company"), "number"),
    "message": Own(gettext_lazy("Message"), "long"),
}
#: What a further field, which is kept among the lead's custom fields, may be.
TYPES: dict[str, Any] = {
    "text": gettext_lazy("One line"),
    "long": gettext_lazy("Several lines"),
    "number": gettext_lazy("Number"),
    "date": gettext_lazy("Date"),
    "choice": gettext_lazy("One of several"),
    "picks": gettext_lazy("Any of several"),
    "yes": gettext_lazy("Yes or no"),
}
WITH_CHOICES = ("choice", "picks")


@dataclass(frozen=True)
class Field:
    """One field of a form. Its name is the lead's own, or `custom.` and the key under which the answer is kept."""

    name: str
    label: str
    type: str
    help: str = ""
    required: bool = False
    choices: tuple[str, ...] = field(default=())

    @property
    def autocomplete(self) -> str:
        return OWN[self.name].autocomplete if self.name in OWN else "off"

    @property
    def limit(self) -> int:
        """How many characters an answer may have."""
        return LIMITS.get(self.type, ANSWER_LENGTH)

    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self) | {"choices": list(self.choices)}


def stored(raw: Sequence[dict[str, Any]]) -> list[Field]:
    """Fields as they were checked and stored."""
    return [Field(**{**said, "choices": tuple(said["choices"])}) for said in raw]


def check(fields: Sequence[Field]) -> None:
    """Raise ValidationError unless these fields make a form whose every submission can become a lead."""
    if len(fields) > MOST_FIELDS:
        raise ValidationError(_("A form has at most %(n)d fields.") % {"n": MOST_FIELDS})
    names = [one.name for one in fields]
    for one in fields:
        _check_one(one)
        if names.count(one.name) > 1:
            raise ValidationError(_("%(label)s stands in the form twice.") % {"label": one.label})
    signs = [one for one in fields if one.name in ("email", "phone")]
    if not signs:
        raise ValidationError(_("A form asks for an e-mail or a phone: a lead needs one of them."))
    if len(signs) == 1 and not signs[0].required:
        raise ValidationError(_("%(label)s has to be required: a lead needs it.") % {"label": signs[0].label})


def _check_one(one: Field) -> None:
    if one.name not in OWN and not (one.name.startswith(CUSTOM) and 0 < len(one.name) - len(CUSTOM) <= KEY_LENGTH):
        raise ValidationError(_("%(name)s is no field of a lead.") % {"name": one.name[:80]})
    allowed = [OWN[one.name].type] if one.name in OWN else [*TYPES]
    if one.type not in allowed:
        raise ValidationError(_("%(label)s cannot be of this type.") % {"label": one.label})
    if one.type in WITH_CHOICES and not 2 <= len(one.choices) <= MOST_CHOICES:
        raise ValidationError(
            _("%(label)s needs from 2 to %(n)d answers to choose from.") % {"label": one.label, "n": MOST_CHOICES}
        )
    if len(set(one.choices)) < len(one.choices):
        raise ValidationError(_("%(label)s offers an answer twice.") % {"label": one.label})
