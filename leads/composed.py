"""Statements that are composed once and planned once: for a wide one either takes longer than its answer."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.query import ModelIterable

from leads import prepared

M = TypeVar("M", bound=models.Model)

#: Stands for the key while a statement is composed. No sequence gets there, and no page has so many rows.
KEY = 2**62 + 2**61 + 1
#: The same for a key that is text.
WORD = "\x00key"


class Composed(Generic[M]):
    """The rows of one key as Django would give them, with their annotations and related ones: `handoffs(lead.pk)`.

    `compose` makes the queryset of a key. It is asked once a process, so nothing else in it may change from call to
    call, and it must be one that can have rows (not `none()`). `stands` is what stands for the key meanwhile: WORD
    where it is text.
    """

    def __init__(self, compose: Callable[[Any], models.QuerySet[M]], *, stands: int | str = KEY) -> None:
        self.compose, self.stands = compose, stands

    def __call__(self, key: int | str) -> list[M]:
        rows, composed, statement, params, converters = self._composed
        compiler = copy(composed)  # it is of one connection, and so of one thread
        compiler.connection = connections[rows.db]
        compiler.as_sql = lambda: prepared.planned(
            statement, tuple(key if param == self.stands else param for param in params), on=compiler.connection
        )
        compiler.get_converters = lambda _columns: converters
        return list(ModelIterable(_Answered(rows, compiler)))  # type: ignore[arg-type]

    @cached_property
    def _composed(self) -> tuple[models.QuerySet[M], Any, str, tuple[Any, ...], dict[int, Any]]:
        rows = self.compose(self.stands)
        compiler = rows.query.get_compiler(rows.db)
        statement, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        return rows, compiler, statement, tuple(params), converters


class Columns:
    """The same for a few columns: `compose` makes a queryset of tuples, and tuples come out."""

    def __init__(self, compose: Callable[[int], models.QuerySet[Any, Any]]) -> None:
        self.compose = compose

    def __call__(self, key: int) -> list[tuple[Any, ...]]:
        statement, params = self._composed
        return prepared.rows(statement, [key if param == KEY else param for param in params])

    @cached_property
    def _composed(self) -> tuple[str, tuple[Any, ...]]:
        statement, params = self.compose(KEY).query.sql_with_params()
        return statement, tuple(params)


class _Answered:
    """What Django asks of a queryset while it makes instances of rows, with a compiler that has composed already."""

    def __init__(self, rows: models.QuerySet[Any], compiler: Any) -> None:
        self.db, self.model = rows.db, rows.model
        self.query, self._compiler = self, compiler
        self._known_related_objects: dict[Any, Any] = {}

    def get_compiler(self, using: str) -> Any:
        return self._compiler
