"""What seldom changes, kept in the process for as long as the database says that none of its rows is another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from leads import prepared

T = TypeVar("T")


class Unchanged(Generic[T]):
    """What `read` gives, read again when `marks` differ: a statement for the key, xmin and ctid of its rows.

    A row that is written anew has another place or transaction, so that no change goes unseen, not even one of this
    transaction (https://www.postgresql.org/docs/current/ddl-system-columns.html). What is given is everybody's in this
    process: it is only read.
    """

    def __init__(self, marks: str, read: Callable[[], T]) -> None:
        self.marks, self.read = marks, read
        self._found: tuple[Any, T] | None = None

    def __call__(self) -> T:
        marks, found = sorted(prepared.rows(self.marks)), self._found
        if found is None or found[0] != marks:
            found = self._found = marks, self.read()
        return found[1]
