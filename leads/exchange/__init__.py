"""Files in: read as a table, mapped, compared with what is here, and brought in through `leads.capture`."""

from leads.exchange.importing import (
    KINDS,
    Importing,
    alone,
    bring_in,
    digest_of,
    receive,
    run,
    run_waiting,
    words,
)
from leads.exchange.mapping import FileMapping

__all__ = [
    "KINDS",
    "FileMapping",
    "Importing",
    "alone",
    "bring_in",
    "digest_of",
    "receive",
    "run",
    "run_waiting",
    "words",
]
