"""Make what is kept of engagement anew from the timelines, while people go on working."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from leads import pipeline


class Command(BaseCommand):
    help = "Recount from the timelines what is kept of engagement, and the points by it, batch by batch."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sum(pipeline.recount_engagement())} leads recounted")
