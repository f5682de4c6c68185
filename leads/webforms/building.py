"""Writing a form down, and taking it out of use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock
from leads.models import ConsentWording, WebForm
from leads.rights import permit
from leads.webforms import fields as form_fields
from leads.webforms.fields import Field


@transaction.atomic
def write(form: WebForm, *, actor: User, fields: Sequence[Field], consent: str, **said: Any) -> WebForm:
    """Write a form down, new or as it is meant from now on; other words of consent become a version of their own.

    Raise ValidationError where its fields could bring in no lead, its redirect leads nowhere safe, or somebody has
    edited it since `form` was read.
    """
    permit(actor, "forms")
    form_fields.check(fields)
    _check_redirect(said.get("redirect_to", ""))
    for name, value in {**said, "fields": [one.kept() for one in fields]}.items():
        setattr(form, name, value)
    if form._state.adding:
        form.made_by = actor
    else:
        _lock(form)
        form.version += 1
    form.full_clean(exclude=["fields", "consent"])
    form.save()
    _word(form, consent.strip(), actor)
    return form


def _lock(form: WebForm) -> None:
    stands = WebForm.objects.select_for_update(no_key=True).values_list("version", flat=True).get(pk=form.pk)
    if stands != form.version:
        raise ValidationError(
            _("A colleague has changed this form meanwhile. Nothing of yours is saved yet; open it anew beside this.")
        )


def _word(form: WebForm, words: str, actor: User) -> None:
    """Let the form ask for agreement to these words, or to none."""
    now = form.consent
    if words == (now.words if now else ""):
        return
    form.consent = None
    if words:
        last = form.wordings.first()
        version = last.version + 1 if last else 1
        form.consent = ConsentWording.objects.create(form=form, version=version, words=words, written_by=actor)
    form.save(update_fields=["consent"])


def _check_redirect(address: str) -> None:
    if not address:
        return
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise ValidationError(
            {"redirect_to": _("Expected the address of a page that begins with https://, without a user name.")}
        )


def retire(form: WebForm, *, actor: User) -> None:
    """Take a form out of use: its page says so, and nothing comes in by it."""
    permit(actor, "forms")
    WebForm.objects.filter(pk=form.pk, retired_at=None).update(retired_at=clock.now())


def revive(form: WebForm, *, actor: User) -> None:
    """Put a retired form to use again."""
    permit(actor, "forms")
    WebForm.objects.filter(pk=form.pk).update(retired_at=None)
