"""Learning who is won: a scorecard that begins as the agreed points, trees beside it, and whether it is true."""

from leads.learning.model import answer, go_live, live, refresh, settings, snapshot, state
from leads.learning.words import Told, reasons, told

__all__ = ["Told", "answer", "go_live", "live", "reasons", "refresh", "settings", "snapshot", "state", "told"]
