"""The process that looks after one server: `python -m smarketing.embedded.keeper NAME FOLDER [--throw-away]`.

It says `ready`, or one sentence of what is wrong, on its standard output. It ends when the last user of the server has
gone, however that user ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from smarketing.embedded.servers import SERVERS, Server, as_owner
from smarketing.embedded.sharing import START_SECONDS
from smarketing.embedded.trouble import Trouble, check_disk

LOG_BYTES = 20 * 2**20
STOP_SECONDS = 30


class Keeper:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.process: subprocess.Popen[bytes] | None = None
        self.leaving = threading.Event()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self.server.folder / "log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            os.truncate(log, 0)
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                self.server.command(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(self.server.stop_signal),
                **as_owner(),
            )
        until = time.monotonic() + START_SECONDS
        while not self.server.answers():
            if self.process.poll() is not None or time.monotonic() > until or self.leaving.is_set():
                self.stop()
                check_disk(self.server.folder)
                raise Trouble(f"{self.server.title} did not start: {last_words(log)} (all of it is in {log})")
            time.sleep(0.02)

    def watch(self) -> None:
        """Start the server again whenever it dies, until nobody needs it."""
        pause = 0.0
        while not self.leaving.wait(0.25):
            assert self.process is not None
            if self.process.poll() is None:
                pause = 0.0
                if self._is_stopping():  # told to by somebody else; it would wait for its users for ever
                    self.process.send_signal(self.server.stop_signal)
                continue
            note(f"{self.server.title} ended with {self.process.returncode}; starting it again.")
            if self.leaving.wait(pause):
                break
            try:
                end_leftover(self.server)
                self.start()
            except (Trouble, OSError) as error:
                note(str(error))
            pause = min(pause * 2 + 0.5, 10)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.server.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _is_stopping(self) -> bool:
        try:
            return self.server.pid_file.read_text().splitlines()[7].strip() == "stopping"
        except (OSError, IndexError):
            return False


def die_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    """Have the kernel stop the server should this process be killed (Linux; elsewhere `end_leftover` does it later)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(1, int(stop))  # PR_SET_PDEATHSIG

    return ask


def end_leftover(server: Server) -> None:
    """Stop a server that outlived its keeper, so that there are never two on the same data."""
    try:
        pid = int(server.pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    for stop in (server.stop_signal, signal.SIGKILL):
        until = time.monotonic() + STOP_SECONDS
        while runs_on(pid, server) and time.monotonic() < until:
            os.kill(pid, stop)
            time.sleep(0.2)


def runs_on(pid: int, server: Server) -> bool:
    """Whether process `pid` is a server on this very data, and not another that got its number."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except OSError:
        if Path("/proc/self").exists():
            return False
        said = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
    return str(server.folder) in said


def last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line or "rror" in line]
    return (telling or lines or ["it said nothing"])[-1]


def note(sentence: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, file=sys.stderr, flush=True)


def tell(word: str) -> None:
    """Answer the process that is waiting, and let go of its pipe."""
    with contextlib.suppress(BrokenPipeError):
        print(word, flush=True)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    users = os.open(folder / "users.lock", os.O_RDWR)
    keeping = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(keeping, fcntl.LOCK_EX)
    keeper = Keeper(SERVERS[name](folder, throw_away="--throw-away" in sys.argv))

    def leave(number: int, frame: FrameType | None) -> None:
        keeper.leaving.set()

    def wait_for_the_last() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)  # granted by the kernel once nobody shares it
        keeper.leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(0o077)
    os.chdir("/")
    threading.Thread(target=wait_for_the_last, daemon=True).start()
    try:
        end_leftover(keeper.server)
        keeper.server.prepare()
        keeper.start()
        keeper.server.finish()
    except Trouble as trouble:
        keeper.stop()
        tell(str(trouble))
    else:
        tell("ready")
        keeper.watch()
        keeper.stop()
    # In this order: who gets the users' lock next must find that nobody keeps the server.
    os.close(keeping)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
