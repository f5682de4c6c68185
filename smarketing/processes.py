"""Web, worker and beat under one roof: started together, started again when one dies, stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smarketing.embedded.keeper import die_with_parent
from smarketing.embedded.trouble import Trouble

#: How long a process may take to finish what it is doing once it was told to stop.
STOP_SECONDS = 10
#: A process that ends so soon after its start, so many times in a row, will not get better by itself.
SOON, TRIES = 10, 4
STREAM = "smarketing.stream:application"


@dataclass
class Process:
    """One of the programs that make up a running Smarketing."""

    title: str
    command: Sequence[str]
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    quick_ends: int = 0

    def start(self) -> None:
        self.popen = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops them in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self.started = time.monotonic()

    def has_ended(self) -> bool:
        return self.popen is not None and self.popen.poll() is not None

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.popen.pid, number)


@dataclass
class Supervisor:
    processes: list[Process]
    say: Callable[[str], None]
    asked_to_stop: int = field(default=0, init=False)

    def start(self) -> None:
        for process in self.processes:
            process.start()

    def tend(self) -> None:
        """One round: start again what has ended; raise when that has proved useless."""
        for process in self.processes:
            if process.popen is not None and process.has_ended():
                process.signal(signal.SIGKILL, group=True)  # its children, which would hold the port or the queue
                process.quick_ends = process.quick_ends + 1 if time.monotonic() - process.started < SOON else 1
                if process.quick_ends >= TRIES:
                    raise Trouble(f"The {process.title} ends as soon as it is started; what it said stands above.")
                self.say(f"The {process.title} ended ({how(process.popen.returncode)}); starting it again.")
                process.popen, process.start_at = None, time.monotonic() + process.quick_ends - 1
            if process.popen is None and time.monotonic() >= process.start_at:
                process.start()

    def stop(self) -> None:
        """Let each finish what it is doing; end what has not finished in time, or at once when asked again."""
        asked = self.asked_to_stop
        for process in self.processes:
            process.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(process.popen is not None and not process.has_ended() for process in self.processes):
            if time.monotonic() > until or self.asked_to_stop > asked:
                break
            time.sleep(0.05)
        for process in self.processes:
            process.signal(signal.SIGKILL, group=True)
            if process.popen is not None:
                process.popen.wait()


def how(code: int) -> str:
    """How a process ended, for people: `killed by SIGKILL` or `exit code 3`."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def programs() -> list[Process]:
    """What `make run` starts; docker-compose.yml starts the same, each in a container of its own."""
    here = Path(sys.executable).parent
    celery = [str(here / "celery"), "--quiet", "-A", "smarketing"]
    quiet = ["--loglevel", os.environ.get("LOG_LEVEL", "WARNING")]
    stream = [
        Process(
            "stream",
            [str(here / "gunicorn"), "-c", "python:smarketing.gunicorn_stream", "smarketing.stream:application"],
        )
    ]
    return [
        Process("web server", [str(here / "gunicorn"), "-c", "python:smarketing.gunicorn", "smarketing.wsgi"]),
        Process("worker", [*celery, "worker", *quiet, "--without-gossip", "--without-mingle"]),
        Process("beat", [*celery, "beat", *quiet, "--pidfile="]),
        *(stream if os.environ.get("LIVE_PORT") else []),
    ]
