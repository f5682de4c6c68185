from handoff.models.agreement import Agreement, Amendment, Signature
from handoff.models.deal import Deal, DealLead
from handoff.models.deed import Deed
from handoff.models.delivery import Channel, Delivery, Hook, Message, NoticeChoices, Pace
from handoff.models.handoff import Handoff
from handoff.models.notice import Notice
from handoff.models.outgoing import Bookmark, Dispatch, Endpoint, Event
from handoff.models.promise import Promise
from handoff.models.reason import Reason
from handoff.models.routing import Member, Queue, RoutingDecision, RoutingRule
from handoff.models.sample import SampleMark
from handoff.models.talk import Attachment, Comment, ShoutOut, SideNote, Watch, Wording
from handoff.models.task import Reminder, Task

__all__ = [
    "Agreement", "Amendment", "Attachment", "Bookmark", "Channel", "Comment", "Deal", "DealLead", "Deed", "Delivery",
    "Dispatch", "Endpoint", "Event", "Handoff",
    "Hook", "Member", "Message", "Notice", "NoticeChoices", "Pace", "Promise", "Queue", "Reason", "Reminder",
    "RoutingDecision", "RoutingRule", "SampleMark", "ShoutOut", "SideNote", "Signature", "Task", "Watch",
    "Wording",
]  # fmt: skip
