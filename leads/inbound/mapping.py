"""What the words of a sender mean here: which place of their body is which field of a lead."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from leads.payload import FILE_FIELDS, KIND_LENGTH, PAYLOAD_FIELDS

FIELDS = PAYLOAD_FIELDS - FILE_FIELDS
#: Fields that have fields of their own, as in `company.size`.
NESTED = frozenset({"company", "custom", "activity", "purchase", "hand_raise", "origin"} & FIELDS)
FIELD = re.compile(r"([a-z_]+)(?:\.([^.\s]{1,80}))?")
#: A path: names apart by dots, places of a list in brackets, as in `data.items[0].name`; `$.` may stand before it.
PATH = re.compile(r"(?:\$\.)?[^.\[\]\s]+(?:\[\d{1,4}\])*(?:\.[^.\[\]\s]+(?:\[\d{1,4}\])*)*")
STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
MOST = 100


def read(text: str) -> dict[str, str]:
    """A mapping as people write it, one `field: path` a line; `field: =words` is the same for every event."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line in (line.strip() for line in text.splitlines()):
        if not line:
            continue
        field, colon, path = (part.strip() for part in line.partition(":"))
        if not colon or not path:
            wrong.append(_("“%(line)s”: expected a field, a colon and a path.") % {"line": line[:80]})
        elif not _is_field(field):
            wrong.append(_("“%(field)s” is not a field of a lead.") % {"field": field[:80]})
        elif not path.startswith("=") and not PATH.fullmatch(path):
            wrong.append(_("“%(path)s” is no path. Write it as in data.customer.email.") % {"path": path[:80]})
        elif field in found:
            wrong.append(_("“%(field)s” stands here twice.") % {"field": field[:80]})
        else:
            found[field] = path
    if len(found) > MOST:
        wrong.append(_("%(n)d lines are as many as may be.") % {"n": MOST})
    if wrong:
        raise ValidationError(wrong)
    return found


def write(mapping: dict[str, str]) -> str:
    return "\n".join(f"{field}: {path}" for field, path in mapping.items())


def _is_field(said: str) -> bool:
    found = FIELD.fullmatch(said)
    return found is not None and found[1] in (NESTED if found[2] else FIELDS)


def apply(mapping: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """The payload that a body means; without a mapping it is the payload itself. What is not there is left out."""
    if not mapping:
        return dict(body)
    payload: dict[str, Any] = {}
    for field, path in mapping.items():
        found = path[1:].strip() if path.startswith("=") else deepcopy(at(body, path))  # what came is kept as it came
        if found in (None, ""):
            continue
        name, _dot, inner = field.partition(".")
        if not inner:
            payload[name] = found
        elif isinstance(payload.setdefault(name, {}), dict):
            payload[name][inner] = found
    return payload


def at(body: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    for number, name in STEP.findall(path.removeprefix("$.")):
        if number:
            body = body[int(number)] if isinstance(body, list) and int(number) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


def kind_of(name: str) -> str:
    """What an activity is called where the sender does not say: after the name of the source."""
    return f"event:{slugify(name).replace('-', '_') or 'webhook'}"[:KIND_LENGTH]
