"""Who may sign in: people are added, moved to another team and signed out for good by a manager."""

from __future__ import annotations

import re
import secrets
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import departed
from accounts.choices import Team
from accounts.models import ApiToken, User

#: What @mentions can name; a team's own name mentions the whole team.
USERNAME = re.compile(r"[\w.+-]{0,148}\w")
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def first_password() -> str:
    """A password to read out on the phone: some 50 bits of chance in pronounceable pieces."""
    pairs = ["".join((secrets.choice(CONSONANTS), secrets.choice(VOWELS))) for _number in range(6)]
    return f"{pairs[0]}{pairs[1]}-{pairs[2]}{pairs[3]}-{pairs[4]}{pairs[5]}-{secrets.randbelow(9000) + 1000}"


@transaction.atomic
def add(*, username: str, name: str, email: str, team: str, time_zone: str = "UTC") -> tuple[User, str]:
    """Add somebody; returns them and their first password, which is not kept anywhere."""
    password = first_password()
    person = User(username=username, name=name, email=email, team=team, time_zone=time_zone)
    person.password = make_password(password)
    _check_username(username)
    _save(person)
    return person, password


@transaction.atomic
def edit(person: User, **changes: Any) -> User:
    """Change name, e-mail, time zone or team."""
    managers = _managers()
    person = User.objects.select_for_update().get(pk=person.pk)
    if "team" in changes and person.is_manager and changes["team"] != Team.MANAGEMENT:
        _keep_a_manager(person, managers)
    for field, value in changes.items():
        setattr(person, field, value)
    _save(person)
    return person


@transaction.atomic
def deactivate(person: User) -> None:
    """Sign somebody out for good. What they own keeps their name; only their ways in are closed."""
    _keep_a_manager(person, _managers())
    User.objects.filter(pk=person.pk).update(is_active=False)
    ApiToken.objects.filter(user=person).delete()
    transaction.on_commit(partial(departed.note, person.pk))


def activate(person: User) -> None:
    """Let somebody in again, with the password they had."""
    User.objects.filter(pk=person.pk).update(is_active=True)
    transaction.on_commit(partial(departed.forget, person.pk))


def tell_again() -> None:
    """Tell Redis anew who can sign in and who cannot: what it heard while it was away is lost."""
    people = list(User.objects.values_list("pk", "is_active"))
    departed.settle([pk for pk, active in people if not active], [pk for pk, active in people if active])


def can_sign_in(person: User) -> bool:
    """Whether somebody is still among us, whatever a request in their name remembers."""
    return User.objects.filter(pk=person.pk, is_active=True).exists()


def renew_password(person: User) -> str:
    """Give somebody a new first password and sign them out everywhere; returned once, kept nowhere."""
    password = first_password()
    User.objects.filter(pk=person.pk).update(password=make_password(password))
    return password


def _managers() -> set[int]:
    """The managers who can sign in, locked, so that two of them cannot send each other away at once."""
    managers = User.objects.filter(team=Team.MANAGEMENT, is_active=True).order_by("pk")
    return set(managers.select_for_update().values_list("pk", flat=True))


def _keep_a_manager(person: User, managers: set[int]) -> None:
    if managers == {person.pk}:
        raise ValidationError(
            _("%(who)s is the only manager who can sign in. Nothing was changed; first make somebody else one.")
            % {"who": person}
        )


def _check_username(username: str) -> None:
    if not USERNAME.fullmatch(username):
        raise ValidationError(
            {"username": _("Use letters, digits and . + - _ only, such as mia.novak: @mentions name people by it.")}
        )
    if username.lower() in Team.values:
        raise ValidationError({"username": _("This names a whole team. Choose another.")})
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": _("Somebody has this username already. Choose another.")})


def _save(person: User) -> None:
    other = User.objects.filter(email__iexact=person.email).exclude(pk=person.pk).first()
    if other:
        raise ValidationError({"email": _("%(who)s has this e-mail already. Nothing was changed.") % {"who": other}})
    person.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
    person.save()
