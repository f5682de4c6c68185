from handoff.models.agreement import Agreement, Amendment, Signature
from handoff.models.deal import Deal, DealLead
from handoff.models.handoff import Handoff
from handoff.models.notice import Notice
from handoff.models.reason import Reason
from handoff.models.sample import SampleMark

__all__ = ["Agreement", "Amendment", "Deal", "DealLead", "Handoff", "Notice", "Reason", "SampleMark", "Signature"]
