"""What sources, personas and reasons are called: small tables, read in one query."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from handoff.models import Reason
from leads.models import Source
from personas.models import Persona

#: The classes of returns, by code.
CLASSES: dict[str, Any] = dict(Reason.ReturnClass.choices)


class Name(NamedTuple):
    """One of them: its kind, what an address calls it, what a person reads, and the class of a return."""

    kind: str
    key: str
    label: str
    return_class: str = ""


class Names:
    """Read when first asked."""

    @cached_property
    def known(self) -> dict[tuple[str, str], Name]:
        def rows(queryset: Any, kind: str, key: Any, label: str, group: Any) -> Any:
            named = queryset.order_by().annotate(of_kind=Value(kind, CharField()), key=key, group=group)
            return named.values_list("of_kind", "key", label, "group")

        none = Value("", CharField())
        sources = rows(Source.objects, "source", F("slug"), "name", none)
        personas = rows(Persona.objects, "persona", Cast("pk", CharField()), "name", none)
        code = Concat("act", Value(":"), "code", output_field=CharField())
        reasons = rows(Reason.objects, "reason", code, "label", F("return_class"))
        found = [Name(*row) for row in sources.union(personas, reasons, all=True)]
        return {(name.kind, name.key): name for name in sorted(found, key=lambda name: name.label.lower())}

    def options(self, kind: str, chosen: str) -> list[Name]:
        """What a list offers; what the address asks for and nobody knows is added, so that it shows."""
        options = [*[name for name in self.known.values() if name.kind == kind], Name(kind, "none", _("None"))]
        return options if chosen in ["", *[name.key for name in options]] else [*options, Name(kind, chosen, chosen)]

    def label(self, kind: str, key: str) -> str:
        name = self.known.get((kind, key))
        return name.label if name else _("None") if key == "none" else key

    def source(self, slug: str) -> str:
        return _("No source") if slug == "none" else self.label("source", slug)

    def reason(self, act: str, code: str) -> Name:
        """The reason by act and code; one that is no longer known keeps its code."""
        return self.known.get(("reason", f"{act}:{code}")) or Name("reason", f"{act}:{code}", code)
