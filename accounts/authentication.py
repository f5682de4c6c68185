"""Who a machine is: the API token that somebody made for it, found in one query, and what it was made for."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User

OWNER = """
    SELECT person.*, token.scopes AS granted
      FROM accounts_user person JOIN accounts_apitoken token ON token.user_id = person.id
     WHERE token.digest = %s AND (token.expiry IS NULL OR token.expiry > now()) AND person.is_active
"""


class Grant(NamedTuple):
    """Which token a request came with, and its scopes. A person's own session has none, and is not bound by any."""

    digest: str
    scopes: frozenset[str]


class ApiToken(TokenAuthentication):
    """Knox's tokens, looked up by their digest alone: nothing else is read, and nothing is written.

    Every request of a machine begins here, so the statement is written out: composing it anew takes longer than
    answering it.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, Grant]:
        digest = hash_token(token.decode("latin-1"))
        for user in User.objects.raw(OWNER, [digest]):
            scopes: list[str] = getattr(user, "granted", [])
            return user, Grant(digest, frozenset(scopes))
        raise AuthenticationFailed(_("This token is unknown or has expired. Make a new one in your settings."))
