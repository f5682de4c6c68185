"""Whole installations in throw-away folders, driven as a person at a terminal would drive them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
#: What would make an installation use other servers or settings than its own.
FOREIGN = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "REDIS_PREFIX",
    "TEST_RUN",
    "DJANGO_SETTINGS_MODULE",
    "HOST",
    "SITE_URL",
)
PATIENCE = 180


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**kept, "DATA_DIR": str(self.folder), "DEMO": "0", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def server_pid(self) -> int:
        return int((self.folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[str]:
        """The command lines of what runs for this installation, but for what a test holds itself."""
        mine = {process.pid for process in self.started}
        shown = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        lines = [line.strip() for line in shown.splitlines() if str(self.folder) in line]
        return [line for line in lines if int(line.split()[0]) not in mine]

    def is_quiet(self) -> bool:
        return not self.processes()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process.stdout:
                process.stdout.close()
        eventually(self.is_quiet)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def installation() -> Iterator[Installation]:
    # Not pytest's own temporary folder, which nobody else may enter: root's servers run as a user of their own.
    folder = Path(tempfile.mkdtemp(prefix="smk-"))
    folder.chmod(0o711)
    one = Installation(folder)
    yield one
    one.end()


def eventually(true: object, *, seconds: float = PATIENCE) -> None:
    assert callable(true)
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"{true} has not come true"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
