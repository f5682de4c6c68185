"""What sources, personas, reasons, campaigns and colleagues are called: small tables, read in one query."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import telling
from handoff.models import Reason
from leads.models import Campaign, Source
from personas.models import Persona

#: The classes of returns, by code.
CLASSES: dict[str, Any] = dict(Reason.ReturnClass.choices)


class Name(NamedTuple):
    """One of them: its kind, what an address calls it, what a person reads, and the class of a return or the team."""

    kind: str
    key: str
    label: str
    group: str = ""


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
        campaigns = rows(Campaign.objects, "campaign", Cast("pk", CharField()), "name", none)
        people = rows(User.objects, "person", Cast("pk", CharField()), "name", F("team"))
        found = [Name(*row) for row in sources.union(personas, reasons, campaigns, people, all=True)]
        return {(name.kind, name.key): name for name in sorted(found, key=lambda name: name.label.lower())}

    def options(self, kind: str, chosen: str, *, group: str = "") -> list[Name]:
        """What a list offers; what the address asks for and nobody knows is added, so that it shows."""
        options = [name for name in self.known.values() if name.kind == kind and group in ("", name.group)]
        if kind == "person":
            known = self.known.get((kind, chosen))
            options += [known] if known and known not in options else []
        else:
            options.append(Name(kind, "none", _("None")))
        return options if chosen in ["", *[name.key for name in options]] else [*options, Name(kind, chosen, chosen)]

    def label(self, kind: str, key: str) -> str:
        name = self.known.get((kind, key))
        return name.label if name else _("None") if key == "none" else key

    def source(self, slug: str) -> str:
        return _("No source") if slug == "none" else self.label("source", slug)

    def form(self, key: str) -> str:
        """What a first touch is called: 'Filled in a form: Payback calculator'."""
        if key in ("", "none"):
            return _("Not recorded") if key else ""
        kind, _bar, name = key.partition("|")
        return f"{telling.named(kind)}: {name}" if name else telling.named(kind)

    def reason(self, act: str, code: str) -> Name:
        """The reason by act and code; one that is no longer known keeps its code."""
        return self.known.get(("reason", f"{act}:{code}")) or Name("reason", f"{act}:{code}", code)
