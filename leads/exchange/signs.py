"""Who has been named by a row of this file already: kept in the database, so that a long file costs no memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from django.db import connection

from leads import identity
from leads.exchange.mapping import Said


class Signs:
    """The signs of the rows that a run has read, in a table of this session. A dry run keeps what they said, too."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self.rows: dict[int, int] = {}
        self.pending: dict[int, tuple[int, dict[str, Any] | None]] = {}

    def __enter__(self) -> Signs:
        with connection.cursor() as cursor:
            cursor.execute(
                "DROP TABLE IF EXISTS import_signs; "
                "CREATE TEMP TABLE import_signs (sign bigint PRIMARY KEY, row int NOT NULL, payload jsonb)"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS import_signs")

    def seen(self, saids: Sequence[Said]) -> dict[int, Said | None]:
        """The rows of this chunk that an earlier one has named already, each with what that one said in a dry run."""
        signs = {said.row: _signs(said) for said in saids}
        self.rows, self.pending = {}, {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sign, row, payload FROM import_signs WHERE sign = ANY(%s)",
                [[sign for many in signs.values() for sign in many]],
            )
            found = {sign: (row, payload) for sign, row, payload in cursor.fetchall()}
        self.rows = {sign: row for sign, (row, _payload) in found.items()}
        payloads = {row: next((found[sign][1] for sign in many if sign in found), None) for row, many in signs.items()}
        return {row: _read(row, payload) for row, payload in payloads.items() if payload}

    def row_of(self, said: Said) -> int | None:
        """The earlier row of this file that named the same person, if any."""
        return next((self.rows[sign] for sign in _signs(said) if sign in self.rows), None)

    def note(self, said: Said) -> None:
        """Remember that this row names its person."""
        for sign in _signs(said):
            self.rows.setdefault(sign, said.row)
            row, payload = self.pending.get(sign, (said.row, {}))
            self.pending[sign] = (row, {**said.payload, **(payload or {})} if self.keep else None)

    def flush(self) -> None:
        """Write down what was noted; in a dry run a later row of a person is laid under the earlier ones."""
        rows = [
            (sign, row, json.dumps(payload) if self.keep else None) for sign, (row, payload) in self.pending.items()
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO import_signs SELECT * FROM unnest(%s::bigint[], %s::int[], %s::jsonb[]) "
                    "ON CONFLICT (sign) DO UPDATE SET payload = excluded.payload || import_signs.payload",
                    [list(column) for column in zip(*rows, strict=True)],
                )
        self.pending = {}


def _signs(said: Said) -> list[int]:
    return [identity.sign(key) for key in said.profile.naming_keys]


def _read(row: int, payload: dict[str, Any] | str) -> Said:
    said = json.loads(payload) if isinstance(payload, str) else payload
    return Said(row, said, identity.Profile.read(said))
