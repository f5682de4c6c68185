from leads.models.activity import Activity
from leads.models.campaign import Campaign, Source
from leads.models.exchange import Import, ImportPiece, ImportProblem
from leads.models.identity import Identity
from leads.models.inbound import WebhookSource
from leads.models.lead import Company, Lead
from leads.models.learning import Chance, LearnedModel, Learning, Snapshot, Suspect
from leads.models.outcome import Outcome
from leads.models.scoring import Engagement, LeadScore, Scorecard
from leads.models.signal import Signal
from leads.models.stage import StageChange, Visit
from leads.models.submission import Batch, Submission
from leads.models.visitor import TrackedSite, Visitor, VisitorEvent
from leads.models.webform import ConsentWording, WebForm

__all__ = [
    "Activity",
    "Batch",
    "Campaign",
    "Chance",
    "Company",
    "ConsentWording",
    "Engagement",
    "Identity",
    "Import",
    "ImportPiece",
    "ImportProblem",
    "Lead",
    "LeadScore",
    "LearnedModel",
    "Learning",
    "Outcome",
    "Scorecard",
    "Signal",
    "Snapshot",
    "Source",
    "StageChange",
    "Submission",
    "Suspect",
    "TrackedSite",
    "Visit",
    "Visitor",
    "VisitorEvent",
    "WebForm",
    "WebhookSource",
]
