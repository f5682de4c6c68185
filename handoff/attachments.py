"""Files beside words: checked as hostile, kept outside the database and the web root, swept when nothing names them."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.models import User
from handoff.models import Attachment
from leads import clock
from leads.models import Activity

log = logging.getLogger(__name__)
MOST, LONGEST_NAME = 5, 120
#: Bytes that no row names are somebody's form on its way for so long, and left over after it.
ON_ITS_WAY = timedelta(hours=24)
#: The bytes of a removed file can be brought back by an operator for so long.
KEPT = timedelta(days=30)
HEAD = 512
PLACE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")

ZIP, OLE, MOVIE = (b"PK\x03\x04", b"PK\x05\x06"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), (b"ftyp",)
#: How files of an ending begin. What is packed is never unpacked here; what is not listed is text.
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",), "png": (b"\x89PNG\r\n\x1a\n",), "jpg": (b"\xff\xd8\xff",), "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"), "webp": (b"RIFF",), "heic": MOVIE, "tif": (b"II*\x00", b"MM\x00*"),
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "odp", "zip"), ZIP),
    **dict.fromkeys(("doc", "xls", "ppt", "msg"), OLE),
    "mp4": MOVIE, "m4a": MOVIE, "mov": MOVIE, "wav": (b"RIFF",), "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
}  # fmt: skip
TEXT = frozenset({"txt", "csv", "md", "eml", "ics", "vcf", "svg", "html", "htm", "json", "xml", "rtf", "log"})
WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, as spreadsheets write it


class Kept(NamedTuple):
    """A file whose bytes are written and that no row names yet."""

    name: str
    size: int
    digest: str
    place: str


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def keep(files: Iterable[UploadedFile[Any]]) -> list[Kept]:
    """Write the bytes of uploaded files; raise ValidationError, with nothing left behind, where one may not be kept."""
    wanted, kept = list(files), []
    if len(wanted) > MOST:
        raise ValidationError({"files": _("Up to %(n)d files at once; send the others after.") % {"n": MOST}})
    try:
        for file in wanted:
            kept.append(_write(file))
    except BaseException:
        forget(kept)
        raise
    return kept


def attach(activity: Activity, kept: Iterable[Kept], *, actor: User) -> list[Attachment]:
    """Name kept files in rows, in the transaction of the words they stand beside."""
    now = clock.now()
    rows = [Attachment(activity=activity, added_by=actor, added_at=now, **each._asdict()) for each in kept]
    return Attachment.objects.bulk_create(rows)


def forget(kept: Iterable[Kept]) -> None:
    """Take back bytes that no row will name."""
    for each in kept:
        (root() / each.place).unlink(missing_ok=True)


def opened(attachment: Attachment) -> BinaryIO:
    """The bytes, for reading; FileNotFoundError where the folder was lost."""
    return (root() / attachment.place).open("rb")


def clean_name(name: str) -> str:
    """What a person called a file, without folders, control signs and signs that turn the direction of reading."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    stem, dot, ending = " ".join(shown.split()).strip(". ").rpartition(".")
    stem, ending = stem.rstrip(". "), ending[:12]
    return f"{(stem or _('file'))[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if dot else ending[:LONGEST_NAME]


def sweep() -> int:
    """Remove bytes that no row names any more, and those of files removed long enough ago; returns how many."""
    removed = Attachment.objects.filter(removed_at__lt=clock.now() - KEPT).values_list("place", flat=True)
    gone = sum(_unlinked(place) for place in removed.iterator())
    before = time.time() - ON_ITS_WAY.total_seconds()
    for folder in sorted(root().glob("[0-9a-f][0-9a-f]")):
        here = {f"{folder.name}/{path.name}" for path in folder.iterdir() if path.stat().st_mtime < before}
        here = {place for place in here if PLACE.fullmatch(place)}
        named = set(Attachment.objects.filter(place__in=here).values_list("place", flat=True)) if here else set()
        gone += sum(_unlinked(place) for place in here - named)
    return gone


def _unlinked(place: str) -> bool:
    try:
        (root() / place).unlink()
    except FileNotFoundError:
        return False
    return True


def _write(file: UploadedFile[Any]) -> Kept:
    name, most = clean_name(file.name or ""), settings.ATTACHMENT_MAX_BYTES
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in settings.ATTACHMENT_TYPES:
        raise _refused(
            _("%(name)s: files of this kind are not taken. These are: %(types)s.")
            % {"name": name, "types": ", ".join(settings.ATTACHMENT_TYPES)}
        )
    if file.size is not None and file.size > most:
        raise _too_large(name)
    token = secrets.token_hex(16)
    place = f"{token[:2]}/{token}"
    path = root() / place
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for part in _checked(file, name, ending):
                size += len(part)
                if size > most:
                    raise _too_large(name)
                digest.update(part)
                out.write(part)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Kept(name, size, digest.hexdigest(), place)


def _checked(file: UploadedFile[Any], name: str, ending: str) -> Iterator[bytes]:
    """The bytes part by part, as long as they are what the ending says."""
    head, wide = b"", False
    for part in file.chunks():
        if not head:
            head = part[:HEAD]
            wide = head.startswith(WIDE_TEXT)
            if ending not in TEXT and not _begins(head, ending):
                raise _refused(_("%(name)s is not what its ending says. Nothing was kept.") % {"name": name})
        if ending in TEXT and not wide and b"\x00" in part:
            raise _refused(_("%(name)s is not the text that its ending says. Nothing was kept.") % {"name": name})
        yield part
    if not head:
        raise _refused(_("%(name)s is empty. Nothing was kept.") % {"name": name})


def _begins(head: bytes, ending: str) -> bool:
    beginnings = BEGINNINGS.get(ending, ())
    if beginnings is MOVIE:
        return head[4:8] == b"ftyp"
    if ending in ("webp", "wav"):
        return head[:4] == b"RIFF" and head[8:12] == {"webp": b"WEBP", "wav": b"WAVE"}[ending]
    return head.startswith(beginnings) if beginnings else False


def _too_large(name: str) -> ValidationError:
    most = filesizeformat(settings.ATTACHMENT_MAX_BYTES)
    return _refused(_("%(name)s is larger than %(most)s. Nothing was kept.") % {"name": name, "most": most})


def _refused(why: str) -> ValidationError:
    return ValidationError({"files": why})
