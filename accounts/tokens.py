"""API tokens: made for oneself, shown once, revoked at any moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.choices import Scope
from accounts.models import ApiToken, User

#: So many tokens may somebody have at once: more are forgotten ones.
MOST = 20


def make(person: User, *, name: str, days: int, scopes: Iterable[str] = tuple(Scope.values)) -> tuple[ApiToken, str]:
    """A new token, good for so many days and for these scopes, and its text, which is not kept anywhere."""
    if ApiToken.objects.filter(user=person).count() >= MOST:
        raise ValidationError(_("You have %(n)d tokens. Revoke one that is no longer used first.") % {"n": MOST})
    made: tuple[ApiToken, str] = ApiToken.objects.create(
        person, name=name, expiry=timedelta(days=days), scopes=sorted(scopes)
    )
    return made


def revoke(person: User, digest: str) -> bool:
    """End a token of this person's at once; False if there is none such."""
    return bool(ApiToken.objects.filter(user=person, digest=digest).delete()[0])
