"""Lists of the API: filters, the fields that were asked for, and pages by the key of the row before them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from leads import identity
from leads.api.resource import Resource, known_only, tag_of
from leads.paging import EPOCH, beyond, bounded

#: Rows of a page, unless `limit` asks for fewer or for more.
LIMIT, MOST = 50, 500
#: What every list takes beside its filters.
COMMON = ("fields", "limit", "after")


@dataclass(frozen=True)
class Filter:
    """One filter of a list: how its value is read, and what it lets through."""

    column: str
    read: Callable[[str, User], Any]
    about: Any = ""
    choices: tuple[str, ...] = ()

    def lets_through(self, text: str, user: User) -> Q:
        value = self.read(text, user)
        return value if isinstance(value, Q) else Q(**{self.column: value})


@dataclass(frozen=True)
class Listing:
    """A list: its fields by the columns that fill them, its filters, and the columns of its order, newest first."""

    fields: Mapping[str, Any]
    filters: Mapping[str, Filter]
    order: tuple[str, ...] = ("pk",)
    tell: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def page(self, request: Request, rows: QuerySet[Any]) -> dict[str, Any]:
        """One page of what the filters let through, with the address of the following one; one query."""
        said = known_only(request.query_params.dict(), {*self.filters, *COMMON})
        names, size = asked_fields(said, self.fields), limit(said)
        rows = rows.filter(self._wanted(said, request.user))
        if "after" in said:
            rows = rows.filter(beyond(self.order, self._read(said["after"]), downwards=True))
        columns = [*self.order, *(self.fields[name] for name in names)]
        found = list(rows.order_by(*(f"-{column}" for column in self.order)).values_list(*columns)[: size + 1])
        told = [self._told(names, row[len(self.order) :]) for row in found[:size]]
        more = self._written(found[size - 1][: len(self.order)]) if len(found) > size else ""
        return {"results": told, "next": following(request, said, more)}

    def one(self, rows: QuerySet[Any], pk: int) -> dict[str, Any] | None:
        """One row, told whole."""
        found = rows.filter(pk=pk).values_list(*self.fields.values()).first()
        return self._told(self.fields, found) if found else None

    def several(self, rows: QuerySet[Any]) -> list[dict[str, Any]]:
        """These rows in their order, told whole."""
        return [self._told(self.fields, row) for row in rows.values_list(*self.fields.values())]

    def _told(self, names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
        told = dict(zip(names, values, strict=True))
        for name, tell in self.tell.items():
            if name in told:
                told[name] = tell(told[name])
        return told

    def _wanted(self, said: Mapping[str, str], user: Any) -> Q:
        wanted, wrong = Q(), {}
        for name in self.filters.keys() & said.keys():
            try:
                wanted &= self.filters[name].lets_through(said[name].replace("\0", ""), user)
            except ValidationError as error:
                wrong[name] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return wanted

    def _written(self, key: tuple[Any, ...]) -> str:
        """The cursor after a row: its key, moments as microseconds."""
        parts = ((k - EPOCH) // timedelta(microseconds=1) if isinstance(k, datetime) else k for k in key)
        return ".".join(map(str, parts))

    def _read(self, text: str) -> tuple[Any, ...]:
        try:
            *first, last = (bounded(part) for part in text[:60].split("."))
            if len(first) + 1 != len(self.order):
                raise ValueError(text)
            return (*(EPOCH + timedelta(microseconds=part) for part in first), last)
        except (ValueError, OverflowError) as error:
            raise ValidationError({"after": _("This is no cursor of this list. Begin without it.")}) from error


def asked_fields(said: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """The fields that `fields` names, in the order of the record and with the `id`; all of them if it names none."""
    asked = {name.strip() for name in said.get("fields", "").split(",")} - {""}
    names = list(known)
    if unknown := sorted(asked - set(names)):
        raise ValidationError({"fields": _("There is no “%(value)s” here.") % {"value": unknown[0][:80]}})
    return [name for name in names if name in asked or name == "id"] if asked else names


def limit(said: Mapping[str, str]) -> int:
    """How many rows a page has."""
    try:
        size = bounded(said.get("limit", str(LIMIT)), most=MOST)
    except ValueError:
        size = 0
    if not size:
        raise ValidationError({"limit": _("Expected a number from 1 to %(n)d.") % {"n": MOST}})
    return size


def following(request: Request, said: Mapping[str, str], after: str) -> str | None:
    """The address of the page after a cursor; None at the end."""
    return f"{request.path}?{urlencode({**said, 'after': after})}" if after else None


class Rows(Resource):
    """A resource of rows that a listing tells."""

    listing: Listing

    @abstractmethod
    def rows(self, user: Any) -> QuerySet[Any]:
        """The rows that this person sees."""

    def record(self, request: Request, pk: int) -> dict[str, Any]:
        """One row, told whole; 404 where there is none."""
        if found := self.listing.one(self.rows(request.user), pk):
            return found
        raise Http404

    def answer(self, request: Request, pk: int, *, status: int = 200) -> Response:
        """One row, or what `fields` names of it, with the ETag of the whole."""
        return self.tell(request, self.record(request, pk), status=status)

    def tell(self, request: Request, found: dict[str, Any], *, status: int = 200) -> Response:
        """The same of a row that is known already."""
        names = asked_fields(known_only(request.query_params.dict(), {"fields"}), self.listing.fields)
        told = {name: found[name] for name in names}
        return Response(told, status=status, headers={"ETag": tag_of(found)})


# Readers of filters: what a value says, or ValidationError


def number(text: str, _user: User) -> int:
    try:
        return bounded(text)
    except ValueError as error:
        raise ValidationError(_("Expected the number of a row.")) from error


def words(text: str, _user: User) -> str:
    return text[:320]


def moment(text: str, _user: User) -> datetime:
    return identity.read_moment(text)


def among(column: str, choices: Iterable[str], about: Any = "") -> Filter:
    """A filter by one of a few words."""
    known = tuple(choices)

    def read(text: str, _user: User) -> str:
        if text not in known:
            raise ValidationError(_("There is no “%(value)s” here.") % {"value": text[:80]})
        return text

    return Filter(column, read, about, known)


def person(column: str, about: Any = "") -> Filter:
    """A filter by whose it is: `me`, `nobody`, or a username."""

    def read(text: str, user: User) -> Q:
        if text == "nobody":
            return Q(**{f"{column}__isnull": True})
        return Q(**{column: user}) if text == "me" else Q(**{f"{column}__username": text[:150]})

    return Filter(column, read, about)
