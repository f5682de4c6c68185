"""The websites whose visits count, kept in the process: the door asks for each hit, and needs no database for it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _

from leads.identity import origin
from leads.models import TrackedSite

#: What is kept is read anew after so many seconds, so that a change of the settings holds everywhere soon.
KEPT_SECONDS = 5
#: Path prefixes of one site with the kinds of their visits, the longest first.
Rules = tuple[tuple[str, str], ...]
#: What a page is that no rule names.
PAGE = "web:page"

#: A site has so many pages with names of their own.
MOST_RULES = 100
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
#: What a visit may be called: `web:` goes before it. The first line of who says who they are is called otherwise.
NAME = re.compile(r"(?!identified$)[a-z][a-z0-9_]{0,29}")

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


def save(site: TrackedSite | None, *, host: str, rules: list[list[str]]) -> TrackedSite:
    """Let the visits of a site count, or change what its pages are called."""
    site = site or TrackedSite()
    site.host, site.rules = host, rules
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError as error:
        raise ValidationError(_("%(host)s is here already.") % {"host": host}) from error
    transaction.on_commit(read_again)
    return site


def remove(site: TrackedSite) -> None:
    """Hear nothing more of a site."""
    site.delete()
    transaction.on_commit(read_again)


def read_host(said: str) -> str:
    """The name of a site out of what people paste: an address of one of its pages, or the name alone."""
    address = said if "://" in said else f"https://{said}"
    try:
        host = origin.host(address).rstrip(".").encode("idna").decode()
    except UnicodeError:
        host = ""
    if not HOST.fullmatch(host):
        raise ValidationError(_("Expected the name of a site such as www.example.com."))
    return host


def read_rules(text: str) -> list[list[str]]:
    """What pages are called, one `/path: name` a line."""
    rules, wrong = [], []
    for line in filter(None, map(str.strip, text.splitlines())):
        path, _colon, name = (part.strip() for part in line.rpartition(":"))
        if not path.startswith("/") or not NAME.fullmatch(name):
            wrong.append(
                _("“%(line)s”: expected a path, a colon and a short name, as in /prices: pricing.")
                % {"line": line[:80]}
            )
        rules.append([path, f"web:{name}"])
    if len(rules) > MOST_RULES:
        wrong.append(_("%(n)d lines are as many as may be.") % {"n": MOST_RULES})
    if wrong:
        raise ValidationError(wrong)
    return rules


def write_rules(rules: list[list[str]]) -> str:
    return "\n".join(f"{path}: {kind.removeprefix('web:')}" for path, kind in rules)


def kind_of(url: str, rules: Rules) -> str:
    """What a look at this page is called."""
    path = urlsplit(url).path or "/"
    for prefix, kind in rules:
        if path == prefix.rstrip("/") or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/"):
            return kind
    return PAGE
