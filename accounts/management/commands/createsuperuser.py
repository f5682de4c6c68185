"""`manage.py createsuperuser`, where the first person comes from: a manager, unless `--team` says otherwise."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from accounts.choices import Team


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        options["team"] = options["team"] or os.environ.get("DJANGO_SUPERUSER_TEAM") or Team.MANAGEMENT.value
        return super().handle(*args, **options)
