"""`manage.py sample_company`: fill in a company to look around in, or take it away again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from handoff import sample


class Command(BaseCommand):
    help = "Fill in the sample company (people, leads, months of journeys); --remove takes it away, and only it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take it away again; what others added stays")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            gone = sample.remove()
            self.stdout.write(f"{gone.leads} sample leads and {gone.people} people are gone.")
            if not User.objects.filter(is_active=True).exists():
                self.stdout.write("Nobody can sign in now: manage.py createsuperuser")
            return
        here = sample.fill()
        self.stdout.write(f"The sample company is here: {here.leads} leads and {here.people} people.")
