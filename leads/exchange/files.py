"""A file as a table: bytes of any encoding become rows of text, one at a time, never the whole file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.models import Import, ImportPiece

SEPARATORS = ",;\t|"
MAX_COLUMNS = 1_000
#: A cell may be this long, and a row; beyond it a quotation mark was not closed, or this is no table.
MAX_CELL = MAX_ROW = 16 * 1024 * 1024
#: So many characters are read a second time, in all, because of stray quotation marks.
PATIENCE = 4 * MAX_ROW
SAMPLE = 64 * 1024
PIECE = 1024 * 1024
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: What a file begins with that is no table, and what to call it; texts in lower case, without white space before.
OTHER_KINDS = (
    (b"PK\x03\x04", "Excel or ZIP"),
    (b"\xd0\xcf\x11\xe0", "Excel"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"SQLite format 3", "SQLite"),
)
OTHER_TEXTS = ((b"<!doctype", "HTML"), (b"<html", "HTML"), (b"<?xml", "XML"), (b'{"', "JSON"), (b"[{", "JSON"))
#: Bytes that no text has; where one in twenty is such, the file is something else.
NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: Bytes that are not UTF-8, as `surrogateescape` marks them.
STRAY = re.compile("[\udc80-\udcff]+")

csv.field_size_limit(MAX_CELL)


@dataclass
class Row:
    """One row: its number as a spreadsheet counts (the header is 1), its cells, or what keeps it from being read."""

    number: int
    cells: list[str]
    error: str = ""
    found: str = ""
    notes: list[str] = field(default_factory=list)


class Lines:
    """The lines of a text, for the csv module: mended where they can be, and given out again where that helps."""

    def __init__(self, text: io.TextIOBase, notes: list[str]) -> None:
        self._text, self._notes = text, notes
        self._again: deque[str] = deque()
        self._strays = self._nuls = False
        self._patience = PATIENCE
        self.begin()

    def begin(self) -> None:
        """From here on a new row is read."""
        self.given: list[str] = []
        self._length, self.ran_out = 0, False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._mended(self._text.readline(MAX_ROW))
        if not line:
            self.ran_out = True
            raise StopIteration
        self.given.append(line)
        self._length += len(line)
        if self.is_long:
            while line and line[-1] not in "\r\n":
                line = self._text.readline(MAX_ROW)
            raise csv.Error(_("it is longer than 16 million characters"))
        return line

    def _mended(self, line: str) -> str:
        if "\0" in line:
            line = line.replace("\0", "") or "\n"
            if not self._nuls:
                self._nuls = True
                self._notes.append(_("text; NUL characters were left out here and wherever else they stand"))
        if not line.isascii() and STRAY.search(line):
            line = STRAY.sub(lambda found: _as_cp1252(found[0]), line)
            if not self._strays:
                self._strays = True
                self._notes.append(_("UTF-8; what is not UTF-8 was read as Windows-1252, here and wherever else"))
        return line

    @property
    def is_long(self) -> bool:
        return self._length >= MAX_ROW

    def give_again(self, lines: Iterable[str]) -> None:
        self._again.extendleft(reversed(list(lines)))

    def go_back(self) -> bool:
        """Take back all lines of this row but the first, so that they are read for themselves; whether it was done."""
        self._patience -= self._length
        if len(self.given) < 2 or self._patience < 0:
            return False
        self.give_again(self.given[1:])
        return True


class _Lent(io.RawIOBase):
    """A file that belongs to somebody else, who closes it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        taken: int = self._raw.readinto(buffer)  # type: ignore[attr-defined]
        return taken


