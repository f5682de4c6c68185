"""The life of a hand-off: every act that opens, moves or ends one, each whole in one transaction."""

from handoff.lifecycle.following import (
    ATTEMPTS,
    CONTACTS,
    is_unreachable,
    log_touch,
    next_try,
    qualify,
    rate,
    rated_by,
    snooze,
    wake,
)
from handoff.lifecycle.mailing import may_be_written_to, send_email
from handoff.lifecycle.offers import accept, claim, claim_early, hasten, offer, requalify
from handoff.lifecycle.passing import churn, look_again, purchase, reopen
from handoff.lifecycle.reassigning import reassign
from handoff.lifecycle.verdicts import (
    disqualify,
    offer_mended,
    recycle,
    recycle_unreachable,
    return_to_marketing,
    withdraw,
)

__all__ = [
    "ATTEMPTS", "CONTACTS", "accept", "churn", "claim", "claim_early", "disqualify", "hasten", "is_unreachable",
    "log_touch", "look_again", "may_be_written_to", "next_try", "offer", "offer_mended", "purchase", "qualify",
    "rate", "rated_by", "reassign", "recycle", "recycle_unreachable", "reopen", "requalify", "return_to_marketing",
    "send_email", "snooze", "wake", "withdraw",
]  # fmt: skip
