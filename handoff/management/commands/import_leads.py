"""Bring in a file of leads or outcomes; when the command ends, all that follows from the file has happened."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from defusedcsv import csv
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from handoff import answers
from leads import exchange
from leads.exchange.mapping import Problem
from leads.models import Import

#: So many warnings and refusals are said on the terminal; `--errors` has every refusal.
SAID = 20


class Command(BaseCommand):
    help = "Import leads or outcomes from a CSV file, by a mapping of its columns (docs/import.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="JSON: which column means what")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, and count the same")
        parser.add_argument("--errors", type=Path, help="write refused rows here as CSV: row, column, expected, found")

    def handle(self, *args: Any, **options: Any) -> None:
        path, dry = options["file"], options["dry_run"]
        try:
            with path.open("rb") as raw:
                upload = self.prepared(path, raw, options["mapping"])
                with Report(self, options["errors"]) as report:
                    rows, counts = (self.dry if dry else self.real)(upload, raw, report)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(exchange.words(rows, counts))

    def prepared(self, path: Path, raw: BinaryIO, mapping: Path) -> Import:
        try:
            said = json.loads(mapping.read_text("utf-8-sig"))
        except ValueError as error:
            raise CommandError(_("%(file)s is not JSON: %(why)s") % {"file": mapping, "why": error}) from error
        exchange.FileMapping.read(said)
        digest, size = exchange.digest_of(raw)
        return Import(name=path.name[:255], digest=digest, size=size, mapping=said, state=Import.State.RUNNING)

    def dry(self, upload: Import, raw: BinaryIO, report: Report) -> tuple[int, dict[str, int]]:
        rows, counts = 0, Counter[str]()
        for result in exchange.Importing(upload, raw, dry=True).chunks():
            rows, counts = rows + result.rows, counts + result.counts
            report.take(result.problems)
        return rows, counts

    def real(self, upload: Import, raw: BinaryIO, report: Report) -> tuple[int, dict[str, int]]:
        run = exchange.Importing(upload, raw)  # a file that cannot be read leaves nothing
        with ExitStack() as until_done:
            with transaction.atomic():  # a worker sees it only when this process has it
                upload.save()
                until_done.enter_context(exchange.alone(upload))
            exchange.bring_in(upload, run, report=report.take)
        left = [signal for signal in answers.answer_imported() if signal.recorded_at >= upload.created_at]
        if left:
            self.stdout.write(exchange.words(upload.rows_done, upload.counts))
            why = _("%(count)d outcomes wait for a person, who finds them among the signals. The first: %(why)s")
            raise CommandError(why % {"count": len(left), "why": left[0].error})
        return upload.rows_done, upload.counts


class Report:
    """Says the first warnings and refusals on the terminal, and writes every refusal to the file of `--errors`."""

    def __init__(self, command: BaseCommand, path: Path | None) -> None:
        self.command, self.said = command, Counter[bool]()
        self.file = path.open("w", newline="", encoding="utf-8") if path else None
        self.writer = csv.writer(self.file) if self.file else None
        if self.writer:
            self.writer.writerow(["row", "column", "expected", "found"])

    def take(self, problems: list[Problem]) -> None:
        for problem in problems:
            self.said[problem.refused] += 1
            if self.said[problem.refused] <= SAID:
                self.command.stderr.write(problem.words)
            if self.writer and problem.refused:
                self.writer.writerow([problem.row, problem.column, problem.expected, problem.found])

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *error: object) -> None:
        for refused, count in self.said.items():
            if count > SAID:
                kind = _("refusals") if refused else _("warnings")
                self.command.stderr.write(_("and %(count)d more %(kind)s") % {"count": count - SAID, "kind": kind})
        if self.file:
            self.file.close()
