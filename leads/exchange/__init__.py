"""Files in: read as a table, mapped, compared with what is here, and brought in through `leads.capture`."""

from leads.exchange.importing import KINDS, Importing, bring_in, words
from leads.exchange.mapping import FileMapping
from leads.exchange.uploads import (
    alone,
    attempt,
    choose,
    digest_of,
    discard,
    earlier,
    forget_abandoned,
    look,
    recall,
    receive,
    run,
    run_waiting,
    start,
)

__all__ = [
    "KINDS",
    "FileMapping",
    "Importing",
    "alone",
    "attempt",
    "bring_in",
    "choose",
    "digest_of",
    "discard",
    "earlier",
    "forget_abandoned",
    "look",
    "recall",
    "receive",
    "run",
    "run_waiting",
    "start",
    "words",
]
