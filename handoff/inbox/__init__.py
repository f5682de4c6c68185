"""The inbox: what sales has still to answer, the most urgent first; what is claimed, and what came back."""

from handoff.inbox.listing import CAP, PAGE, RETURNED_WITHIN, TABS, Line, Page, counts, listed, page
from handoff.inbox.offer import Offer, offers, one

__all__ = [
    "CAP", "PAGE", "RETURNED_WITHIN", "TABS", "Line", "Offer", "Page", "counts", "listed", "offers", "one", "page",
]  # fmt: skip
