"""The sample company: months of believable journeys, filled in by the acts that people do, and removable again."""

from handoff.sample.filling import fill
from handoff.sample.removing import remove
from handoff.sample.standing import Counts, count, managers_who_stay, sign_ins

__all__ = ["Counts", "count", "fill", "managers_who_stay", "remove", "sign_ins"]
