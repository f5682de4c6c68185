"""Inbound webhooks: programs elsewhere post what happened there, signed, and it comes in as from any other door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import measure
from accounts.models import User
from leads import capture, signed
from leads.inbound import mapping
from leads.models import Submission, WebhookSource

#: How long the sender's own name of a message may be: room for whose it is, within `Submission.key`.
ID_LENGTH = 100
#: So many sources, so that they can be looked through.
MOST = 50


class Retired(Exception):
    """Nothing is taken here any more."""


def add(*, actor: User, name: str, kind: str, mapping: dict[str, str], secret: str = "") -> WebhookSource:
    """Set up a source; `secret` is the sender's own, where the sender makes it."""
    if WebhookSource.objects.filter(retired_at=None).count() >= MOST:
        raise ValidationError(_("There are %(n)d of them already. Retire one first.") % {"n": MOST})
    said = {"secret": secret} if secret else {}
    return WebhookSource.objects.create(name=name, kind=kind, mapping=mapping, made_by=actor, **said)


def change(source: WebhookSource, *, name: str, kind: str, mapping: dict[str, str]) -> None:
    source.name, source.kind, source.mapping = name, kind, mapping
    source.save(update_fields=["name", "kind", "mapping"])


@transaction.atomic
def renew(source: WebhookSource, *, secret: str = "") -> WebhookSource:
    """Another secret, made here unless the sender made it; the one before is good for another day."""
    source = WebhookSource.objects.select_for_update().get(pk=source.pk)
    source.renew_secret(secret)
    source.save(update_fields=["secret", "old_secret", "old_until"])
    return source


def retire(source: WebhookSource) -> None:
    """Take nothing more from it: whoever still posts is told that it is gone."""
    WebhookSource.objects.filter(pk=source.pk, retired_at=None).update(retired_at=timezone.now())


def receive(source: WebhookSource, *, headers: Mapping[str, str], body: bytes) -> Submission:
    """Keep one message of a source, once however often it is sent.

    Raises Retired, signed.Forged, measure.Spent, or ValidationError where the body is no JSON object. What nobody could
    make a lead of is kept all the same, and waits for a person.
    """
    if source.retired_at:
        raise Retired
    ident = signed.verify(source.secrets(timezone.now()), headers, body)
    if len(ident) > ID_LENGTH or not ident.isprintable():
        raise ValidationError(_("A webhook-id has up to %(n)d printable characters.") % {"n": ID_LENGTH})
    measure.spend(source.made_by, "webhook", token=f"in{source.pk}")
    said = _read(body)
    payload = _payload(source, said)
    raw = said if source.mapping or payload != said else None
    return capture.keep(payload, way=Submission.Way.WEBHOOK, key=f"in:{source.pk}:{ident}", raw=raw, hook=source)


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValidationError(_("The body is no JSON.")) from error
    if not isinstance(said, dict):
        raise ValidationError(_("Expected one JSON object."))
    return said


def _payload(source: WebhookSource, said: dict[str, Any]) -> dict[str, Any]:
    """The event as every door of capture takes it; what kind of event it is need not be said in the body."""
    payload = mapping.apply(source.mapping, said)
    if source.kind == WebhookSource.Kind.PURCHASE and not payload.get("purchase"):
        payload["purchase"] = True
    if source.kind == WebhookSource.Kind.ACTIVITY:
        activity = payload.get("activity") or {}
        if isinstance(activity, dict):
            payload["activity"] = {"kind": mapping.kind_of(source.name), **activity}
    return payload
