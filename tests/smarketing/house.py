"""A whole installation as `make run` starts it, whose servers and worker a test may stop while people come in."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from handoff import invariants
from leads.models import Submission, TrackedSite, VisitorEvent
from smarketing.embedded.servers import PostgreSQL, as_owner
from smarketing.embedded.sharing import Share
from tests.smarketing.installations import Installation, eventually, free_port

PATIENCE = 60
SITE = "https://volt.example"


class Answer(NamedTuple):
    """What came back; status 0 where the line was cut before anything did."""

    status: int
    text: str
    headers: dict[str, str]


class House:
    """The running installation, and the handles of what a test may break."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.port = installation, free_port()
        self.share = Share("postgresql", installation.folder / "postgresql")
        self.said: list[str] = []

    def copy_tables(self) -> None:
        """The tables of the tests' own database, so that nothing need be migrated."""
        server = self.share.server
        assert isinstance(server, PostgreSQL)
        programs, ours = server.programs() / "pginstall" / "bin", connection.settings_dict
        there = ["--host", ours["HOST"], "--username", ours["USER"] or "postgres", "--no-owner", ours["NAME"]]
        here = [str(programs / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--host", str(server.sockets)]
        for part in (["--schema-only"], ["--data-only", "--table", "django_migrations"]):
            dumped = subprocess.run([str(programs / "pg_dump"), *part, *there], capture_output=True, check=True)
            command = [*here, "--username", "postgres", "smarketing"]
            subprocess.run(command, input=dumped.stdout, check=True, stdout=subprocess.DEVNULL, **as_owner(), cwd="/")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Meanwhile the tests' own Django works on the database of this installation."""
        named, kept = connection.settings_dict, dict(connection.settings_dict)
        connection.close()
        there = {"HOST": str(self.share.server.sockets), "USER": "postgres", "PASSWORD": "", "PORT": ""}
        named.update(there, NAME="smarketing")
        try:
            yield
        finally:
            connection.close()
            named.update(kept)

    def start(self) -> None:
        """Start web, worker and beat, and wait until its pages answer. A proxy stands before it: it says who comes."""
        known = {"SECRET_KEY": settings.SECRET_KEY, "TRUSTED_PROXIES": "1", "LIVE_PORT": "0"}
        self.run = self.installation.start("manage.py", "run", PORT=str(self.port), **known)
        threading.Thread(target=self._listen, daemon=True).start()
        eventually(lambda: any("Smarketing is at" in line for line in self.said) or self.run.poll(), seconds=PATIENCE)
        assert self.run.poll() is None, "".join(self.said)

    def _listen(self) -> None:
        assert self.run.stdout
        self.said.extend(self.run.stdout)

    def ask(self, method: str, path: str, body: bytes = b"", *, address: str = "10.0.0.1", **headers: str) -> Answer:
        """One request over a line of its own, by a proxy that has seen it come from `address`."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # not read on: why stands in the answer
                line.request(method, path, body, {"X-Forwarded-For": address, **names})
            got = line.getresponse()
            return Answer(got.status, got.read().decode(), {name.lower(): value for name, value in got.getheaders()})
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, repr(error), {})
        finally:
            line.close()

    # What a test may break

    def stop_redis(self, *, seconds: float) -> None:
        """Redis stops and stays away for so long; who keeps it is held off meanwhile."""
        keeper = next(line for line in self.installation.processes() if "keeper valkey" in line)
        with frozen(int(keeper.split()[0])):
            os.kill(int((self.installation.folder / "valkey" / "data" / "valkey.pid").read_text()), signal.SIGTERM)
            time.sleep(seconds)

    def restart_database(self) -> None:
        """PostgreSQL ends all its connections and shuts down; its keeper starts it anew."""
        os.kill(self.installation.server_pid(), signal.SIGINT)
        connection.close()  # the tests' own

    def kill_worker(self) -> None:
        """The worker and the processes in which it works, at one blow."""
        worker = self._worker()
        for pid in (*_children(worker), worker):
            os.kill(pid, signal.SIGKILL)

    def _worker(self) -> int:
        for pid in _children(self.run.pid):
            if b"celery\0" in (said := Path(f"/proc/{pid}/cmdline").read_bytes()) and b"\0worker\0" in said:
                return pid
        raise AssertionError("no worker runs")

    # What must be true afterwards

    def settle(self) -> None:
        """Wait until nothing waits any more."""

        waits = Submission.objects.filter(processed_at=None, held_for=None), VisitorEvent.objects.waiting()
        until = time.monotonic() + PATIENCE
        stream = redis.Redis(unix_socket_path=str(self.installation.folder / "valkey" / "sockets" / "valkey.sock"))
        while any(left := [stream.xlen("tracker"), *(rows.count() for rows in waits)]):
            assert time.monotonic() < until, f"{left} wait. The installation said:\n{''.join(self.said[-40:])}"
            time.sleep(0.05)
        assert [violation for violation in invariants.violations() if violation.broken] == []

    def end(self) -> None:
        print("".join(self.said))  # pytest shows it where a test has failed
        self.run.send_signal(signal.SIGINT)
        self.run.wait(30)
        self.share.leave()
        self.installation.end()


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def running(django_db_setup, django_db_blocker) -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="smk-"))
    folder.chmod(0o711)
    one = House(Installation(folder))
    with django_db_blocker.unblock():
        one.copy_tables()
        with one.inside():
            call_command("flush", interactive=False)  # which lays down what a new database begins with
            TrackedSite.objects.create(host="volt.example", rules=[])
    one.start()
    yield one
    one.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(running: House, transactional_db: None) -> Iterator[House]:
    """The installation, and the tests' own Django working on its database."""
    with running.inside():
        yield running


def as_json(said: Any) -> bytes:
    return json.dumps(said).encode()
