"""What a draft would have changed over the last 90 days, counted from the ledgers before anybody signs it.

Counted exactly: which offers the definition made, with the points that each brief recorded; what became of them; and
how each promise ends when its moments are held against the new terms and the new calendar.

Counted anew: who would have become an MQL, from the timeline as its interest faded then; and, where a draft changes
the points, what each offer would have had by them. What people had done at the offer is exact. Facts are those that the
brief noted as known, with company, industry and staff as it noted them; a value that the timeline says was changed
since is taken back; any other counts as it is today, as do the facts of who was not offered, and the persona where no
brief noted one. A table that gives the same points leaves every offer as it was, since only the difference of two
counts is added to what the brief recorded.
"""

from handoff.foresight.ahead import LISTED, Foresight
from handoff.foresight.crossing import crossing
from handoff.foresight.judging import Judge, Recount
from handoff.foresight.listing import listed
from handoff.foresight.offers import SPAN, Offer, offers

__all__ = ["LISTED", "SPAN", "Foresight", "Judge", "Offer", "Recount", "crossing", "listed", "offers"]
