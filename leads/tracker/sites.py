"""The websites whose visits count, kept in the process: the door asks for each hit, and needs no database for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.db import DatabaseError

from leads.models import TrackedSite

#: What is kept is read anew after so many seconds, so that a change of the settings holds everywhere soon.
KEPT_SECONDS = 5
#: Path prefixes of one site with the kinds of their visits, the longest first.
Rules = tuple[tuple[str, str], ...]
#: What a page is that no rule names.
PAGE = "web:page"

_kept: Mapping[str, Rules] = {}
_read_at = float("-inf")


def by_host() -> Mapping[str, Rules]:
    """The rules of each site that may tell of visits; with the database away those that were known last."""
    global _kept, _read_at
    now = time.monotonic()
    if now - _read_at >= KEPT_SECONDS:
        try:
            rows = TrackedSite.objects.values_list("host", "rules")
            _kept = {host: tuple(sorted(map(tuple, rules), key=lambda rule: -len(rule[0]))) for host, rules in rows}
        except DatabaseError:
            if not _kept:
                raise
        _read_at = now
    return _kept


def read_again() -> None:
    """The sites have changed: this process asks for them at the next hit."""
    global _read_at
    _read_at = float("-inf")


def kind_of(url: str, rules: Rules) -> str:
    """What a look at this page is called."""
    path = urlsplit(url).path or "/"
    for prefix, kind in rules:
        if path == prefix.rstrip("/") or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/"):
            return kind
    return PAGE
