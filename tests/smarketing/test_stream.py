"""The stream: a process without a database that tells open pages of a change as it is committed."""

import http.client
import os
import subprocess
import sys

import pytest
from django.conf import settings

from accounts import departed
from leads import pulse
from tests.smarketing.installations import eventually, free_port

COMMAND = ["-m", "gunicorn", "-c", "python:smarketing.gunicorn_stream", "smarketing.stream:application"]


@pytest.fixture
def stream():
    """A way to ask it. It gets a database address that leads nowhere: it must not need one."""
    port = free_port()
    named = {"LIVE_PORT": str(port), "HOST": "127.0.0.1", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    named |= {"SECRET_KEY": settings.SECRET_KEY, "REDIS_PREFIX": settings.REDIS_PREFIX, "REDIS_URL": settings.REDIS_URL}
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen([sys.executable, *COMMAND], env={**kept, **named})

    opened = []

    def get(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        opened.append(connection)
        connection.request("GET", path)
        opened.append(connection.getresponse())
        return opened[-1]

    def answers():
        try:
            return get("/healthz").read() == b"ok"
        except OSError:
            return False

    eventually(answers)
    yield get
    for each in opened:
        each.close()
    process.terminate()
    process.wait(20)


def line(answer):
    """The next line that says something."""
    while not (said := answer.readline().strip()) or said.startswith(b":"):
        assert not answer.closed
    return said


def test_a_page_hears_what_it_follows_and_nothing_of_others(stream):
    pages = [stream(f"/?who={pulse.token(person)}") for person in (1, 2)]
    for page in pages:
        assert (page.status, page.headers["Content-Type"]) == (200, "text/event-stream")
        assert page.readline() == b": here\n"
    pulse.Beat({pulse.of_person(1)})()
    assert line(pages[0]) == b"data: me"
    pulse.Beat({pulse.LEADS, pulse.of_person(2)})()
    assert line(pages[0]) == b"data: leads"
    assert line(pages[1]) == b"data: leads me"


def test_the_outsider_hears_nothing(stream):
    assert stream("/").status == 403
    assert stream(f"/?who={pulse.token(1)}x").status == 403


def test_who_can_no_longer_sign_in_is_let_go_of_and_not_taken_in_again(stream):
    page, other = (stream(f"/?who={pulse.token(person)}") for person in (1, 2))
    assert page.readline() == other.readline() == b": here\n"
    departed.note(1)
    assert page.read() == b"\n"  # it ends
    assert stream(f"/?who={pulse.token(1)}").status == 403
    pulse.Beat({pulse.LEADS})()
    assert line(other) == b"data: leads"
    departed.forget(1)
    assert stream(f"/?who={pulse.token(1)}").status == 200
