"""What a machine says, read by the forms of the pages: the same words, rights and refusals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelChoiceField, MultipleChoiceField
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from accounts import measure
from handoff.forms import SaidForm
from leads.api.resource import known_only, whole
from leads.models import Lead

#: How a machine names a row: by what people call it, where there is such a name.
NAMED_BY = {"reason": "code", "to": "username", "queue": "name"}


class NotNow(APIException):
    """The act is none of where the lead stands."""

    status_code = 409
    default_code = "not_now"


def spoken(form: type[SaidForm], lead: Lead, request: Request, passed_over: set[str] | None = None) -> Any:
    """The form, filled in with a JSON body and done."""
    said = {name: value for name, value in whole(request).items() if name not in (passed_over or set())}
    many = {name for name, field in form.base_fields.items() if isinstance(field, MultipleChoiceField)}
    filled = form({**scalars(said, apart_from=many), **lists(said, many)}, lead=lead, actor=request.user)
    known_only(said, set(filled.fields))
    for name, by in NAMED_BY.items():
        field = filled.fields.get(name)
        if isinstance(field, ModelChoiceField):
            field.to_field_name = by
    return performed(filled)


def scalars(said: dict[str, Any], apart_from: Collection[str] = ()) -> dict[str, Any]:
    """What a form can read of a JSON body: text and yes or no; null is empty."""
    single = {name: value for name, value in said.items() if name not in apart_from}
    if nested := [name for name, value in single.items() if isinstance(value, dict | list)]:
        raise ValidationError({name: _("Expected text.") for name in nested})
    return {n: v if isinstance(v, bool) else "" if v is None else str(v) for n, v in single.items()}


def lists(said: dict[str, Any], names: Collection[str]) -> dict[str, list[str]]:
    """The fields that take several values, each a list of texts; null is none of them."""
    found = {name: value or [] for name, value in said.items() if name in names}
    wrong = [
        name
        for name, value in found.items()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value)
    ]
    if wrong:
        raise ValidationError({name: _("Expected a list of texts.") for name in wrong})
    return found


def performed(form: SaidForm) -> Any:
    """The form once it is done; ValidationError by field if it was refused, or `measure.Spent`."""
    if not form.attempt():
        refusals = [error for errors in form.errors.as_data().values() for error in errors]
        if spent := next((error for error in refusals if isinstance(error, measure.Spent)), None):
            raise spent
        raise ValidationError(
            {"non_field_errors" if name == "__all__" else name: list(errors) for name, errors in form.errors.items()}
        )
    return form
