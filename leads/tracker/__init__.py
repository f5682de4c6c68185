"""What websites tell of their visitors: read at the door, kept in a stream, written in lots, put onto timelines."""

from leads.tracker.draining import drain
from leads.tracker.forgetting import forget
from leads.tracker.hearing import hear
from leads.tracker.reading import MOST_BYTES, Refused
from leads.tracker.stream import spoiled, take_back
from leads.tracker.taking import take

__all__ = ["MOST_BYTES", "Refused", "drain", "forget", "hear", "spoiled", "take", "take_back"]
