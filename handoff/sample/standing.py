"""What of the sample company is here now."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff.models import SampleMark
from handoff.sample import words
from leads.models import Lead

#: How many of the people are offered on the sign-in page: one of each team.
OFFERED = 3


class Counts(NamedTuple):
    """How much of the sample company there is: leads, and people who can sign in."""

    leads: int
    people: int


def marked(kind: str) -> QuerySet[SampleMark, int]:
    """The keys of the rows of one kind that the sample company filled in."""
    return SampleMark.objects.filter(kind=kind).values_list("row", flat=True)


def people() -> QuerySet[User]:
    return User.objects.filter(pk__in=marked(SampleMark.Kind.PERSON))


def managers_who_stay() -> QuerySet[User]:
    """The managers who are not part of the sample company: without one of them it is not taken away."""
    return User.objects.on(Team.MANAGEMENT).exclude(pk__in=marked(SampleMark.Kind.PERSON))


def count() -> Counts:
    leads = Lead.objects.filter(pk__in=marked(SampleMark.Kind.LEAD)).count()
    return Counts(leads, people().filter(is_active=True).count())


def hold() -> None:
    """Let nobody else fill or remove until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sample company', 0))")


def sign_ins() -> list[dict[str, Any]]:
    """One person of each team whom the sign-in page offers, with the password that this installation made for them."""
    password = settings.SAMPLE_PASSWORD
    if not (settings.SAMPLE_SIGN_INS and password):
        return []
    roles = {colleague.name: colleague.role for colleague in words.PEOPLE[:OFFERED]}
    order = list(roles)
    found = [person for person in people().filter(is_active=True, name__in=roles) if _opens(person.password, password)]
    return [
        {
            "name": person.name,
            "role": _(roles[person.name]),
            "team": person.team,
            "username": person.username,
            "password": password,
        }
        for person in sorted(found, key=lambda person: order.index(person.name))
    ]


@lru_cache(maxsize=16)
def _opens(encoded: str, password: str) -> bool:
    """Whether this password is still theirs; hashing is slow on purpose, and the sign-in page asks each time."""
    return check_password(password, encoded)
