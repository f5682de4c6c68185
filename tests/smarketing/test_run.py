"""`make run`, from its last step on: everything in one terminal, and nothing left of it after Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

from tests.smarketing.installations import PATIENCE, ROOT, eventually, free_port

pytestmark = pytest.mark.xdist_group("installations")


@pytest.fixture(scope="module", autouse=True)
def _static_files():
    """What `make setup` does last, unless it is done: others read these files meanwhile, and must not lose one."""
    if not (ROOT / "static" / "dist").is_dir():
        pytest.skip("the front end is not built: `make setup` builds it")
    manifest = ROOT / "staticfiles" / "staticfiles.json"
    newest = max(file.stat().st_mtime for file in (ROOT / "static").rglob("*"))
    if manifest.exists() and manifest.stat().st_mtime >= newest:
        return
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "smarketing.settings"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdin=subprocess.DEVNULL)


def lines_until(process, pattern):
    """What the terminal shows up to the line that matches; who never says it is ended, and shown."""
    lines, patience = [], threading.Timer(PATIENCE, process.kill)
    patience.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if re.search(pattern, line):
                return lines
    finally:
        patience.cancel()
    pytest.fail(f"It ended without {pattern!r}:\n{''.join(lines)}")


def get(port, path="/healthz"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        return response.status, response.read().decode()


def children_of(pid):
    """The programs that a process started, without the keepers of the servers, which outlive it."""
    with os.popen(f"ps -ww -o pid=,args= --ppid {pid}") as shown:
        return [int(line.split()[0]) for line in shown if "embedded.keeper" not in line]


def test_it_starts_serves_survives_a_killed_database_and_stops_whole(installation):
    port = free_port()
    run = installation.start("manage.py", "run", PORT=str(port))
    assert f"http://localhost:{port}" in "".join(lines_until(run, "Smarketing is at"))
    assert get(port) == (200, "ok")
    assert "Sign in" in get(port, "/accounts/login/")[1]
    programs = children_of(run.pid)
    assert len(programs) == 4

    os.kill(installation.server_pid(), signal.SIGKILL)
    lines_until(run, "PostgreSQL has stopped; it is being started again")
    assert "Traceback" not in "".join(lines_until(run, "PostgreSQL answers again"))
    assert get(port, "/accounts/login/")[0] == 200

    os.kill(programs[0], signal.SIGKILL)
    lines_until(run, "ended .killed by SIGKILL.; starting it again")

    def answers():
        try:
            return get(port) == (200, "ok")
        except OSError:
            return False

    eventually(answers)
    second = installation.start("manage.py", "run", PORT=str(free_port()))
    said = second.communicate()[0]
    assert (second.returncode, len(said.splitlines())) == (1, 1)
    assert "already runs" in said

    everything = [pid for child in children_of(run.pid) for pid in (child, *children_of(child))]
    run.send_signal(signal.SIGINT)
    assert "Everything is kept" in "".join(lines_until(run, "Stopped"))
    run.wait()
    assert installation.is_quiet()
    assert not [pid for pid in everything if os.path.exists(f"/proc/{pid}")]


def test_a_port_in_use_is_one_sentence(installation):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        run = installation.start("manage.py", "run", PORT=str(port))
        said = run.communicate()[0]
    assert run.returncode == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(f"Port {port} cannot be used")


@pytest.mark.parametrize("port", ["web", "0", "70000"])
def test_a_port_that_is_none_is_one_sentence(installation, port):
    run = installation.start("manage.py", "run", PORT=port)
    assert run.communicate()[0] == f"PORT={port} is not a port: choose a number from 1 to 65535.\n"
