"""A visitor's form, taken in: kept as a submission before anything else is made of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from leads import capture
from leads.models import Submission, WebForm
from leads.webforms import guard
from leads.webforms.entry import Entry


def take(form: WebForm, body: bytes, *, address: str, came_from: str = "") -> Entry:
    """Keep what a visitor sent, or say in the entry what is wrong: by field, or as a notice to send it once more.

    Raise Refused for what is too much, or comes too often from `address`. What fills in the trap is kept like the
    rest, held for a person to look at. `came_from` is the page that sent it, where the form says nothing of it.
    """
    guard.admit(form, address=address)
    entry = Entry(form, QueryDict(guard.few(body)), came_from=came_from)
    word = guard.drawn(form, entry.said.get("token", ""))
    if entry.errors:
        return entry
    if not word:
        entry.notice = _("Please look over what you wrote and send it once more: nothing is lost.")
        return entry
    guard.make_room(form)
    held = _("A field that people do not see was filled in, as robots do.") if entry.is_trapped else None
    try:
        entry.submission = capture.accept(
            entry.payload, way=Submission.Way.FORM, key=entry.key(word), webform=form, held_for=held
        )
    except ValidationError as error:
        entry.refuse(error)
    return entry
