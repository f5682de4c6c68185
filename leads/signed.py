"""Standard Webhooks: secrets, signing, and whether a message was signed by somebody who knows one of them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

#: What a message is signed with and named by.
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Forged(Exception):
    """Nobody who knows the secret has signed this, or not lately."""


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def is_secret(said: str) -> bool:
    """Whether this is a secret as Standard Webhooks write it: `whsec_` and 24 to 64 bytes in base64."""
    try:
        return said.startswith("whsec_") and 24 <= len(base64.b64decode(said[6:], validate=True)) <= 64
    except ValueError:
        return False


def headers(known: Iterable[str], *, ident: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of a message, signed with every secret that counts: whoever knows one of them can verify it."""
    said = " ".join(Webhook(secret).sign(ident, at, body) for secret in known)
    return dict(zip(HEADERS, (ident, str(int(at.timestamp())), said), strict=True))


def verify(known: Iterable[str], said: Mapping[str, str], body: bytes) -> str:
    """The id of a message that one of these secrets signed within five minutes; raises Forged for any other."""
    given = {name: said.get(name, "") for name in HEADERS}
    for secret in known:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return given["webhook-id"]
    raise Forged
