"""Statements that PostgreSQL plans once a connection: planning one of many joins takes it longer than answering it.

Django's driver has no prepared statements of its own, so they are written out: `PREPARE` the first time that a
connection meets a statement, `EXECUTE` from then on (https://www.postgresql.org/docs/current/sql-prepare.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

PLACE = re.compile(r"%(?:%|s|\((\w+)\)s)")

#: The statements that each connection to PostgreSQL has planned, by name; a new connection has none.
_planned: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Prepared(NamedTuple):
    """A statement in PostgreSQL's words, how it is executed, and the names of its parameters in their order, if any."""

    name: str
    statement: str
    execute: str
    names: tuple[str, ...]


@lru_cache(maxsize=4096)
def _prepared(statement: str) -> Prepared:
    names: list[str] = []
    places = 0

    def numbered(found: re.Match[str]) -> str:
        nonlocal places
        if found[0] == "%%":
            return "%"
        places += 1
        if found[1]:
            names.append(found[1])
        return f"${places}"

    written = PLACE.sub(numbered, statement)
    name = f"planned_{blake2b(statement.encode(), digest_size=12).hexdigest()}"
    given = f"({', '.join(['%s'] * places)})" if places else ""
    return Prepared(name, written, f"EXECUTE {name} {given}", tuple(names))


def planned(statement: str, params: Sequence[Any] | Mapping[str, Any], *, on: BaseDatabaseWrapper) -> tuple[str, Any]:
    """What to execute instead of a statement that this connection asks again and again, and with which parameters.

    The types of its parameters must show from where they stand. Where a pooler hands connections on from transaction
    to transaction, nothing can be kept with them: the statement is asked as it is.
    """
    if on.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return statement, params
    known = _prepared(statement)
    on.close_if_health_check_failed()  # as a cursor does next: what is planned here must be what it asks
    on.ensure_connection()
    mine = _planned.setdefault(on.connection, set())
    if known.name not in mine:
        with on.wrap_database_errors, on.connection.cursor() as cursor:
            cursor.execute(f"PREPARE {known.name} AS {known.statement}")
        mine.add(known.name)
    if isinstance(params, Mapping):
        return known.execute, [params[name] for name in known.names]
    return known.execute, params


def rows(statement: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(*planned(statement, params, on=connection))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
