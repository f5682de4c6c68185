from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from handoff import invariants
from leads.models import Lead


class Command(BaseCommand):
    help = "Counts the violations of every invariant of the pipeline; exit code 1 if there are any."

    def handle(self, *args: Any, **options: Any) -> None:
        found = invariants.violations()
        for violation in found:
            leads = ", ".join(map(str, violation.leads))
            self.stdout.write(f"{violation.broken} x not so: {violation.name} (lead {leads}, ...)")
        total = sum(violation.broken for violation in found)
        self.stdout.write(f"{Lead.objects.count()} leads, {total} violations")
        if total:
            sys.exit(1)
