"""Learn from the outcomes that are here, hold the newest out, and let what was learned count if it is better."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leads.learning import refresh
from leads.learning.training import train


class Command(BaseCommand):
    help = "Train, examine on the newest outcomes, promote or not, and print the figures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        result = train()
        if result.state == "promoted":
            refresh(batches=1)  # the worker goes on; `manage.py score` asks about all of them
        said = result.data()
        if options["json"]:
            self.stdout.write(json.dumps(said, indent=1))
            return
        self.stdout.write(f"{said['result']}: {said['why']}")
        self.stdout.write(f"{said['outcomes']} outcomes, {said['won']} won")
        for name, found in said["held_out"].items():
            area = "-" if found["auc"] is None else f"{found['auc']:.3f}"
            self.stdout.write(
                f"{name:9} AUC {area:>5}  log loss {found['log_loss']:.4f}  "
                f"calibration error {found['calibration_error']:.4f}  on {found['outcomes']} outcomes"
            )
        for name in said["kept_out"]:
            self.stdout.write(f"kept out until somebody decides: {name}")
