"""The worker's part of the hand-off: every task calls the domain once, and may run twice without harm."""

from __future__ import annotations

from celery import shared_task

from handoff import lifecycle, notices, sla
from leads import capture, exchange
from leads.tasks import heard


@shared_task
def catch_up() -> None:
    """Do what waits; files last, since what people and forms say makes its way between their chunks."""
    heard()
    answer()
    exchange.run_waiting(between=answer)


def answer() -> None:
    """Process what was submitted, answer what leads have shown, tell whom it concerns."""
    while capture.process_waiting():
        pass
    lifecycle.answer_all()
    notices.deliver()


@shared_task
def sweep_promises() -> int:
    return sla.sweep()


@shared_task
def deliver_notices() -> int:
    return notices.deliver()


@shared_task
def forget_abandoned_files() -> int:
    return exchange.forget_abandoned()
