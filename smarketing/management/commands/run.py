"""`manage.py run`, which `make run` ends in: everything in one terminal, until Ctrl-C."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from leads.models import Lead
from smarketing.embedded.trouble import Trouble
from smarketing.installation import data_dir, shared
from smarketing.processes import Supervisor, programs
from smarketing.standby import PostgreSQLWatch, RedisWatch

START_SECONDS = 60
#: The sample company's command, and whom it lets sign in.
SAMPLE, SAMPLE_PEOPLE = "sample_company", ("mia", "sam", "ruth")


class Command(BaseCommand):
    help = "Start web, worker and beat together; PORT, HOST, DATA_DIR and DEMO=0 are read from the environment."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = os.environ.get("HOST") or "127.0.0.1", chosen_port()
        lock = alone(port)
        check_port_free(host, port)
        os.environ |= {"HOST": host, "PORT": str(port)}
        os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        os.environ.setdefault(
            "PYTHONWARNINGS", "ignore:You're running the worker"
        )  # as root: fine on one's own machine
        if is_loopback(host):
            os.environ.setdefault("SAMPLE_SIGN_INS", "1")
            offer_stream(host, port)
        supervisor = Supervisor(programs(), say=self.say)

        def stop(number: int, frame: FrameType | None) -> None:
            supervisor.asked_to_stop += 1
            if not started:
                sys.exit(130)

        started = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        self.prepare()
        started = True
        try:
            supervisor.start()
            self.wait_for_pages(host, port, supervisor)
            if not supervisor.asked_to_stop:
                self.greet(port)
                connections.close_all()
                self.watch(supervisor)
        finally:
            self.say("Stopping ...")
            supervisor.stop()
            lock.close()
        self.say("Stopped. Everything is kept; `make run` goes on from here.")

    def prepare(self) -> None:
        """Bring the database up to date, and fill an empty installation with the sample company unless DEMO=0."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Preparing the database ...")
            call_command("migrate", verbosity=0, interactive=False)
        wanted = os.environ.get("DEMO", "1") != "0" and SAMPLE in get_commands()
        if wanted and not User.objects.exists() and not Lead.objects.exists():
            self.say("Filling in the sample company, this once ...")
            call_command(SAMPLE)

    def wait_for_pages(self, host: str, port: int, supervisor: Supervisor) -> None:
        until = time.monotonic() + START_SECONDS
        while not supervisor.asked_to_stop and not answers(f"http://{reached_at(host)}:{port}/healthz"):
            supervisor.tend()
            if time.monotonic() > until:
                raise Trouble("The pages do not answer; what the web server said stands above.")
            time.sleep(0.1)

    def greet(self, port: int) -> None:
        self.say(f"\nSmarketing is at {os.environ['SITE_URL']}  (Ctrl-C stops it and keeps the data in {data_dir()})")
        password = settings.SAMPLE_PASSWORD
        sample = User.objects.filter(username__in=SAMPLE_PEOPLE, is_active=True)
        people = {person.username: person for person in sample if password and person.check_password(password)}
        for username in SAMPLE_PEOPLE:
            if person := people.get(username):
                self.say(f"  {username:5} {password}   {person.get_full_name()}, {person.get_team_display()}")
        if not User.objects.exists():
            self.say("  Nobody can sign in yet: .venv/bin/python manage.py createsuperuser")
        self.say("")

    def watch(self, supervisor: Supervisor) -> None:
        watches = [
            PostgreSQLWatch("PostgreSQL", embedded="postgresql" in shared),
            RedisWatch("Redis", embedded="valkey" in shared),
        ]
        while not supervisor.asked_to_stop:
            supervisor.tend()
            for watch in watches:
                if sentence := watch.ask():
                    self.say(sentence)
            time.sleep(1)

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def chosen_port() -> int:
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Trouble(f"PORT={port} is not a port: choose a number from 1 to 65535.")
    return int(port)


def offer_stream(host: str, port: int) -> None:
    """Let changes be streamed to open pages from the next port, if that is free; else they ask now and then."""
    beside = os.environ.get("LIVE_PORT") or str(port % 65535 + 1)
    if beside == "0" or os.environ.get("LIVE_URL"):
        os.environ.pop("LIVE_PORT", None)
        return
    try:
        check_port_free(host, int(beside))
    except Trouble:
        os.environ.pop("LIVE_PORT", None)
        return
    os.environ |= {"LIVE_PORT": beside, "LIVE_URL": f"http://{reached_at(host)}:{beside}/"}


def alone(port: int) -> TextIO:
    """Hold this installation; raise if it runs already (two beats would do everything twice)."""
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / "run.lock", "a+")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        raise Trouble(
            f"Smarketing already runs from {folder}, on port {lock.read().strip()}: "
            "stop that one, or name another folder with DATA_DIR."
        ) from error
    lock.truncate(0)
    lock.write(str(port))
    lock.flush()
    return lock


def check_port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except PermissionError as error:
            raise Trouble(
                f"Port {port} needs more rights than you have: choose another, as in `make run PORT=8001`."
            ) from error
        except OSError as error:
            raise Trouble(
                f"Port {port} cannot be used ({(error.strerror or 'in use').lower()}): "
                f"choose another, as in `make run PORT={port % 65535 + 1}`."
            ) from error


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reached_at(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def answers(address: str) -> bool:
    request = urllib.request.Request(address, headers={"Host": "localhost"})  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
