"""Write how probably each lead is won, and why, to a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from defusedcsv import csv
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads import clock
from leads.learning import live, reasons
from leads.learning.model import Worker, score
from leads.models import Identity, Lead, LeadScore, LearnedModel

BATCH = 2_000


class Command(BaseCommand):
    help = "Write external_id, probability, fit, engagement and reasons of every lead, or of those in --ids."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
        parser.add_argument("--ids", type=Path, metavar="FILE", help="external ids, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        worker, written = Worker.of(LearnedModel.objects.get(pk=live().pk)), 0
        try:
            wanted = options["ids"].read_text("utf-8-sig").split("\n") if options["ids"] else None
            with options["out"].open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["external_id", "probability", "fit", "engagement", "reasons"])
                for some in self.batches(wanted):
                    writer.writerows(self.rows(some, worker))
                    written += len(some)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stdout.write(f"{written} leads scored by {worker.model}")

    def rows(self, named: dict[int, str], worker: Worker) -> Iterator[list[Any]]:
        pks = sorted(named)
        counted = {row.lead_id: row for row in LeadScore.objects.filter(lead__in=pks)}
        for pk, found in zip(pks, score(pks, worker, at=clock.now()), strict=True):
            points = counted.get(pk)
            fit, engagement = (points.fit, points.engagement) if points else (0, 0)
            why = "; ".join(map(str, reasons(found.parts)))
            yield [named[pk], f"{found.probability:.6f}", fit, engagement, why]

    def batches(self, wanted: list[str] | None) -> Iterator[dict[int, str]]:
        """Leads by key, with the id that a file knows them by; who has none is known by their e-mail."""
        external = Identity.objects.filter(kind=Identity.Kind.EXTERNAL)
        if wanted is not None:
            ids = [one for line in wanted if (one := line.strip().strip('"')) and one != "external_id"]
            ids = list(dict.fromkeys(ids))
            for some in (ids[begin : begin + BATCH] for begin in range(0, len(ids), BATCH)):
                found = external.filter(value__in=some).order_by("pk").values_list("value", "lead")
                first = dict(reversed(found))
                for value in some:
                    if value not in first:
                        self.stderr.write(f"there is no lead with the external id {value[:80]}")
                yield {lead: value for value, lead in first.items()}
            return
        after = 0
        leads = Lead.objects.order_by("pk").values_list("pk", "email")
        while page := list(leads.filter(pk__gt=after)[:BATCH]):
            after = page[-1][0]
            known = dict(
                external.filter(lead__in=[pk for pk, _email in page]).order_by("-pk").values_list("lead", "value")
            )
            yield {pk: known.get(pk, email) for pk, email in page}
