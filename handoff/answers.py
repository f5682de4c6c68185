"""What leads have shown is answered: each signal once, by the act it asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from handoff import deals, lifecycle, standing, telling
from handoff.models import Handoff
from leads import clock, identity, pipeline, timeline
from leads.models import Lead, Signal
from personas.choices import Stage

log = logging.getLogger(__name__)

#: What a purchase event says of its deal.
DEAL_FIELDS = ("name", "amount", "currency", "custom")


def answer_signals(limit: int = 500, *, leads: Collection[int] | None = None) -> int:
    """Answer what leads (only these, if named) have shown since the last sweep; any number of sweeps may run at once.

    Returns how many were answered; the others wait for the next sweep with their error.
    """
    due = Signal.objects.due() if leads is None else Signal.objects.due().filter(lead__in=leads)
    with transaction.atomic():
        return _answer(list(due.select_for_update(skip_locked=True)[:limit]))


def answer_all() -> int:
    """Answer until nothing more can be; for the worker, and for commands that promise that all is done."""
    total = 0
    while answered := answer_signals():
        total += answered
    return total


def answer_imported(limit: int = 500) -> list[Signal]:
    """Answer whatever files have told, waiting for what a worker is just busy with: for commands that promise it.

    Returns those that could not be answered; each has its error and waits for a person.
    """
    told = Signal.objects.unhandled().filter(kind=Signal.Kind.OUTCOME, imported=True)
    while True:
        with transaction.atomic():
            signals = list(told.due().select_for_update()[:limit])
            _answer(signals)
        if not signals:
            return list(told)


def _answer(signals: list[Signal]) -> int:
    _answer_history(signals, {lead.pk: lead for lead in Lead.objects.locked({signal.lead_id for signal in signals})})
    for signal in signals:
        if signal.handled_at is None:
            with signal.attempt():  # a savepoint: one bad signal is kept with its error, the rest go on
                signal.answer = ANSWERS[signal.kind](signal)
    return sum(signal.handled_at is not None for signal in signals)


def _answer_history(signals: list[Signal], leads: dict[int, Lead]) -> None:
    """Answer a file's outcomes all at once, where they are what their lead has to be answered first.

    What stands in the middle, or spoils the batch, is left to be answered one by one.
    """
    first = {signal.lead_id: signal for signal in reversed(signals)}
    simple = [signal for signal in first.values() if signal.imported and _is_simple(signal, leads[signal.lead_id])]
    if len(simple) < 2:
        return
    prefetch_related_objects([leads[signal.lead_id] for signal in simple], "company", "score")
    try:
        with transaction.atomic():
            endings = [
                deals.Closed(leads[s.lead_id], s.payload["result"] == "won", s.at, _deal_fields(s)) for s in simple
            ]
            deals.record_closed_many(endings, imported=True)
            won = {end.lead: end.at for end in endings if end.won and end.lead.stage != Stage.CUSTOMER}
            pipeline.move_many(won, Stage.CUSTOMER, act="purchase", imported=True)
    except (ValidationError, DatabaseError, KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("%d outcomes of a file are answered one by one: %r", len(simple), error)
        return
    now = clock.now()
    for signal in simple:
        signal.handled_at, signal.error = now, ""
        signal.answer = "customer" if signal.payload["result"] == "won" else "lost deal"
    Signal.objects.bulk_update(simple, ["handled_at", "answer", "error"])


def _is_simple(signal: Signal, lead: Lead) -> bool:
    return signal.kind == Signal.Kind.OUTCOME and lead.stage != Stage.MOFU and not lead.do_not_contact


def _answer_line(signal: Signal) -> str:
    if signal.lead.stage != Stage.TOFU:
        return "not in tofu"
    note = _("Crossed the MQL line of %(n)s points") % {"n": signal.payload.get("line")}
    if action := signal.payload.get("action"):
        note = _("%(what)s: agreed to skip the MQL line") % {"what": telling.named(action)}
    lifecycle.offer(signal.lead, origin=Handoff.Origin.LINE, note=note)
    return "offered"


def _answer_hand_raise(signal: Signal) -> str:
    lead, note = Lead.objects.lock(signal.lead_id), str(signal.payload.get("note", ""))
    if lead.stage == Stage.MOFU:
        handoff = lifecycle.hasten(standing.open_handoff(lead), note=note, at=signal.at)
        return f"stands at {handoff.lane}"
    if lead.stage not in (Stage.TOFU, Stage.CUSTOMER) or lead.do_not_contact:
        return f"stays in {lead.stage}"
    lifecycle.offer(lead, origin=Handoff.Origin.HAND_RAISE, note=note)
    return "offered"


def _answer_purchase(signal: Signal) -> str:
    lead = Lead.objects.lock(signal.lead_id)
    if lead.do_not_contact:
        timeline.record(lead, kind="deal:purchase_noted", at=signal.at)
        return "do not contact: noted, not moved"
    lifecycle.purchase(lead, at=signal.at, fields=_deal_fields(signal), imported=signal.imported)
    return "customer"


def _answer_outcome(signal: Signal) -> str:
    if signal.payload["result"] == "won":
        return _answer_purchase(signal)
    lead = Lead.objects.lock(signal.lead_id)
    deals.record_closed(lead, won=False, at=signal.at, imported=signal.imported, fields=_deal_fields(signal))
    return "lost deal"


def _deal_fields(signal: Signal) -> dict[str, Any]:
    """What is known of the deal: told apart from the event, or, by a purchase, in the event itself."""
    said = signal.payload.get("deal") or {n: signal.payload[n] for n in DEAL_FIELDS if n in signal.payload}
    amount, currency = said.get("amount"), str(said.get("currency") or "").upper()
    return {**said, "amount": identity.read_amount(amount) if amount not in (None, "") else None, "currency": currency}


ANSWERS: dict[str, Callable[[Signal], str]] = {
    Signal.Kind.MQL_LINE: _answer_line,
    Signal.Kind.HAND_RAISE: _answer_hand_raise,
    Signal.Kind.PURCHASE: _answer_purchase,
    Signal.Kind.OUTCOME: _answer_outcome,
}
