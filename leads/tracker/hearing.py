"""The door: one hit of one browser, taken in or refused."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads import capture, clock
from leads.models import Submission
from leads.tracker import stream
from leads.tracker.reading import Hit, Refused, read
from leads.tracker.writing import write


def hear(body: bytes, *, page: str, address: str) -> bool:
    """Take in what a browser says of its visitor; return whether the worker has something to do at once.

    `page` is the Origin header, `address` whence it came. Visits wait in the stream, or are written at once where that
    cannot be; who somebody is goes to PostgreSQL. Raises Refused.
    """
    hit = read(body, page=page, now=clock.now())
    lines = "\n".join(json.dumps(event, separators=(",", ":")) for event in hit.events)
    weight = 1 + stream.IDENTIFICATION_COUNTS * len(hit.identifications)
    answer = stream.append(lines, address=address, weight=weight)
    if answer == stream.TOO_MANY:
        raise Refused(429, _("So much comes from here that some of it is left out. Go on in a minute."))
    if answer == stream.FULL and lines:
        write(hit.events)
    return _identify(hit)


def _identify(hit: Hit) -> bool:
    for said in hit.identifications:
        try:
            capture.accept(said.payload, way=Submission.Way.TRACKER, key=said.key, at=said.at)
        except ValidationError as error:
            raise Refused(422, " ".join(error.messages)) from error
    return bool(hit.identifications)
