"""What goes wrong outside the program, said in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Below this neither server can be trusted to write its logs.
NEEDED_BYTES = 64 * 1024 * 1024


class Trouble(Exception):
    """A sentence for the person at the terminal; it needs no traceback."""


def check_disk(folder: Path, needed: int = NEEDED_BYTES) -> None:
    """Raise if the disk that holds `folder` (or its nearest parent) has too little room."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Trouble(
            f"The disk that holds {folder} is full ({free // 2**20} MB free, {needed // 2**20} MB needed): "
            "make room and start again."
        )
