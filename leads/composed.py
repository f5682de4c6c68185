"""Statements that are composed once: composing a wide one takes Django longer than PostgreSQL takes to answer it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=models.Model)

#: Stands for the key while a statement is composed. No sequence gets there, and no page has so many rows.
KEY = 2**62 + 2**61 + 1


class Composed(Generic[M]):
    """The rows of one key as Django would give them, with their annotations and related ones: `handoffs(lead.pk)`.

    `compose` makes the queryset of a key. It is asked once a process, so nothing else in it may change from call to
    call, and it must be one that can have rows (not `none()`).
    """

    def __init__(self, compose: Callable[[int], models.QuerySet[M]]) -> None:
        self.compose = compose

    def __call__(self, key: int) -> list[M]:
        rows, composed, statement, params, converters = self._composed
        compiler = copy(composed)  # it is of one connection, and so of one thread
        compiler.connection = connections[rows.db]
        compiler.as_sql = lambda: (statement, tuple(key if param == KEY else param for param in params))
        compiler.get_converters = lambda _columns: converters
        return list(ModelIterable(_Answered(rows, compiler)))  # type: ignore[arg-type]

    @cached_property
    def _composed(self) -> tuple[models.QuerySet[M], Any, str, tuple[Any, ...], dict[int, Any]]:
        rows = self.compose(KEY)
        compiler = rows.query.get_compiler(rows.db)
        statement, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        return rows, compiler, statement, tuple(params), converters


class _Answered:
    """What Django asks of a queryset while it makes instances of rows, with a compiler that has composed already."""

    def __init__(self, rows: models.QuerySet[Any], compiler: Any) -> None:
        self.db, self.model = rows.db, rows.model
        self.query, self._compiler = self, compiler
        self._known_related_objects: dict[Any, Any] = {}

    def get_compiler(self, using: str) -> Any:
        return self._compiler
