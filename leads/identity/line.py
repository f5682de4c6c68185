"""One line about a person, as a colleague would say it, read into what it says."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

EMAIL = re.compile(r"[^\s<>,;()\"]+@[^\s<>,;()\"]+")
#: A number as people type it; whether it is one is for whoever reads the payload.
PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d\s()./-]{5,}\d(?!\w)")
#: Digits of a number that is said without its country.
ENOUGH = 7
BETWEEN = re.compile(r"[,;|\t\n]+")
#: What stands at the ends of a part and says nothing.
EDGES = re.compile(r"^[\s\"'<>():/-]+|[\s\"'<>():/-]+$")
LEGAL = re.compile(r"\b(ag|bv|co|corp|gmbh|inc|kg|llc|ltd|nv|oy|sa|sarl|se|spa|srl)\.?$", re.IGNORECASE)


def read_line(line: str) -> dict[str, Any]:
    """A payload of `name`, `email`, `phone` and `company`, as far as the line says them.

    The e-mail and the phone are found wherever they stand. Of what is left, the first part is the name and the second
    the company; a part alone that ends as companies do is the company. Raises ValidationError where a line says more
    than one person or one company.
    """
    emails, rest = EMAIL.findall(line), EMAIL.sub(",", line)
    if len(emails) > 1:
        raise ValidationError(_("This line holds two e-mails. Add one person at a time."))
    phone = _phone(rest)
    if phone:
        rest = rest.replace(phone, ",", 1)
    parts = [part for part in (EDGES.sub("", piece) for piece in BETWEEN.split(rest)) if part]
    if len(parts) > 2:
        more = ", ".join(parts[2:])
        raise ValidationError(_("A name and a company are understood here; not %(what)s."), params={"what": more})
    if len(parts) == 1 and LEGAL.search(parts[0]):
        parts.insert(0, "")
    said: dict[str, Any] = {"name": parts[0] if parts else "", "email": emails[0] if emails else "", "phone": phone}
    if len(parts) > 1:
        said["company"] = {"name": parts[1]}
    return {name: value for name, value in said.items() if value}


def _phone(text: str) -> str:
    """The first run of digits that could be a phone number: with its country code, or long enough to be one."""
    for found in PHONE.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if found[0].startswith("+") or len(digits) >= ENOUGH:
            return found[0].strip()
    return ""
