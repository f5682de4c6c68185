"""A file as a table: bytes of any encoding become rows of text, one at a time, never the whole file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.models import Import, ImportPiece

SEPARATORS = ",;\t|"
MAX_COLUMNS = 1_000
#: A cell may be this long before its row is refused; beyond it a quotation mark was not closed.
MAX_CELL = 16 * 1024 * 1024
SAMPLE = 64 * 1024
PIECE = 1024 * 1024
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: What a file begins with that is no text, and what to call it.
OTHER_KINDS = ((b"PK\x03\x04", "Excel or ZIP"), (b"\xd0\xcf\x11\xe0", "Excel"), (b"%PDF", "PDF"), (b"\x1f\x8b", "gzip"))
#: Bytes that are not UTF-8, as `surrogateescape` marks them.
STRAY = re.compile("[\udc80-\udcff]+")

csv.field_size_limit(MAX_CELL)


@dataclass
class Row:
    """One row: its number as a spreadsheet counts (the header is 1), its cells, or what keeps it from being read."""

    number: int
    cells: list[str]
    error: str = ""
    notes: list[str] = field(default_factory=list)


class Table:
    """A file that is open for reading: its header, how it is written, and its rows."""

    def __init__(self, raw: BinaryIO, separator: str = "") -> None:
        buffer = io.BufferedReader(raw, SAMPLE)  # type: ignore[type-var]
        sample = buffer.peek(SAMPLE)[:SAMPLE]
        for start, name in OTHER_KINDS:
            if sample.startswith(start):
                raise ValidationError(_("This is a file of the kind %(kind)s. Save it as CSV first.") % {"kind": name})
        self.encoding = _encoding(sample)
        self._strays = self._nuls = False
        text = io.TextIOWrapper(buffer, self.encoding, errors="surrogateescape", newline="")
        self._notes: list[str] = []
        lines = self._lines(text)
        first = next(lines, "")
        named = re.fullmatch("sep=(.)\r?\n?", first)  # what Excel writes above the header
        if named:
            first = next(lines, "")
        while first and not first.strip():
            first = next(lines, "")
        self.separator = separator or (named[1] if named else sniff(first))
        self._reader = csv.reader(_chain(first, lines), delimiter=self.separator)
        self._read_header()

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        for line in text:
            if "\0" in line:
                line = line.replace("\0", "")
                if not self._nuls:
                    self._nuls = True
                    self._notes.append(_("text; NUL characters were left out here and wherever else they stand"))
            if not line.isascii() and STRAY.search(line):
                line = STRAY.sub(lambda found: _as_cp1252(found[0]), line)
                if not self._strays:
                    self._strays = True
                    self._notes.append(_("UTF-8; what is not UTF-8 was read as Windows-1252, here and wherever else"))
            yield line

    def _read_header(self) -> None:
        try:
            names = next(self._reader, [])
        except csv.Error as error:
            raise ValidationError(_("The header cannot be read: %(why)s.") % {"why": error}) from error
        if not any(name.strip() for name in names):
            raise ValidationError(_("This file is empty. It needs a header and at least one row."))
        if len(names) > MAX_COLUMNS:
            raise ValidationError(
                _("This file has %(found)d columns; at most %(most)d can be imported.")
                % {"found": len(names), "most": MAX_COLUMNS}
            )
        self.notes: list[tuple[str, str, str]] = []
        self.header: list[str] = []
        times: Counter[str] = Counter()
        for number, raw in enumerate(names, 1):
            name = raw.strip()[:120] or _("column %(number)d") % {"number": number}
            times[name] += 1
            self.header.append(name if times[name] == 1 else f"{name} ({times[name]})")
        for name, count in times.items():
            if count > 1:
                self.notes.append(
                    (name, _("each column once; the later ones are called %(name)s (2) and so on") % {"name": name},
                     _("%(count)d times") % {"count": count})
                )  # fmt: skip

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are passed over but counted, as a spreadsheet does."""
        number, width = 1, len(self.header)
        while True:
            number += 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(
                    number, [], _("a row that can be read (is a quotation mark not closed?): %(why)s") % {"why": error}
                )
                continue
            if len(cells) != width:
                if not any(cells):
                    continue
                while len(cells) > width and not cells[-1].strip():
                    cells.pop()
            elif width == 1 and not cells[0].strip():
                continue
            row = Row(number, cells)
            if len(cells) != width:
                row.error = _("%(width)d cells, as many as there are columns") % {"width": width}
            if self._notes:
                row.notes, self._notes = self._notes, []
            yield row


def _encoding(sample: bytes) -> str:
    for bom, name in BOMS:
        if sample.startswith(bom):
            return name
    # Without a mark, UTF-16 of Western text shows as a NUL in every other byte.
    half = len(sample) // 2
    if half and sample[1::2].count(0) > half * 0.4 > sample[0::2].count(0):
        return "utf-16-le"
    if half and sample[0::2].count(0) > half * 0.4 > sample[1::2].count(0):
        return "utf-16-be"
    return "utf-8"


def _as_cp1252(strays: str) -> str:
    return bytes(ord(char) - 0xDC00 for char in strays).decode("cp1252", "replace")


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def sniff(line: str) -> str:
    """The separator of a header line: what stands oftenest outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


class Pieces(io.RawIOBase):
    """An uploaded file, read from the database piece by piece."""

    def __init__(self, upload: Import) -> None:
        self._upload, self._number, self._piece = upload, 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._piece:
            piece = ImportPiece.objects.filter(upload=self._upload, number=self._number).first()
            if piece is None:
                return 0
            self._piece, self._number = memoryview(bytes(piece.content)), self._number + 1
        taken = min(len(buffer), len(self._piece))
        buffer[:taken] = self._piece[:taken]
        self._piece = self._piece[taken:]
        return taken
