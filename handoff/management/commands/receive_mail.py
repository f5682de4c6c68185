from __future__ import annotations

import os
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db import OperationalError

from handoff import replies


class Command(BaseCommand):
    help = (
        "Takes a reply to a mail about a lead from standard input, for a mail server that pipes it here. Exit codes "
        "are those that mail servers know: 65, it is sent back with the sentence; 75, it is tried again later."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            said = replies.receive(sys.stdin.buffer.read(replies.MOST_BYTES + 1))
        except ValidationError as error:
            self.stderr.write(" ".join(error.messages))
            sys.exit(os.EX_DATAERR)
        except OperationalError:
            self.stderr.write("The database is away; try again later.")
            sys.exit(os.EX_TEMPFAIL)
        self.stdout.write(f"Said on lead {said.lead_id}.")
