"""One hit, as a browser sends it: read whole, or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.identity import origin
from leads.payload import plain
from leads.tracker import sites

#: What a hit may hold: bytes, events, characters of a title, and characters of what goes with one event as JSON.
MOST_BYTES, MOST_EVENTS, TITLE_LENGTH, DATA_LENGTH = 64 * 1024, 50, 300, 2_000
#: An event waits in its page for consent, but no longer than this; clocks that run ahead or behind move it no further.
LONGEST_AGO = timedelta(hours=12)
#: What visitors may say of themselves.
SAID_OF_ONESELF = frozenset({"email", "phone", "name", "job_title", "company", "country"})


class Refused(Exception):
    """The hit is not taken; `status` is the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Identification(NamedTuple):
    """A visitor's word of who they are, as capture takes it in."""

    payload: dict[str, Any]
    key: str
    at: datetime


class Hit(NamedTuple):
    """What one hit says: events as the database takes them, and who somebody is."""

    events: list[dict[str, Any]]
    identifications: list[Identification]


def read(body: bytes, *, page: str, now: datetime) -> Hit:
    """Read a hit; `page` is the Origin header. Raise Refused where it is not one, or of no site of ours."""
    if len(body) > MOST_BYTES:
        raise Refused(413, _("A hit has up to %(n)d bytes. Nothing was kept.") % {"n": MOST_BYTES})
    said = _object(body)
    known = sites.by_host()
    if page not in ("", "null") and origin.host(page) not in known:
        raise Refused(403, _("This site is not among those whose visits count here."))
    if said.get("consent") is not True:
        raise Refused(403, _("Without the visitor's consent nothing is kept."))
    events = said.get("events")
    if not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
        raise Refused(422, _("Expected a list of 1 to %(n)d events.") % {"n": MOST_EVENTS})
    visitor, first = _uuid(said.get("visitor")), _landing(said.get("landing"))
    hit = Hit([], [])
    for event in events:
        _read_event(event, hit, known=known, visitor=visitor, first=first, now=now)
    return hit


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body.decode(), parse_constant=_no_number)
        said = plain(said) if b"\\u" in body else said  # signs that no column takes can come only so
    except (ValueError, RecursionError, ValidationError) as error:
        raise Refused(400, _("This is no JSON, or holds what cannot be kept.")) from error
    if not isinstance(said, dict):
        raise Refused(400, _("Expected one JSON object."))
    return said


def _no_number(name: str) -> None:
    raise ValueError(name)


def _read_event(
    event: Any,
    hit: Hit,
    *,
    known: Mapping[str, sites.Rules],
    visitor: str,
    first: dict[str, Any],
    now: datetime,
) -> None:
    if not isinstance(event, dict):
        raise Refused(422, _("Expected a list of 1 to %(n)d events.") % {"n": MOST_EVENTS})
    ident, url, at = _uuid(event.get("id")), event.get("url"), now - _ago(event.get("ago"))
    host = origin.host(url) if isinstance(url, str) else ""
    if host not in known:
        raise Refused(403, _("This site is not among those whose visits count here."))
    if "identify" in event:
        payload = {**_oneself(event["identify"]), "origin": {**first, "visitor": visitor}}
        hit.identifications.append(Identification(payload, f"tracker:{ident}", at))
        return
    touch = origin.of(str(url), str(event.get("referrer") or ""))
    data = _data(event.get("data"))
    if touch.tells:
        data = {**data, "origin": touch.data()}
    hit.events.append(
        {
            "id": ident,
            "visitor": visitor,
            "first": first or touch.data(),
            "kind": _kind(event.get("name", "page"), str(url), known[host]),
            "url": touch.url,
            "title": str(event.get("title") or "")[:TITLE_LENGTH],
            "data": data,
            "at": at.isoformat(),
            "recorded_at": now.isoformat(),
        }
    )


def _uuid(raw: Any) -> str:
    try:
        return str(UUID(raw))
    except (AttributeError, TypeError, ValueError) as error:
        raise Refused(422, _("A visitor and an event each have a UUID.")) from error


def _ago(raw: Any) -> timedelta:
    """How long ago, in milliseconds by the browser's own count."""
    if raw is None:
        return timedelta(0)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw != raw:
        raise Refused(422, _("Expected the milliseconds since the event."))
    return timedelta(milliseconds=max(0, min(raw, LONGEST_AGO / timedelta(milliseconds=1))))


def _landing(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        return {}
    return origin.of_url(str(raw.get("url") or ""), str(raw.get("referrer") or ""))


def _oneself(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict) or not raw.keys() <= SAID_OF_ONESELF:
        raise Refused(422, _("A visitor says only: %(names)s.") % {"names": ", ".join(sorted(SAID_OF_ONESELF))})
    return raw


def _kind(name: Any, url: str, rules: sites.Rules) -> str:
    if name == "page":
        return sites.kind_of(url, rules)
    if not isinstance(name, str) or not sites.NAME.fullmatch(name):
        raise Refused(422, _("An event has a short name such as pricing, in small letters."))
    return f"web:{name}"


def _data(raw: Any) -> dict[str, Any]:
    if raw in (None, {}):
        return {}
    if not isinstance(raw, dict) or len(json.dumps(raw)) > DATA_LENGTH:
        raise Refused(422, _("What goes with an event are names and values, %(n)d signs in all.") % {"n": DATA_LENGTH})
    try:
        return dict(plain(raw))
    except ValidationError as error:
        raise Refused(422, " ".join(error.messages)) from error
