"""What the API offers, as a page for people: made of the OpenAPI document, so that the two cannot disagree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from accounts.choices import Scope
from smarketing.openapi import operations

__all__ = ["operations", "page"]

GROUPS = {
    "leads": _("Leads"),
    "activities": _("Activities"),
    "companies": _("Companies"),
    "campaigns": _("Campaigns"),
    "handoffs": _("Hand-offs"),
    "deals": _("Deals"),
    "submissions": _("Submissions"),
}
REFERENCE = "#/components/schemas/"


@dataclass
class Field:
    """One parameter, or one field of a body or of an answer."""

    name: str
    kind: str
    about: str = ""
    needed: bool = False
    where: Any = ""


@dataclass
class Operation:
    """One operation as the page shows it."""

    name: str
    method: str
    path: str
    about: str
    scope: Any
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    status: str
    refusals: list[tuple[str, str]]
    curl: str


class Document:
    """The OpenAPI document, taken apart."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def groups(self) -> list[tuple[str, Any, list[Operation]]]:
        found: dict[str, list[Operation]] = {group: [] for group in GROUPS}
        for path, methods in self.document["paths"].items():
            for method, said in methods.items():
                found[said["tags"][0]].append(self.operation(path, method.upper(), said))
        return [(group, GROUPS[group], listed) for group, listed in found.items()]

    def operation(self, path: str, method: str, said: dict[str, Any]) -> Operation:
        status, answer = next((code, one) for code, one in said["responses"].items() if code.startswith("2"))
        body = self.content(said.get("requestBody", {}))
        return Operation(
            name=said["operationId"],
            method=method,
            path=path,
            about=said.get("description", ""),
            scope=Scope(said["x-scope"]),
            parameters=[self.parameter(one) for one in said.get("parameters", [])],
            body=list(self.fields(body)),
            answer=list(self.fields(self.content(answer))),
            status=status,
            refusals=[(code, one["description"]) for code, one in said["responses"].items() if code != status],
            curl=self.curl(path, method, said),
        )

    def content(self, holder: dict[str, Any]) -> dict[str, Any]:
        return self.resolved(holder.get("content", {}).get("application/json", {}).get("schema", {}))

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema whose reference is followed."""
        named = schema.get("$ref") or next((one.get("$ref") for one in schema.get("allOf", [])), None)
        if not named:
            return schema
        found: dict[str, Any] = self.document["components"]["schemas"][named.removeprefix(REFERENCE)]
        return found

    def fields(self, schema: dict[str, Any], within: str = "") -> Iterator[Field]:
        """The fields of a body or of an answer; those of its rows follow the list that holds them."""
        needed = schema.get("required", [])
        for name, one in schema.get("properties", {}).items():
            yield Field(f"{within}{name}", self.kind(one), one.get("description", ""), name in needed)
            if "items" in one and not within:
                yield from self.fields(self.resolved(one["items"]), within=f"{name}[].")

    def parameter(self, said: dict[str, Any]) -> Field:
        places = {"query": _("in the address"), "path": _("in the path"), "header": _("header")}
        kind = self.kind(said["schema"])
        return Field(said["name"], kind, said.get("description", ""), said.get("required", False), places[said["in"]])

    def kind(self, schema: dict[str, Any]) -> str:
        """What a value is, in a few words."""
        if named := schema.get("$ref") or next((one.get("$ref") for one in schema.get("allOf", [])), None):
            found = self.resolved(schema)
            return self.kind(found) if "enum" in found else str(named.removeprefix(REFERENCE))
        if choices := schema.get("enum"):
            return " | ".join(str(choice) for choice in choices)
        if schema.get("type") == "array":
            return f"{self.kind(schema['items'])} []"
        if several := schema.get("oneOf"):
            return " | ".join(self.kind(one) for one in several)
        return str(schema.get("format") or schema.get("type") or "any")

    def curl(self, path: str, method: str, said: dict[str, Any]) -> str:
        """The operation as a command."""
        lines = [f"curl {'' if method == 'GET' else f'-X {method} '}$SMARKETING{path}"]
        lines.append('-H "Authorization: Token $TOKEN"')
        if any(one["name"] == "If-Match" for one in said.get("parameters", [])):
            lines.append('-H "If-Match: $ETAG"')
        content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example['value'])}'"]
        return " \\\n  ".join(lines)


@lru_cache(maxsize=8)
def _groups(_language: str) -> list[tuple[str, Any, list[Operation]]]:
    """It is the same for everybody until the program is another one."""
    return Document(SchemaGenerator().get_schema(request=None, public=True)).groups()


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation, by what it is about."""
    return render(request, "api/docs.html", {"groups": _groups(get_language() or "")})
