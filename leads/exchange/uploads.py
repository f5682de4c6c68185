"""Files that people upload: received in pieces, looked into, mapped, tried out, and run by a worker."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads import clock
from leads.exchange.files import PIECE, Pieces, Table
from leads.exchange.importing import CHUNK, Importing, bring_in, broke, end
from leads.exchange.mapping import FileMapping, Problem
from leads.models import Import, ImportPiece

log = logging.getLogger(__name__)
#: The advisory lock under which one process at a time works on an import; a killed one lets go of it.
LOCK = 0x1409
#: So many rows are looked at for sample values and for what their columns seem to be.
SAMPLES = 200
#: Trying a file out stops after so many seconds and says how far it came: a page should not wait longer.
TRIAL_SECONDS = 2.0
#: Files that were uploaded and never imported are forgotten after this long.
KEPT = timedelta(days=14)


def digest_of(raw: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of a file, which is left at its beginning."""
    digest = hashlib.file_digest(raw, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO has it
    size = raw.tell()
    raw.seek(0)
    return digest, size


@transaction.atomic
def receive(name: str, parts: Iterable[bytes], *, actor: Any) -> Import:
    """Keep an uploaded file, in pieces, until it has been imported; raise ValidationError where it is no table.

    The same file again from the same person, while it waits for its mapping, is the one that is already here.
    """
    upload = Import.objects.create(name=name[:255], actor=actor)
    digest, size, number, rest = hashlib.sha256(), 0, 0, b""
    for part in parts:
        digest.update(part)
        size += len(part)
        rest += part
        while len(rest) >= PIECE:
            ImportPiece.objects.create(upload=upload, number=number, content=rest[:PIECE])
            number, rest = number + 1, rest[PIECE:]
    if rest:
        ImportPiece.objects.create(upload=upload, number=number, content=rest)
    upload.digest, upload.size = digest.hexdigest(), size
    seen = look(upload)
    if not seen.rows and not any(Table(Pieces(upload)).rows()):  # type: ignore[arg-type]
        raise ValidationError(_("This file has a header and no row below it."))
    upload.header = seen.header
    upload.save(update_fields=["digest", "size", "header"])
    idle = Import.objects.filter(
        digest=upload.digest, actor=actor, state__in=[Import.State.MAPPING, Import.State.READY]
    )
    if here := idle.exclude(pk=upload.pk).first():
        upload.delete()
        return here
    return upload


@dataclass
class Look:
    """What can be seen of an uploaded file before it is mapped."""

    header: list[str]
    separator: str
    encoding: str
    rows: list[list[str]]

    def values(self, index: int) -> list[str]:
        """The different values of a column, the commonest first."""
        found = Counter(row[index].strip() for row in self.rows)
        return [value for value, _times in found.most_common() if value]


def look(upload: Import, separator: str = "") -> Look:
    """Look at the first rows of an uploaded file; raise ValidationError where it is no table."""
    table = Table(Pieces(upload), separator)  # type: ignore[arg-type]
    rows = [row.cells for row in islice(table.rows(), SAMPLES) if not row.error]
    return Look(table.header, table.separator, table.encoding, rows)


def recall(upload: Import) -> Import | None:
    """The last import of a file with the same columns: its mapping most likely fits."""
    alike = Import.objects.filter(header=upload.header, state=Import.State.DONE).exclude(pk=upload.pk)
    return alike.first()


def earlier(upload: Import) -> Import | None:
    """The last time that this very file was imported."""
    return Import.objects.filter(digest=upload.digest, state=Import.State.DONE).exclude(pk=upload.pk).first()


@transaction.atomic
def choose(upload: Import, mapping: dict[str, Any]) -> None:
    """Keep what the columns mean; raise ValidationError with every sentence about what is wrong."""
    upload = Import.objects.select_for_update().get(pk=upload.pk)
    if upload.is_begun:
        raise ValidationError(_("This import has begun, so its mapping stands. Nothing was changed."))
    read = FileMapping.read(mapping)
    table = Table(Pieces(upload), read.separator)  # type: ignore[arg-type]
    read.check(table.header, table.separator)
    upload.mapping, upload.header, upload.state, upload.rows = mapping, table.header, Import.State.READY, 0
    upload.save(update_fields=["mapping", "header", "state", "rows"])


@dataclass
class Trial:
    """What an import would do: counts and problems of the rows that were tried, and whether those are all."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    @property
    def coming(self) -> int:
        """Rows that are not refused."""
        return self.rows - self.counts["refused"]


def attempt(upload: Import, *, most: int) -> Trial:
    """Try an upload out without writing anything, as far as it goes in a moment; keep so many problems at most."""
    trial, until = Trial(), time.monotonic() + TRIAL_SECONDS
    for result in Importing(upload, Pieces(upload), dry=True).chunks():  # type: ignore[arg-type]
        trial.rows, trial.counts = trial.rows + result.rows, trial.counts + result.counts
        trial.problems += result.problems[: most - len(trial.problems)]
        if time.monotonic() > until and result.rows == CHUNK:
            trial.whole = False
            break
    return trial


def start(upload: Import, *, actor: User) -> bool:
    """Hand an upload to the worker; once, however often it is asked. One that stopped goes on behind its last chunk."""
    idle = Import.objects.filter(pk=upload.pk, state__in=[Import.State.READY, Import.State.FAILED])
    idle = idle.filter(pieces__number=0)
    now = clock.now()
    started = idle.update(state=Import.State.WAITING, actor=actor, error="", started_at=now, ended_at=None)
    upload.refresh_from_db()
    return bool(started)


def discard(upload: Import) -> bool:
    """Forget an upload that was not imported; returns whether it was still there to forget."""
    done, _each = Import.objects.filter(pk=upload.pk, state__in=[Import.State.MAPPING, Import.State.READY]).delete()
    return bool(done)


def forget_abandoned() -> int:
    """Forget files that nobody imported for two weeks, and the pieces of those that stopped as long ago."""
    before = clock.now() - KEPT
    idle = [Import.State.MAPPING, Import.State.READY]
    gone, _each = Import.objects.filter(state__in=idle, created_at__lt=before).delete()
    ImportPiece.objects.filter(upload__state=Import.State.FAILED, upload__ended_at__lt=before).delete()
    return gone


def run_waiting(*, between: Callable[[], object] | None = None) -> int:
    """Begin imports that wait, and go on with those whose worker was stopped; returns how many are over now.

    `between` is called after every chunk: for what follows from its rows, and what should not wait for a long file.
    """
    return sum(run(upload, between=between) for upload in Import.objects.waiting())


def run(upload: Import, *, between: Callable[[], object] | None = None) -> bool:
    """Run one uploaded file to its end, unless another process is at it; returns whether it is over now."""
    with alone(upload) as mine:
        if not mine:
            return False
        upload.refresh_from_db()
        return upload.state in (Import.State.WAITING, Import.State.RUNNING) and _run(upload, between)


def _run(upload: Import, between: Callable[[], object] | None) -> bool:
    if not upload.pieces.exists():  # the command that read it from disk is gone
        end(upload, Import.State.FAILED, broke(upload))
        return True
    try:
        if not upload.rows:
            count_rows(upload)
        run = Importing(upload, Pieces(upload))  # type: ignore[arg-type]
    except ValidationError as error:
        end(upload, Import.State.FAILED, " ".join(error.messages))
        return True
    try:
        bring_in(upload, run, report=(lambda _problems: between()) if between else None)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("import %s stopped", upload.pk)  # and the import says why, where people read it
        return True
    upload.pieces.all().delete()
    return True


def count_rows(upload: Import) -> None:
    """Count the rows of an uploaded file, for its progress bar."""
    separator = FileMapping.read(upload.mapping).separator
    upload.rows = sum(1 for _row in Table(Pieces(upload), separator).rows())  # type: ignore[arg-type, misc]
    upload.save(update_fields=["rows"])


@contextmanager
def alone(upload: Import) -> Iterator[bool]:
    """Whether this process has the import to itself; others pass it by until it is done or gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, upload.pk])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, upload.pk])
