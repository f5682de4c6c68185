"""Measure on the outcomes that are here how fast interest fades; nothing is switched."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leads.learning.half_life import Finding, report, said


class Command(BaseCommand):
    help = "Hold the half-lives of 7, 30, 90 days and none against how leads ended, and propose; switch nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = report()
        if options["json"]:
            self.stdout.write(json.dumps(found.data(), indent=1))
            return
        self.stdout.write(f"{found.outcomes} outcomes, {found.wins} won")
        if found.why:
            self.stdout.write(found.why)
        for finding in found.findings:
            self.stdout.write(self.line(finding))

    def line(self, finding: Finding) -> str:
        losses = "  ".join(f"{said(days)}: {loss:.4f}" for days, loss in finding.losses.items())
        proposed = f"proposed: {said(finding.proposed)}" if finding.proposed != finding.agreed else "keep"
        figures = f"{losses}  constant: {finding.constant:.4f}  {proposed}" if losses else ""
        return f"{finding.kind or 'all touches':20} {finding.leads:6} leads  {figures}  {finding.why}"