class Table:
    """A file that is open for reading: its header, how it is written, and its rows."""

    def __init__(self, raw: BinaryIO, separator: str = "") -> None:
        buffer = io.BufferedReader(_Lent(raw), SAMPLE)
        sample = buffer.peek(SAMPLE)[:SAMPLE]
        self.encoding = _encoding(sample)
        wide = self.encoding.startswith("utf-16")
        _refuse_other_kinds(sample, wide=wide)
        text = io.TextIOWrapper(buffer, self.encoding, errors="replace" if wide else "surrogateescape", newline="")
        self._notes: list[str] = []
        self._lines = Lines(text, self._notes)
        try:
            first = self._first_line()
            named = re.fullmatch("sep=(.)\r?\n?", first)  # what Excel writes above the header
            if named:
                first = self._first_line()
            self._lines.give_again([first] if first else [])
            self.separator = separator or (named[1] if named else sniff(first))
            self._reader = csv.reader(self._lines, delimiter=self.separator, strict=True)
            names = self._cells() or []
        except csv.Error as error:
            why = _("a quotation mark opens there and never closes") if self._lines.ran_out else error
            raise ValidationError(_("The header cannot be read: %(why)s.") % {"why": why}) from error
        self._name_columns(names)

    def _first_line(self) -> str:
        return next((line for line in self._lines if line.strip()), "")

    def _name_columns(self, names: list[str]) -> None:
        if not any(name.strip() for name in names):
            raise ValidationError(_("This file is empty. It needs a header and at least one row."))
        if len(names) > MAX_COLUMNS:
            raise ValidationError(
                _("This file has %(found)d columns; at most %(most)d can be imported.")
                % {"found": len(names), "most": MAX_COLUMNS}
            )
        self.notes: list[tuple[str, str, str]] = []
        self.header: list[str] = []
        bare = [raw.strip()[:120] or _("column %(number)d") % {"number": n} for n, raw in enumerate(names, 1)]
        times: Counter[str] = Counter()
        taken: set[str] = set()
        for name in bare:
            only = name
            while only in taken:
                times[name] += 1
                only = f"{name} ({times[name] + 1})"
            taken.add(only)
            self.header.append(only)
        for name, count in Counter(bare).items():
            if count > 1:
                self.notes.append(
                    (name, _("each column once; the later ones are called %(name)s (2) and so on") % {"name": name},
                     _("%(count)d times") % {"count": count})
                )  # fmt: skip

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are passed over but counted, as a spreadsheet does.

        Where a stray quotation mark makes one row of many lines, its first line is refused and the next ones are read.
        """
        number, width = 1, len(self.header)
        while True:
            number += 1
            row = self._next(number, width)
            if row is None:
                return
            if not row.error and not any(cell.strip() for cell in row.cells):
                continue
            if self._notes:
                row.notes, self._notes[:] = self._notes[:], []
            yield row

    def _next(self, number: int, width: int) -> Row | None:
        try:
            cells = self._cells()
        except csv.Error as error:
            cells, why = [], str(error)
        else:
            why = ""
            if cells is None:
                return None
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if len(cells) == width or not any(cells):
                return Row(number, cells)
        first = [self._lines.given[0].rstrip("\r\n")]
        if len(self._lines.given) > 1 and self._lines.go_back():
            return Row(number, first, _("as many quotation marks that close as open; other lines were read as rows"))
        if self._lines.ran_out:
            return Row(number, first, _("a quotation mark that closes again"))
        if why:
            return Row(number, first, _("a row that can be read: %(why)s") % {"why": why})
        found = _("%(count)d cells") % {"count": len(cells)}
        return Row(number, cells, _("%(width)d cells, as many as there are columns") % {"width": width}, found)

    def _cells(self) -> list[str] | None:
        """The cells of the next row; None at the end. One line alone is read leniently, as in "12" inch"."""
        self._lines.begin()
        try:
            return next(self._reader, None)
        except csv.Error:
            if len(self._lines.given) != 1 or self._lines.ran_out or self._lines.is_long:
                raise
            return next(csv.reader(self._lines.given, delimiter=self.separator))


def _refuse_other_kinds(sample: bytes, *, wide: bool) -> None:
    begins = re.sub(rb"\s", b"", sample[:200].removeprefix(b"\xef\xbb\xbf")).lower()
    kinds = [name for start, name in OTHER_KINDS if sample.startswith(start)]
    kinds += [name for start, name in OTHER_TEXTS if begins.startswith(start)]
    if kinds:
        raise ValidationError(_("This is a file of the kind %(kind)s. Save it as CSV first.") % {"kind": kinds[0]})
    if not wide and len(NO_TEXT.findall(sample)) > len(sample) / 20:
        raise ValidationError(_("This is not a text file. Save the table as CSV first."))


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


def sniff(line: str) -> str:
    """The separator of a header line: what stands oftenest outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


class Pieces(io.RawIOBase):
    """An uploaded file, read from the database piece by piece."""

    def __init__(self, upload: Import) -> None:
        self._upload, self._number, self._piece = upload, 0, memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._piece and not self._ended:
            piece = ImportPiece.objects.filter(upload=self._upload, number=self._number).first()
            self._piece = memoryview(bytes(piece.content) if piece else b"")
            self._number, self._ended = self._number + 1, len(self._piece) < PIECE
        taken = min(len(buffer), len(self._piece))
        buffer[:taken] = self._piece[:taken]
        self._piece = self._piece[taken:]
        return taken
