"""The processes that are measured: gunicorn for the product and for the yardstick, and a Celery worker."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THREADS = 8
#: A benchmark may run as root on a machine of its own.
QUIET = {"PYTHONWARNINGS": "ignore:You're running the worker"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def gunicorn(application: str, path: str) -> Iterator[tuple[int, int]]:
    """Serve an application with one gthread worker; yield its port and the pid of the master once `path` answers."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", application, "--worker-class", "gthread", "--workers", "1",
        "--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--keep-alive", "75", "--log-level", "warning",
    ]  # fmt: skip
    with process(command) as pid:
        for _attempt in range(200):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", path)
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"{application} did not come up")
        yield port, pid


@contextmanager
def worker(*options: str) -> Iterator[int]:
    """A Celery worker of the product, as `make run` starts it."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "smarketing", "worker", "--concurrency", "1"]
    with process([*command, "-l", "error", *options]) as pid:
        time.sleep(4)
        yield pid


@contextmanager
def process(command: list[str]) -> Iterator[int]:
    running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **QUIET}, start_new_session=True)
    try:
        yield running.pid
    finally:
        running.terminate()  # it alone: it stops its children in order
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)


def worker_memory(master: int) -> int:
    """PSS, in bytes, of the one worker process below a master of gunicorn or of Celery."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    for line in Path(f"/proc/{children[0]}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("the kernel does not tell memory by process")
