"""What may come in: each payload is read whole, or refused by field, before anything is kept."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from leads import clock, identity
from leads.identity import KNOWN_FIELDS, Profile
from leads.models import Submission

#: Beyond the profile, a payload may say what the person did, and whether a file's word goes over ours.
PAYLOAD_FIELDS = KNOWN_FIELDS | {"activity", "hand_raise", "purchase", "overwrite", "outcome"}
#: What only files may say: an outcome is history, and going over what we know is for who owns the record.
FILE_FIELDS = frozenset({"outcome", "overwrite"})
#: What only our own forms say: which form it was, and which words its visitor agreed to.
FORM_FIELDS = frozenset({"form", "consent"})
#: What a kind of activity may be called: namespaced, short, lower case.
KIND = re.compile(r"[a-z][a-z0-9_]*(:[a-z0-9_]+)*")
KIND_LENGTH = 40
#: Kinds that our own acts write; what comes in cannot pretend to be one.
OWN_KINDS = frozenset({"comment", "deal", "file", "handoff", "lead", "shoutout", "side", "stage", "task"})
#: How long the sender's own key of an event may be.
EVENT_KEY_LENGTH = 120
#: Clocks of senders run ahead of ours by at most so much.
AHEAD = timedelta(minutes=5)


def check(payload: dict[str, Any], *, way: str) -> Profile:
    """Read a payload whole, or raise ValidationError naming each field that is wrong."""
    known = PAYLOAD_FIELDS if way == Submission.Way.FILE else PAYLOAD_FIELDS - FILE_FIELDS
    known |= FORM_FIELDS if way == Submission.Way.FORM else frozenset()
    if not payload.keys() <= known:
        unknown = sorted(payload.keys() - known)
        raise ValidationError({name[:80]: _("This is not a field of a lead.") for name in unknown})
    for name, reader in (("activity", _check_activity), ("hand_raise", _check_event), ("purchase", _check_event)):
        if said := payload.get(name):
            try:
                reader(said)
            except ValidationError as error:
                raise ValidationError({name: error.messages}) from error
    return Profile.read(payload)


def _check_activity(said: Any) -> None:
    kind = said.get("kind", "") if isinstance(said, dict) else None
    if not isinstance(kind, str) or len(kind) > KIND_LENGTH or (kind and not KIND.fullmatch(kind)):
        raise ValidationError(_("Expected an activity with a kind such as web:pricing."))
    if kind.partition(":")[0] in OWN_KINDS:
        raise ValidationError(_("%(kind)s is what an act leaves; do the act instead.") % {"kind": kind})
    _check_moment(said.get("at"))


def _check_event(said: Any) -> None:
    """A hand-raise or a purchase: true, or what is known of it."""
    if said is True:
        return
    if not isinstance(said, dict):
        raise ValidationError(_("Expected true, or an object with what is known of it."))
    key = said.get("key")
    if key is not None and (not isinstance(key, str) or not 0 < len(key) <= EVENT_KEY_LENGTH):
        raise ValidationError(_("Expected a key of up to %(n)d characters.") % {"n": EVENT_KEY_LENGTH})
    _check_moment(said.get("at"))
    deal = said.get("deal", said)
    if not isinstance(deal, dict):
        raise ValidationError(_("Expected a deal with its amount and currency."))
    if deal.get("amount") not in (None, ""):
        identity.read_amount(deal["amount"])
    if deal.get("currency"):
        identity.read_currency(deal["currency"])


def _check_moment(raw: Any) -> None:
    if raw and identity.read_moment(raw) > clock.now() + AHEAD:
        raise ValidationError(_("This moment is still to come. Choose an earlier one."))


def plain(payload: dict[str, Any]) -> Any:
    """The payload as JSON gives it back: dates as ISO text, decimals as text; NULs, which no column takes, left out."""
    try:
        text = json.dumps(payload, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise ValidationError(_("This holds a number or a sign that cannot be kept.")) from error
    kept = json.loads(text)
    return _without_nuls(kept) if "\\u0000" in text else kept


def _without_nuls(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nuls(entry) for entry in value]
    if isinstance(value, dict):
        return {_without_nuls(name): _without_nuls(entry) for name, entry in value.items()}
    return value
