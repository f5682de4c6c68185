from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Team
from accounts.models import User
from handoff.models.agreement import Agreement
from handoff.models.reason import Reason
from handoff.models.routing import Queue
from leads.models import Lead
from personas.choices import Lane


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, user: Any) -> HandoffQuerySet:
        return self if user.is_authenticated and user.is_active else self.none()

    def open(self) -> HandoffQuerySet:
        return self.filter(ended_at=None)

    def counted(self) -> HandoffQuerySet:
        """Those that figures count: one that was opened by an act which was undone has never been."""
        return self.exclude(end=Handoff.End.UNDONE)

    def offered(self) -> HandoffQuerySet:
        """The offers: each hand-off that sales was asked to answer. One that came back from a deal was answered then.

        A lead that is sent on to another rep, or offered again, is an offer of its own.
        """
        return self.counted().exclude(origin__in=Handoff.NO_OFFERS)

    def by_marketing(self) -> HandoffQuerySet:
        """The offers that marketing's promise counts: its own, the line's, and those of leads who asked to talk.

        A lead counts once however often it is sent on; what sales claimed early, what a file told and a customer who is
        offered again are not promised.
        """
        return self.offered().filter(origin__in=Handoff.BY_MARKETING)

    def awake(self, now: datetime) -> HandoffQuerySet:
        """Those that nobody has put off, or whose moment has come."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def waiting_for(self, user: User, *, now: datetime | None = None) -> HandoffQuerySet:
        """Offers without an answer, the most urgent first, then the most valuable.

        A rep's are their own and those of the queues they may claim from, unless they put them off; marketing and
        managers see whatever sales has still to answer.
        """
        mine = Q()
        if user.team == Team.SALES:
            open_to = Q(owner=None, queue__in=Queue.objects.claimed_by(user).order_by())
            mine = (open_to | Q(owner=user)) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now or timezone.now()))
        return self.open().filter(mine, lane=Lane.MQL).order_by("due_at", "-value", "id")

    def for_list(self) -> HandoffQuerySet:
        return self.select_related("lead__company", "lead__score", "lead__source", "owner", "offered_by")


class Handoff(models.Model):
    """One offer of a lead to sales: on what evidence, under which agreement, against which clock, with what verdict."""

    class Origin(models.TextChoices):
        MARKETING = "marketing", _("Offered by marketing")
        LINE = "line", _("Crossed the MQL line")
        HAND_RAISE = "hand_raise", _("Asked to talk")
        CLAIMED = "claimed", _("Claimed early by sales")
        REROUTED = "rerouted", _("Sent on to the right rep")
        REQUALIFY = "requalify", _("Back from the deal")
        EXPANSION = "expansion", _("Customer offered again")
        IMPORTED = "imported", _("From a file")

    class End(models.TextChoices):
        QUALIFIED = "qualified", _("Qualified")
        RETURNED = "returned", _("Returned")
        DISQUALIFIED = "disqualified", _("Disqualified")
        RECYCLED = "recycled", _("Recycled")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        PURCHASED = "purchased", _("Purchased")
        MERGED = "merged", _("Merged")
        UNDONE = "undone", _("Undone")

    #: What was no offer, and which offers marketing's promise counts: `offered` and `by_marketing` say why.
    NO_OFFERS = (Origin.REQUALIFY,)
    BY_MARKETING = (Origin.MARKETING, Origin.LINE, Origin.HAND_RAISE)

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handoffs")
    origin = models.CharField(max_length=12, choices=Origin)
    lane = models.CharField(max_length=3, choices=Lane, default=Lane.MQL)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="handoffs", db_index=False)
    brief = models.JSONField(default=dict, help_text=_("Why now, as it stood at the offer."))
    note = models.TextField(_("why now"), blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="handoffs")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="handoffs", db_index=False)
    reassigned = models.PositiveSmallIntegerField(default=0, db_default=0, help_text=_("How often by the clock."))
    claimed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    first_attempt_at = models.DateTimeField(null=True)
    first_contact_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    qualified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    named_at = models.DateTimeField(null=True, help_text=_("When the first of two names was given, if two are agreed."))
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    end = models.CharField(max_length=12, choices=End, blank=True)
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+")
    verdict = models.TextField(blank=True, help_text=_("What would have made it right, in the words of who ended it."))
    due_at = models.DateTimeField(null=True, help_text=_("When the promise now running ends; NULL when none runs."))
    promise = models.CharField(max_length=12, blank=True, help_text=_("The promise that runs out next."))
    promise_since = models.DateTimeField(null=True, help_text=_("When that promise was given."))
    attempts_made = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text=_("How often sales tried to reach the lead, contacts included.")
    )
    snoozed_until = models.DateTimeField(null=True, help_text=_("Out of the inbox until then; no promise waits."))
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    snooze_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    lead_good = models.BooleanField(null=True, help_text=_("Sales on the quality of the lead."))
    lead_rated_at = models.DateTimeField(null=True)
    lead_rated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    follow_up_good = models.BooleanField(null=True, help_text=_("Marketing on how the lead was followed up."))
    follow_up_rated_at = models.DateTimeField(null=True)
    follow_up_rated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    imported = models.BooleanField(default=False)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-off")
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at=None), name="handoff_one_open_a_lead"),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="handoff_lane_known"),
            models.CheckConstraint(
                condition=Q(lane="mql", accepted_at=None) | (~Q(lane="mql") & Q(accepted_at__isnull=False)),
                name="handoff_accepted_beyond_mql",
            ),
            models.CheckConstraint(
                condition=~Q(lane="sql") | Q(qualified_at__isnull=False), name="handoff_qualified_at_sql"
            ),
            models.CheckConstraint(
                condition=Q(named_at=None, named_by=None)
                | Q(named_at__isnull=False, named_by__isnull=False)
                & (Q(lane="sal", ended_at=None) | Q(lane="sql", qualified_at__gte=F("named_at"))),
                name="handoff_first_name_waits_or_counts",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")), name="handoff_end_whole"
            ),
            models.CheckConstraint(
                condition=~Q(end="returned") | Q(reason__isnull=False), name="handoff_return_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(due_at=None, promise="") | (Q(due_at__isnull=False) & ~Q(promise="")),
                name="handoff_due_names_promise",
            ),
            models.CheckConstraint(condition=Q(owner__isnull=False) | Q(lane="mql"), name="handoff_accepted_has_owner"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | Q(queue__isnull=False) | Q(ended_at__isnull=False),
                name="handoff_unowned_has_queue",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None) | (Q(owner__isnull=False) & ~Q(snooze_reason="")),
                name="handoff_snooze_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "due_at", "id"], condition=Q(ended_at=None), name="handoff_open"
            ),  # inbox, board
            models.Index(
                fields=["snoozed_until"],
                condition=Q(ended_at=None, snoozed_until__isnull=False),
                name="handoff_put_off",
            ),  # inbox: what is put off
            models.Index(fields=["offered_at"], name="handoff_offered_at"),  # funnel
            models.Index(
                fields=["owner", "queue"], condition=Q(ended_at=None), name="handoff_open_by_owner"
            ),  # handoff.routing: who holds how many; a leaver's work
            models.Index(
                fields=["queue", "due_at"], condition=Q(ended_at=None, owner=None), name="handoff_unowned"
            ),  # settings: what waits in a queue
            models.Index(
                fields=["-ended_at", "-id"], condition=Q(end="returned"), name="handoff_returned"
            ),  # inbox: what came back
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.end or self.lane}"

    @property
    def said(self) -> str:
        """What somebody wrote on why now; the sentence that came with the line says what the brief begins with."""
        return "" if self.note == self.brief.get("by_itself") else self.note

    @property
    def untouched(self) -> bool:
        """Whether it is accepted and nobody has tried to reach the lead."""
        return self.promise == "attempt"

    @property
    def awaits_a_name(self) -> bool:
        """Whether one team has said that it is qualified and the agreement asks the other one, too."""
        return self.named_at is not None and self.qualified_at is None and self.is_open

    @property
    def lacks_first_name(self) -> bool:
        """Whether the agreement asks for a name of each team before a deal, and nobody has given the first."""
        return self.lane == Lane.SAL and self.agreement.both_qualify and self.named_by_id is None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
