"""Using a server together: whoever comes first has it started, whoever leaves last has it stopped."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from smarketing.embedded import owner
from smarketing.embedded.servers import SERVERS
from smarketing.embedded.trouble import Trouble, check_disk

ROOT = Path(__file__).resolve().parent.parent.parent
#: How long a start may take (crash recovery included), and how long a leaver waits for the stop.
START_SECONDS = 120
STOP_SECONDS = 15


class Share:
    """This process's hold on one server; the kernel ends it with the process, however that dies."""

    def __init__(self, name: str, folder: Path, *, throw_away: bool = False) -> None:
        self.name, self.folder, self.throw_away = name, folder, throw_away
        self.server = SERVERS[name](folder, throw_away=throw_away)
        try:
            owner.make_way(folder)
            self._users = _open(folder / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)  # waits while a keeper is stopping the server
        except PermissionError as error:
            raise Trouble(f"{folder} belongs to somebody else: set DATA_DIR to a folder of your own.") from error
        except OSError as error:
            check_disk(folder)
            raise Trouble(f"{folder} cannot be used ({error.strerror}): set DATA_DIR to another folder.") from error
        self._held = True
        atexit.register(self.leave)
        try:
            self._ensure_kept()
        except BaseException:
            self.leave()
            raise

    @property
    def url(self) -> str:
        return self.server.url

    def leave(self) -> None:
        """Give up the hold; if nobody else has one, wait until the server has stopped."""
        if not self._held or os.getpid() != self._pid:
            return
        self._held = False
        atexit.unregister(self.leave)
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            last = True
        except OSError:
            last = False
        os.close(self._users)
        until = time.monotonic() + STOP_SECONDS
        while last and kept(self.folder) and time.monotonic() < until:
            time.sleep(0.02)

    def _ensure_kept(self) -> None:
        self._pid = os.getpid()
        starting = _open(self.folder / "start.lock")
        try:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not kept(self.folder):
                self._start_keeper()
        finally:
            os.close(starting)

    def _start_keeper(self) -> None:
        options = ["--throw-away"] if self.throw_away else []
        with open(self.folder / "log", "ab") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "smarketing.embedded.keeper", self.name, str(self.folder), *options],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the commands, not for what they share
                text=True,
            )
        assert keeper.stdout is not None
        with keeper.stdout:
            said = keeper.stdout.readline().strip()
        if said != "ready":
            keeper.wait()
            raise Trouble(said or f"{self.server.title} could not be started: {self.folder / 'log'} says why.")
        keeper.returncode = 0  # it outlives this process on purpose


def kept(folder: Path) -> bool:
    """Whether a keeper looks after the server in `folder`."""
    try:
        lock = _open(folder / "keeper.lock")
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
