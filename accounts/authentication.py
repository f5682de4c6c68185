"""Who a machine is: the API token that somebody made for it, found in one query."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User

OWNER = """
    SELECT person.* FROM accounts_user person JOIN accounts_apitoken token ON token.user_id = person.id
     WHERE token.digest = %s AND (token.expiry IS NULL OR token.expiry > now()) AND person.is_active
"""


class ApiToken(TokenAuthentication):
    """Knox's tokens, looked up by their digest alone: nothing else is read, and nothing is written.

    Every request of a machine begins here, so the statement is written out: composing it anew takes longer than
    answering it.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, str]:
        digest = hash_token(token.decode("latin-1"))
        for user in User.objects.raw(OWNER, [digest]):
            return user, digest
        raise AuthenticationFailed(_("This token is unknown or has expired. Make a new one in your settings."))
