"""The embedded servers: found or started, shared, and stopped by the last, however the others ended."""

import os
import signal
import stat

import pytest

from tests.smarketing.installations import eventually, free_port

pytestmark = pytest.mark.xdist_group("installations")

HOLD = """
import sys, time
from smarketing import installation
from smarketing.embedded.trouble import Trouble
try:
    installation.furnish("migrate")
except Trouble as trouble:
    sys.exit(str(trouble))
import psycopg2
cursor = psycopg2.connect(__import__("os").environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT pg_postmaster_start_time()")
print(cursor.fetchone()[0], flush=True)
time.sleep({seconds})
"""


def hold(installation, seconds=600, **environment):
    """A process that uses the servers; its line is when the server that it found was started."""
    process = installation.start("-c", HOLD.format(seconds=seconds), **environment)
    return process, process.stdout.readline().strip()


def test_two_share_a_server_and_the_last_to_leave_has_it_stopped(installation):
    first, started = hold(installation)
    second, found = hold(installation)
    assert started == found
    first.kill()  # no chance to say goodbye
    first.wait()
    third, still_there = hold(installation, seconds=0)
    assert still_there == started
    assert third.wait() == 0
    assert installation.processes()
    second.kill()
    second.wait()
    eventually(installation.is_quiet)
    again, anew = hold(installation, seconds=0)
    assert again.wait() == 0
    assert anew > started
    assert installation.is_quiet()  # one that leaves in peace waits for the stop


def test_five_that_come_at_once_start_one_server(installation):
    together = [installation.start("-c", HOLD.format(seconds=1)) for _ in range(5)]
    assert len({process.communicate()[0].strip() for process in together}) == 1
    assert [process.returncode for process in together] == [0] * 5
    assert installation.is_quiet()


def test_a_killed_server_is_started_again_and_a_killed_keeper_leaves_nothing_behind(installation):
    holder, started = hold(installation)
    os.kill(installation.server_pid(), signal.SIGKILL)
    eventually(lambda: hold(installation, seconds=0)[1] not in ("", started))
    for line in installation.processes():
        if "keeper" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    eventually(installation.is_quiet)
    _, anew = hold(installation, seconds=0)
    assert anew > started
    holder.kill()
    holder.wait()


def test_what_is_kept_is_open_to_its_owner_alone(installation):
    hold(installation, seconds=0)[0].wait()
    for secret in (installation.folder / "secret_key", installation.folder / "sample_password"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    for folder in (installation.folder / "postgresql" / "data", installation.folder / "valkey" / "sockets"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    key = (installation.folder / "secret_key").read_text()
    hold(installation, seconds=0)[0].wait()
    assert (installation.folder / "secret_key").read_text() == key


def test_servers_that_are_named_are_used_and_none_is_started(installation):
    address = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    said = installation.start(
        "manage.py", "migrate", DATABASE_URL=address, REDIS_URL="redis://127.0.0.1:1", SECRET_KEY="a"
    ).communicate()[0]
    assert said.startswith("The database is away: ")
    assert len(said.splitlines()) == 1
    assert not list(installation.folder.iterdir())


def test_a_folder_that_cannot_be_used_is_one_sentence(installation):
    blocked = installation.folder / "file"
    blocked.write_text("in the way")
    process = installation.start("manage.py", "migrate", DATA_DIR=str(blocked))
    said = process.communicate()[0]
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    assert "DATA_DIR" in said
