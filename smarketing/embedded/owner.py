"""As whom the servers run. PostgreSQL refuses to run as root, so root's servers get a user of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from smarketing.embedded.trouble import Trouble

#: The user that root's servers run as; made when it is missing.
NAME = "smarketing"
#: Root's own place, outside any home folder.
HOME = Path("/var/lib/smarketing")


def account() -> pwd.struct_passwd | None:
    """The servers' user for root; None for everybody else, whose servers run as themselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    add = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell", "/bin/false", NAME]
    try:
        subprocess.run(add, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Trouble(
            f"PostgreSQL does not run as root, and a user '{NAME}' for it could not be made ({error}): "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return pwd.getpwnam(NAME)


def make_way(folder: Path) -> None:
    """Make the folders on the way to a server's own: root's may be passed through by others, nobody else's may."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o711 if os.geteuid() == 0 else 0o700)


def make_folder(folder: Path) -> None:
    """Make a folder that the servers' user owns and nobody else may enter."""
    make_way(folder.parent)
    folder.mkdir(exist_ok=True)
    if user := account():
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)


def check_enterable(folder: Path) -> None:
    """Raise if root's servers could not reach their own folder."""
    if account() and (closed := _closed_parent(folder)):
        raise Trouble(
            f"As root the servers run as the user '{NAME}', who may not enter {closed}: "
            "set DATA_DIR to a folder outside it."
        )


def reachable(program: Path, version: str) -> Path:
    """The folder `program`; for root, from a checkout that others may not enter, a copy where the servers' user may."""
    if not account() or not _closed_parent(program):
        return program
    copy = HOME / "programs" / f"{program.name}-{version}"
    if not copy.exists():
        make_way(copy.parent)
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        try:
            shutil.copytree(program, partial)
            subprocess.run(["chmod", "-R", "go+rX", str(partial)], check=True)
            partial.rename(copy)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            if not copy.exists():
                raise
    return copy


def _closed_parent(path: Path) -> Path | None:
    """The first folder on the way to `path` that only its owner may enter."""
    for folder in [*reversed(path.resolve().parents)]:
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None
