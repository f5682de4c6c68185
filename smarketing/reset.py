"""`make reset`: throw away what this installation keeps, after asking."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from smarketing.embedded.sharing import kept
from smarketing.installation import data_dir

#: Only what we made ourselves: DATA_DIR may be a folder that holds other things.
OURS = ("postgresql", "valkey", "tests", "secret_key", "sample_password", "run.lock")


def main() -> None:
    folder = data_dir()
    found = [folder / name for name in OURS if (folder / name).exists()]
    if not found:
        sys.exit(f"There is nothing in {folder}.")
    if any(kept(each) for each in found if each.is_dir()):
        sys.exit("Smarketing is running on this data: stop it first.")
    print(f"This deletes every lead, person and setting kept in {folder}.")
    print("A database that DATABASE_URL names, or a Redis that REDIS_URL names, is not touched.")
    try:
        answer = input("Type yes to go on: ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().lower() != "yes":
        sys.exit("Nothing was deleted.")
    for each in found:
        remove(each)
    print("Deleted. `make run` starts anew.")


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    main()
