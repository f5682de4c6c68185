"""Mapping a file by hand: each column with what it seems to be, and everything else a mapping file could say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import exchange
from leads.exchange.fields import COMPANY_FIELDS, DEAL_FIELDS, LEAD_FIELDS, NAMING, ROW, suggest
from leads.exchange.uploads import Look
from leads.models import Import

#: What a column may become although no field has that name: it keeps its own.
CUSTOM, DEAL = "custom", "deal"
#: Words that a column of outcomes says, by what they mean.
WON = ("won", "closed won", "closedwon", "purchased", "yes", "true", "1")
LOST = ("lost", "closed lost", "closedlost", "no", "false", "0")
#: Those that say it by themselves, and the columns in which a mere yes or 1 does.
SURE = frozenset(WON[:4])
YES_OR_NO = frozenset({"won", "iswon", "converted", "isconverted", "customer", "iscustomer", "outcome", "result", "y"})
ENDED_ON = ("wondate", "closedate", "closedat", "closedon", "closeddate", "dateclosed", "purchasedat", "purchasedate")
EVERY = "@every"
SAMPLES = 3


class Choice(NamedTuple):
    """A field that a column may become."""

    value: str
    label: Any


def choices() -> list[tuple[Any, list[Choice]]]:
    """Every field, in groups, as the list beside a column offers them."""
    return [
        (_("The lead"), [Choice(name, label) for name, label in LEAD_FIELDS.items()]),
        (_("Its company"), [Choice(f"company.{name}", label) for name, label in COMPANY_FIELDS.items()]),
        (
            _("The deal of an outcome"),
            [
                *(Choice(f"deal.{name}", label) for name, label in DEAL_FIELDS.items()),
                Choice(DEAL, _("Deal: under its own name")),
            ],
        ),
        (_("Anything else"), [Choice(CUSTOM, _("Custom field under its own name"))]),
    ]


@dataclass
class Column:
    """A column of the file: its name, some of its values, what it becomes, and what it tells of an ending."""

    key: str
    name: str
    values: list[str]
    chosen: str
    tells: str

    @property
    def is_known(self) -> bool:
        """Whether the list offers what was chosen; a mapping file may name a custom field otherwise than its column."""
        return not self.chosen or any(
            self.chosen == value for _group, offered in choices() for value, _label in offered
        )


def words(label: Any, help_text: Any = "", *, limit: int | None = None) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=limit, help_text=help_text)


class MappingForm(forms.Form):
    """What the columns of an uploaded file mean; `attempt()` keeps it."""

    by_row = forms.BooleanField(
        label=gettext_lazy("No column says who somebody is: make a lead of each row"),
        required=False,
        help_text=gettext_lazy("Each row then has an id made from the file and its number, so that it comes in once."),
    )
    system = words(
        gettext_lazy("System the external ids come from"),
        gettext_lazy("Such as hubspot: the same id of another system is somebody else."),
        limit=60,
    )
    source = words(
        gettext_lazy("Source, where the file has none"),
        gettext_lazy("Such as fair or webinar; it is made if it is new."),
        limit=80,
    )
    campaign = words(gettext_lazy("Campaign, where the file has none"), limit=120)
    country = words(
        gettext_lazy("Country, where the file has none"),
        gettext_lazy("Two letters, such as AT. It also says how to read phone numbers without a country."),
        limit=2,
    )
    unmapped = forms.ChoiceField(
        label=gettext_lazy("Columns that become nothing"),
        choices=[("ignore", gettext_lazy("Leave them out")), ("custom", gettext_lazy("Keep them as custom fields"))],
        widget=forms.RadioSelect,
        initial="ignore",
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Column that says how it ended"),
        required=False,
        help_text=gettext_lazy("Whoever is won becomes a customer with a deal, dated as in the file."),
    )
    won = words(gettext_lazy("Words that mean won"), gettext_lazy("Several with a comma between them."))
    lost = words(gettext_lazy("Words that mean lost"))
    at = forms.ChoiceField(label=gettext_lazy("Column that says when it ended"), required=False)

    def __init__(self, data: Mapping[str, str] | None, *, upload: Import, look: Look) -> None:
        self.upload, self.look = upload, look
        self.recalled = None if upload.mapping or data else exchange.recall(upload)
        said = upload.mapping or (self.recalled.mapping if self.recalled else suggested(look))
        super().__init__(data, initial=_initial(said))
        names = [(name, name) for name in look.header]
        nothing = ("", _("None: nobody has ended"))
        fields: Any = self.fields
        fields["outcome"].choices = [nothing, (EVERY, _("No column: every row is a win")), *names]
        fields["at"].choices = [("", _("None: the day of the import")), *names]
        becomes, tells = said.get("columns", {}), {self["at"].value(): _("when it ended")}
        tells[self["outcome"].value()] = _("how it ended")
        self.columns = [
            Column(
                key=f"c{n}",
                name=name,
                values=look.values(n)[:SAMPLES],
                chosen=self._chosen(f"c{n}", name, becomes.get(name, "")),
                tells=tells.get(name, ""),
            )
            for n, name in enumerate(look.header)
        ]

    def _chosen(self, key: str, name: str, target: str) -> str:
        if self.is_bound:
            return str(self.data.get(key, ""))
        target = "company.name" if target == "company" else target
        return target.partition(".")[0] if target in (f"{CUSTOM}.{name}", f"{DEAL}.{name}") else target

    @property
    def groups(self) -> list[tuple[Any, list[Choice]]]:
        return choices()

    def mapping(self) -> dict[str, Any]:
        """The same as a mapping file would say."""
        said = self.cleaned_data
        columns = {column.name: _target(column) for column in self.columns if column.chosen}
        if said["by_row"]:
            columns[ROW] = "external_id"
        defaults = {name: said[name] for name in ("source", "campaign", "country") if said[name]}
        mapping = {"separator": self.look.separator, "columns": columns, "defaults": defaults}
        mapping |= {"unmapped": said["unmapped"], "system": said["system"]}
        if said["outcome"] == EVERY:
            mapping["outcome"] = {"value": "won", "at": said["at"]}
        elif said["outcome"]:
            won, lost = (_parts(said[name]) for name in ("won", "lost"))
            mapping["outcome"] = {"column": said["outcome"], "won": won, "lost": lost, "at": said["at"]}
        return mapping

    def attempt(self) -> bool:
        """Keep the mapping; where it cannot be meant, the form says why."""
        if not self.is_valid():
            return False
        try:
            exchange.choose(self.upload, self.mapping())
        except ValidationError as error:
            self.add_error(None, error)
        return not self.errors


def _target(column: Column) -> str:
    return f"{column.chosen}.{column.name[:80]}" if column.chosen in (CUSTOM, DEAL) else column.chosen


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _initial(said: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as the fields of the form show it."""
    outcome = said.get("outcome") or {}
    return {
        **{name: said.get("defaults", {}).get(name, "") for name in ("source", "campaign", "country")},
        "by_row": ROW in said.get("columns", {}),
        "system": said.get("system", ""),
        "unmapped": "custom" if said.get("unmapped") == "custom" else "ignore",
        "outcome": EVERY if outcome.get("value") else outcome.get("column", ""),
        "won": ", ".join(outcome.get("won", [])),
        "lost": ", ".join(outcome.get("lost", [])),
        "at": outcome.get("at", ""),
    }


def suggested(look: Look) -> dict[str, Any]:
    """What a file seems to mean, from the names of its columns and from what stands in them."""
    columns = suggest(look.header)
    mapping: dict[str, Any] = {"columns": columns}
    for number, name in enumerate(look.header):
        values = look.values(number)
        spoken = {value.casefold() for value in values}
        telling = spoken & ({*WON} if _bare(name) in YES_OR_NO else SURE)
        if name not in columns and telling and len(spoken) <= 12:
            won, lost = ([value for value in values if value.casefold() in known] for known in (WON, LOST))
            at = next((other for other in look.header if other not in columns and _bare(other) in ENDED_ON), "")
            mapping["outcome"] = {"column": name, "won": won, "lost": lost, "at": at}
            break
    if not NAMING & set(columns.values()):
        columns[ROW] = "external_id"
    return mapping


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
