"""The rows behind a number, as a page by key, as words for its filters, and as cells for a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from dashboards.names import CLASSES, Names
from dashboards.promises import STATES
from dashboards.selection import Selection
from dashboards.steps import FATES, OFFER_FATES, WAYS, Fate, came_words, fate, step_label
from handoff.models import Deal, Handoff, Promise, Reason
from handoff.sla import Calendar
from leads.models import Lead
from leads.paging import EPOCH, beyond, bounded
from personas.choices import Lane

PAGE = 50
#: So many rows at a time go from the database into a file.
CHUNK = 2_000
WITH = {
    "visits": ("lead__company", "lead__source"),
    "leads": ("company", "source"),
    "deals": ("company",),
    "promises": ("handoff__lead__company", "handoff__lead__source", "handoff__agreement", "owner", "handoff__owner"),
    "handoffs": ("lead__company", "lead__source", "lead__marketer", "owner", "offered_by", "ended_by", "reason"),
}


class Row(NamedTuple):
    """What a line of the list, or of the file, shows: of a visit, a lead, a deal or a hand-off."""

    lead: Lead | None
    name: str
    company: str
    source: str
    began: datetime | None
    ended: datetime | None = None
    span: timedelta | None = None
    became: str = ""
    because: str = ""
    came: str = ""
    deal: Deal | None = None
    handoff: Handoff | None = None
    promise: Promise | None = None
    minutes: float | None = None
    whose: User | None = None
    words: str = ""
    fate: Fate | None = None


class Page(NamedTuple):
    rows: list[Row]
    before: str
    after: str


def page_of(chosen: Selection, names: Names, *, before: str = "", after: str = "", size: int = PAGE) -> Page:
    """The page after, or before, the row that a cursor names, the newest first; an unreadable one is the first page."""
    rows = ordered(chosen)
    after_key, before_key = read_cursor(after), read_cursor(before)
    back = before_key is not None and after_key is None
    if key := before_key if back else after_key:
        rows = rows.filter(beyond(("moment", "pk"), key, downwards=not back))
    if back:
        rows = rows.reverse()
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    has_before, has_after = (more, True) if back else (key is not None, more)
    return Page(
        [shown(chosen, row, names) for row in found],
        before=write_cursor(found[0]) if found and has_before else "",
        after=write_cursor(found[-1]) if found and has_after else "",
    )


def ordered(chosen: Selection) -> Any:
    rows = chosen.rows().select_related(*WITH[chosen.counts]).order_by("-moment", "-pk")
    if chosen.counts == "handoffs":
        return rows.defer("brief")
    if chosen.counts == "promises":
        return rows.defer("handoff__brief")
    return rows.prefetch_related("roles__lead__source") if chosen.counts == "deals" else rows


def write_cursor(row: Any) -> str:
    return f"{(row.moment - EPOCH) // timedelta(microseconds=1)}.{row.pk}"


def read_cursor(text: str) -> tuple[datetime, int] | None:
    moment, _dot, pk = text[:60].rpartition(".")
    try:
        return EPOCH + timedelta(microseconds=int(moment)), bounded(pk)
    except (ValueError, OverflowError):
        return None


def shown(chosen: Selection, row: Any, names: Names) -> Row:
    if chosen.counts == "deals":
        return _deal(row)
    if chosen.counts == "leads":
        return _lead(chosen, row)
    if chosen.counts == "handoffs":
        return _offer(row)
    if chosen.counts == "promises":
        return _promise(row)
    lead, gone = row.lead, row.gone
    because = names.reason(row.because_act, row.because_code).label if row.because_code else ""
    return Row(
        *_who(lead), row.moment, gone, gone and gone - row.moment,
        became=str(fate(chosen.step, row.fate).words), because=because, came=came_words(row.came),
    )  # fmt: skip


def _who(lead: Lead) -> tuple[Lead, str, str, str]:
    return lead, str(lead), str(lead.company or ""), str(lead.source or "")


def _lead(chosen: Selection, lead: Any) -> Row:
    won = lead.moment if chosen.what == "customers" else lead.customer_since
    return Row(*_who(lead), lead.first_seen_at, won, won and won - lead.first_seen_at)


def _deal(deal: Any) -> Row:
    lead = next((role.lead for role in deal.roles.all() if role.primary), None)
    source = str(lead.source or "") if lead else ""
    return Row(lead, deal.name, str(deal.company or ""), source, deal.opened_at, deal.closed_at, deal=deal)


def _offer(handoff: Any) -> Row:
    """What became of an offer: by whom, because of what, and in their words what would have made it right."""
    became = offer_fate(handoff.fate)
    moments = {"won": handoff.ended_at, "qualified": handoff.qualified_at, "working": handoff.accepted_at}
    ended = moments.get(handoff.fate, handoff.ended_at)
    words = str(became.words)
    if handoff.reason and handoff.reason.return_class:
        words = f"{words}, {CLASSES[handoff.reason.return_class]}".lower()
    return Row(
        *_who(handoff.lead), handoff.offered_at, ended, ended and ended - handoff.offered_at, became=words,
        because=handoff.reason.label if handoff.reason else "", came=came_words(handoff.origin), handoff=handoff,
        words=handoff.verdict, fate=became, whose=handoff.offered_by or handoff.lead.marketer,
    )  # fmt: skip


def _promise(promise: Any) -> Row:
    """How a promise was kept, and in how much business time it was done."""
    handoff, done = promise.handoff, promise.settled_at if promise.state in ("kept", "broken") else None
    took = Calendar.of(handoff.agreement).minutes(promise.started_at, done) if done else None
    return Row(
        *_who(handoff.lead), promise.started_at, promise.settled_at, became=str(STATES.get(promise.state, "")),
        promise=promise, minutes=took, handoff=handoff, whose=promise.owner or handoff.owner,
    )  # fmt: skip


def offer_fate(key: str) -> Fate:
    return next((known for known in OFFER_FATES if known.key == key), Fate(key, key, "", "out"))


# Words


class Chip(NamedTuple):
    """One thing that narrows a list: its name, its value, and the address of the list without it."""

    name: str
    words: str
    without: str


def title(chosen: Selection) -> str:
    if chosen.what in TITLES:
        return str(TITLES[chosen.what])
    if chosen.step not in FATES:
        return _("Visits")
    words = _("Leads that visited %(step)s") if chosen.what == "visitors" else _("Visits to %(step)s")
    return words % {"step": step_label(chosen.step)}


def chips(chosen: Selection, names: Names) -> list[Chip]:
    """What narrows the list, in words."""
    said = {
        "source": (_("Source"), names.source(chosen.source)),
        "persona": (_("Persona"), names.label("persona", chosen.persona)),
        "campaign": (_("Campaign"), names.label("campaign", chosen.campaign)),
        "form": (_("First touch"), names.form(chosen.form)),
        "marketer": (_("Offered by"), names.label("person", chosen.marketer)),
        "rep": (_("Promised by"), _("unowned") if chosen.rep == "none" else names.label("person", chosen.rep)),
        "promise": (_("Promise"), str(dict(Promise.Kind.choices).get(chosen.promise, chosen.promise))),
        "kept": (_("Kept"), str(KEPT.get(chosen.kept, chosen.kept))),
        "fate": (_("Became"), fate_words(chosen.step, chosen.fate, chosen.counts)),
        "came": (_("Began"), _("handed over by marketing") if chosen.came == "handed" else came_words(chosen.came)),
        "because": (_("Because"), because_words(chosen.because, names)),
        "reached": (_("Came as far as"), str(REACHED.get(chosen.reached, chosen.reached))),
        "rated": (_("Rated"), str(RATED.get(chosen.rated, chosen.rated))),
        "currency": (_("Amount in"), _("no currency yet") if chosen.currency == "none" else chosen.currency),
    }
    return [
        Chip(label, words, f"?{chosen.address(name)}") for name, (label, words) in said.items() if getattr(chosen, name)
    ]


TITLES = {
    "leads": gettext_lazy("Leads first seen"),
    "customers": gettext_lazy("New customers"),
    "wins": gettext_lazy("Deals won"),
    "value": gettext_lazy("Deals won with leads first seen"),
    "offers": gettext_lazy("Offered to sales"),
    "worth": gettext_lazy("Deals won with what was offered"),
    "promises": gettext_lazy("Promises of sales"),
}
KEPT = {**STATES, "decided": gettext_lazy("kept or late")}
RATED = {
    "lead": gettext_lazy("the lead, by sales"),
    "lead_good": gettext_lazy("a good lead, by sales"),
    "follow_up": gettext_lazy("the follow-up, by marketing"),
    "follow_up_good": gettext_lazy("a good follow-up, by marketing"),
}
REACHED = {**dict(Lane.choices), "won": gettext_lazy("Deal won")}


class Back(NamedTuple):
    """The page whose numbers open such lists."""

    href: str
    label: str


def back(chosen: Selection) -> Back:
    if chosen.what == "promises" or (chosen.what == "offers" and chosen.came == "handed"):
        return Back(f"{reverse('dashboards:promises')}?{chosen.promised.address('what')}", _("Promises"))
    if chosen.what in ("offers", "worth"):
        return Back(f"{reverse('dashboards:verdicts')}?{chosen.offered.address('what')}", _("Verdicts"))
    return Back(reverse("dashboards:funnel") + chosen.shared.query, _("Funnel"))


def fate_words(step: str, key: str, counts: str = "visits") -> str:
    if counts == "handoffs" and key == "under_way":
        return _("under way")
    if counts == "handoffs":
        return str(offer_fate(key).words)
    if key in WAYS:
        return str(WAYS[key])
    return str(fate(step, key).words) if step in FATES else key


def because_words(because: str, names: Names) -> str:
    act, _colon, code = because.partition(":")
    if act == Reason.Act.RETURN and not code:
        return _("any return")
    return names.reason(act, code).label if code else str(CLASSES.get(act, act))


# Cells


def columns(chosen: Selection) -> list[str]:
    heads = {
        "visits": [_("Lead"), _("Number"), _("Company"), _("Source"), _("Entered (UTC)"), _("Left (UTC)"), _("Days"),
                   _("Became"), _("Because"), _("Began")],
        "leads": [_("Lead"), _("Number"), _("Company"), _("Source"), _("First seen (UTC)"), _("Customer since (UTC)"),
                  _("Days")],
        "deals": [_("Deal"), _("Lead"), _("Company"), _("Source"), _("Opened (UTC)"), _("Won (UTC)"), _("Amount"),
                  _("Currency")],
        "promises": [_("Lead"), _("Number"), _("Company"), _("Source"), _("Given (UTC)"), _("Done (UTC)"),
                     _("Due (UTC)"), _("Promise"), _("Kept"), _("Business minutes agreed"), _("Business minutes taken"),
                     _("Promised by")],
        "handoffs": [_("Lead"), _("Number"), _("Company"), _("Source"), _("Offered (UTC)"), _("Since (UTC)"), _("Days"),
                     _("Became"), _("Because"), _("What would have made it right"), _("Began"), _("Offered by"),
                     _("With"), _("Lead, says sales"), _("Follow-up, says marketing")],
    }  # fmt: skip
    return heads[chosen.counts]


def cells(chosen: Selection, names: Names) -> Iterator[list[Any]]:
    """Every row of the selection, in the order of the page, without holding them all."""
    for found in ordered(chosen).iterator(chunk_size=CHUNK):
        row = shown(chosen, found, names)
        number = row.lead.pk if row.lead else ""
        days = "" if row.span is None else round(row.span / timedelta(days=1), 2)
        where = [row.company, row.source, stamp(row.began), stamp(row.ended)]
        if row.deal:
            yield [row.name, row.lead or "", *where, row.deal.amount, row.deal.currency]
        elif row.promise:
            given, took = row.promise, "" if row.minutes is None else round(row.minutes, 1)
            yield [row.name, number, *where, stamp(given.due_at), given.get_kind_display(), row.became, given.term,
                   took, str(row.whose or "")]  # fmt: skip
        elif row.handoff:
            people = [str(person or "") for person in (row.whose, row.handoff.owner)]
            ratings = [SAID[said] for said in (row.handoff.lead_good, row.handoff.follow_up_good)]
            yield [row.name, number, *where, days, row.became, row.because, row.words, row.came, *people, *ratings]
        elif chosen.counts == "leads":
            yield [row.name, number, *where, days]
        else:
            yield [row.name, number, *where, days, row.became, row.because, row.came]


#: A rating as a file says it.
SAID: dict[bool | None, Any] = {True: gettext_lazy("good"), False: gettext_lazy("not good"), None: ""}


def stamp(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""
