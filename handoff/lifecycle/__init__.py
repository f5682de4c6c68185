"""The life of a hand-off: every act that opens, moves or ends one, each whole in one transaction."""

from handoff.lifecycle.following import ATTEMPTS, CONTACTS, log_touch, qualify
from handoff.lifecycle.offers import accept, claim, claim_early, hasten, offer, requalify
from handoff.lifecycle.passing import churn, purchase, reopen
from handoff.lifecycle.reassigning import reassign
from handoff.lifecycle.verdicts import disqualify, recycle, return_to_marketing, withdraw

__all__ = [
    "ATTEMPTS", "CONTACTS", "accept", "churn", "claim", "claim_early", "disqualify", "hasten", "log_touch", "offer",
    "purchase", "qualify", "reassign", "recycle", "reopen", "requalify", "return_to_marketing", "withdraw",
]  # fmt: skip
