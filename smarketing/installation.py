"""One installation: its data folder, its secrets, and the servers it uses when the environment names none."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from smarketing.embedded import owner
from smarketing.embedded.sharing import Share
from smarketing.embedded.trouble import Trouble, check_disk

ROOT = Path(__file__).resolve().parent.parent
#: Commands that ask neither server, so that none is started for them.
NO_SERVERS = {
    *("", "help", "version", "--help", "--version", "-h"),
    *("collectstatic", "findstatic", "makemessages", "compilemessages"),
}
#: The embedded servers that this process uses, by name.
shared: dict[str, Share] = {}


def data_dir() -> Path:
    """Where this installation keeps its data: DATA_DIR, or a place of its own per checkout."""
    if named := os.environ.get("DATA_DIR"):
        return Path(named).expanduser().resolve()
    mark = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:10]
    if os.geteuid() == 0:
        return owner.HOME / mark
    if os.access(ROOT, os.W_OK):
        return ROOT / ".data"
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(share) / "smarketing" / mark


def furnish(command: str = "") -> None:
    """Complete the environment for `manage.py command`; what was started is held until this process ends."""
    if command in NO_SERVERS:
        os.environ.setdefault("DATABASE_URL", "postgresql:///none")
        os.environ.setdefault("REDIS_URL", "redis://localhost:0")
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
        return
    folder = data_dir()
    # Where both servers are named this is somebody's own deployment: it brings its own secret, but for `run`.
    own = command == "run" or not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    for variable, server in (("DATABASE_URL", "postgresql"), ("REDIS_URL", "valkey")):
        if not os.environ.get(variable):
            shared[server] = Share(server, folder / server)
            os.environ[variable] = shared[server].url
    if own or (folder / "secret_key").exists():
        for variable, make in (("SECRET_KEY", _secret_key), ("SAMPLE_PASSWORD", _sample_password)):
            if not os.environ.get(variable):
                os.environ[variable] = _kept_secret(folder / variable.lower(), make())


def furnish_for_tests() -> None:
    """Servers of the tests' own where none is named: nothing they do can touch what this installation keeps."""
    for variable, server in (("DATABASE_URL", "postgresql"), ("REDIS_URL", "valkey")):
        if not os.environ.get(variable):
            shared[server] = Share(server, data_dir() / "tests" / server, throw_away=True)
            os.environ[variable] = shared[server].url
    if "postgresql" in shared:
        os.environ["TEST_RUN"] = secrets.token_hex(4)


def _secret_key() -> str:
    return secrets.token_urlsafe(50)


def _sample_password() -> str:
    return f"smarketing-{secrets.token_hex(3)}"


def _kept_secret(path: Path, new: str) -> str:
    """The secret in a file that only its owner may read; `new` becomes it where there is none yet."""
    try:
        owner.make_way(path.parent)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(new)
        try:
            os.link(partial, path)  # atomic, and the first of several wins
        except FileExistsError:
            pass
        finally:
            partial.unlink()
        return path.read_text().strip()
    except OSError as error:
        check_disk(path.parent)
        raise Trouble(f"{path} cannot be kept ({error.strerror}): set DATA_DIR to a folder of your own.") from error
