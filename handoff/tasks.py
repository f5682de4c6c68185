"""The worker's part of the hand-off: every task calls the domain once, and may run twice without harm."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.signals import worker_process_shutdown, worker_shutdown
from django.core.cache import cache
from kombu.exceptions import OperationalError

from accounts import people
from handoff import alarms, answers, attachments, lifecycle, notices, outgoing, promises, sample, todo, undo
from leads import capture, exchange, tracker
from leads.tasks import heard

worker_process_shutdown.connect(notices.hang_up)
worker_shutdown.connect(notices.hang_up)
log = logging.getLogger(__name__)


@shared_task
def catch_up() -> None:
    """Do what waits; files last, since what people and forms say makes its way between their chunks."""
    heard()
    answer()
    exchange.run_waiting(between=answer)


def answer() -> None:
    """Process what was submitted, answer what leads have shown, tell whom it concerns.

    Visits are written first and taken last, so that whoever says who they are brings along what they have just seen.
    """
    tracker.drain()
    while capture.process_waiting():
        pass
    tracker.take()
    answers.answer_all()
    if notices.prepare():
        send_soon()
    tell_outside()


def send_soon() -> None:
    """Have what is composed sent in a task of its own: a mail server that is slow keeps nobody else waiting."""
    try:
        deliver_notices.apply_async(expires=60)
    except (OperationalError, OSError):
        log.info("the broker is away: the beat's sweep sends what waits")


def tell_outside() -> None:
    """Make events of what has happened, and have them posted in a task of its own."""
    made = 0
    while gathered := outgoing.gather():
        made += gathered
    if made:
        post_soon()


def post_soon() -> None:
    """Have events posted now, instead of at the next beat."""
    try:
        deliver_events.apply_async(expires=60)
    except (OperationalError, OSError):
        log.info("the broker is away: the beat's sweep posts what waits")


@shared_task
def sweep_promises() -> int:
    done = 0
    while swept := promises.sweep():
        done += swept
    return done + promises.pass_on()


@shared_task
def sweep_files() -> int:
    return attachments.sweep()


@shared_task
def remind_of_tasks() -> int:
    return todo.remind()


@shared_task
def tell_of_drift() -> int:
    return alarms.tell()


@shared_task
def tell_who_can_sign_in() -> None:
    people.tell_again()


@shared_task
def look_again() -> int:
    return lifecycle.look_again()


@shared_task
def forget_old_acts() -> int:
    return undo.forget()


@shared_task
def deliver_notices() -> int:
    return notices.deliver()


@shared_task
def deliver_events() -> int:
    return outgoing.deliver()


@shared_task
def forget_old_messages() -> int:
    return notices.forget() + outgoing.forget()


@shared_task
def forget_abandoned_files() -> int:
    return exchange.forget_abandoned()


#: While this mark stands in the cache, the sample company has been asked for and is not there yet.
COMING, PATIENCE = "sample_is_coming", 300


def ask_for_sample() -> bool:
    """Let the worker fill in the sample company, once; False if it cannot be asked."""
    if not cache.add(COMING, 1, timeout=PATIENCE):
        return True
    try:
        fill_sample.delay()
    except (OperationalError, OSError):
        cache.delete(COMING)
        return False
    return True


def sample_is_coming() -> bool:
    return bool(cache.get(COMING))


@shared_task
def fill_sample() -> None:
    try:
        sample.fill()
    finally:
        cache.delete(COMING)
