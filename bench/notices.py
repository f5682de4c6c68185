"""Telling people: how few queries ten thousand notices take, and what open pages cost that follow what others do."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figure import Figure
from bench.servers import free_port, gunicorn, process

NOTICES, PEOPLE = 10_000, 100
PAGES = 200
#: As frontend/js/live.js asks.
INTERVAL = 1.5
SECONDS = float(os.environ.get("LIVE_SECONDS", "12"))
#: While it is measured something happens so often, in seconds.
HAPPENS = 2.0


def measure() -> Iterator[Figure]:
    yield Figure("10,000 notices to 100 people, queries per 500", queries_per_500(), 1, 10)
    yield Figure("200 pages that ask, share of a core (%)", cpu_of_asking(), 1, 60)
    yield Figure("200 pages that are streamed to, share of a core (%)", cpu_of_streaming(), 1, 5)


def queries_per_500() -> float:
    """Written in batches as a sweep writes them, planned, composed and sent: every statement is counted."""
    from django.conf import settings
    from django.core import mail
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User
    from handoff import notices
    from handoff.models import Message, Notice

    settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND = True, "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    people = [
        User(username=f"told{n}", name=f"Told {n}", email=f"told{n}@example.com", team="sales") for n in range(PEOPLE)
    ]
    User.objects.bulk_create(people)
    try:
        notices.deliver()
        mail.outbox.clear()
        events = NOTICES // PEOPLE
        told = [
            notices.Telling(kind="promise:over", to=people, text=f"Promise {n} is over", event=f"bench:{n}")
            for n in range(events)
        ]
        with CaptureQueriesContext(connection) as taken:
            for start in range(0, events, 5):
                notices.write_many(told[start : start + 5])
            notices.deliver()
        assert Notice.objects.filter(event__startswith="bench:", sent_at__isnull=False).count() == NOTICES
        assert len(mail.outbox) == PEOPLE, len(mail.outbox)
        statements = [each for each in taken.captured_queries if each["sql"] not in ("BEGIN", "COMMIT")]
        return len(statements) / (NOTICES / 500)
    finally:
        Message.objects.filter(person__username__startswith="told").delete()
        User.objects.filter(username__startswith="told").delete()


def cpu_of_asking() -> float:
    """Two hundred keep-alive connections, each asking once an interval, while something happens now and then."""
    from leads import pulse

    with gunicorn("smarketing.wsgi", "/healthz") as (port, master), happenings():
        pages = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(PAGES)]
        tags = [""] * PAGES
        answered = {200: 0, 304: 0}

        def ask(number: int) -> None:
            headers = {"If-None-Match": tags[number]} if tags[number] else {}
            pages[number].request("GET", f"/live/?who={pulse.token(number + 1)}", headers=headers)
            answer = pages[number].getresponse()
            answer.read()
            tags[number] = answer.headers["ETag"]
            answered[answer.status] += 1

        for number in range(PAGES):
            ask(number)
        used, began = cpu_below(master), time.monotonic()
        turn = 0
        while time.monotonic() - began < SECONDS:
            for number in range(PAGES):
                until = began + (turn + number / PAGES) * INTERVAL
                if (left := until - time.monotonic()) > 0:
                    time.sleep(left)
                ask(number)
            turn += 1
        took = time.monotonic() - began
        assert answered[304], answered  # some asked while nothing had happened
        assert answered[200] > PAGES, answered
        assert took < turn * INTERVAL * 1.2, f"the asking could not keep up: {took:.1f} s for {turn} rounds"
        return 100 * (cpu_below(master) - used) / took


def cpu_of_streaming() -> float:
    """The same pages with a stream each: each is told of everything that happens."""
    from leads import pulse

    port = free_port()
    config, stream = "python:smarketing.gunicorn_stream", "smarketing.stream:application"
    command = [sys.executable, "-m", "gunicorn", "-c", config, stream]
    os.environ |= {"LIVE_PORT": str(port), "HOST": "127.0.0.1"}
    with process(command) as master, happenings() as happened:
        wait_for(port)
        pages = []
        for number in range(PAGES):
            page = socket.create_connection(("127.0.0.1", port), timeout=30)
            page.sendall(f"GET /?who={pulse.token(number + 1)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            pages.append(page)
        heard = [0] * PAGES
        for page in pages:
            while b": here" not in page.recv(65536):
                pass
            page.setblocking(False)
        used, began, before = cpu_below(master), time.monotonic(), happened[0]
        while time.monotonic() - began < SECONDS:
            time.sleep(0.25)
            for number, page in enumerate(pages):
                try:
                    heard[number] += page.recv(65536).count(b"data:")
                except BlockingIOError:
                    continue
        took, used = time.monotonic() - began, cpu_below(master) - used
        expected = happened[0] - before
        assert min(heard) >= expected - 2, f"{min(heard)} of {expected} were heard"
        for page in pages:
            page.close()
        return 100 * used / took


@contextmanager
def happenings() -> Iterator[list[int]]:
    """Something changes now and then, as a commit would say it."""
    from leads import pulse

    over, happened = threading.Event(), [0]

    def go_on() -> None:
        while not over.wait(HAPPENS):
            pulse.Beat({pulse.LEADS})()
            happened[0] += 1

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield happened
    finally:
        over.set()
        thread.join()


def cpu_below(master: int) -> float:
    """Seconds of processor time that a process and its children have used."""
    pids = [str(master), *Path(f"/proc/{master}/task/{master}/children").read_text().split()]
    ticks = os.sysconf("SC_CLK_TCK")
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / ticks


def wait_for(port: int) -> None:
    for _attempt in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().read() == b"ok":
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the stream did not come up")
