from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from handoff.models.handoff import Handoff


class PromiseQuerySet(models.QuerySet["Promise"]):
    def visible_to(self, user: Any) -> PromiseQuerySet:
        """How promises are kept, both teams see alike."""
        return self if user.is_authenticated and user.is_active else self.none()

    def running(self) -> PromiseQuerySet:
        return self.filter(settled_at=None)

    def due(self, now: datetime) -> PromiseQuerySet:
        """Those of which something has come due, the longest waiting first."""
        return self.filter(next_at__lte=now).order_by("next_at")

    def decided(self) -> PromiseQuerySet:
        """Those that were kept or broken; the rest still run, or became needless before their time."""
        return self.filter(outcome__in=[Promise.Outcome.KEPT, Promise.Outcome.BROKEN])


class Promise(models.Model):
    """The ledger of promises: one row each, from its start to how it was kept, with all that its clock set off.

    A hand-off's own `promise` and `due_at` name the one that runs out next.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        ATTEMPT = "attempt", _("First call")
        CONTACT = "contact", _("First talk")

    class Outcome(models.TextChoices):
        KEPT = "kept", _("Kept")
        BROKEN = "broken", _("Not kept")
        MOOT = "moot", _("Needless")

    class Event(models.TextChoices):
        REMIND = "remind", _("Reminder")
        BREACH = "breach", _("Over")
        ESCALATE = "escalate", _("Managers hear")
        REASSIGN = "reassign", _("Reassigned")

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="promises")
    kind = models.CharField(max_length=8, choices=Kind)
    term = models.PositiveIntegerField(help_text=_("Business minutes."))
    started_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    escalate_at = models.DateTimeField(null=True)
    reassign_at = models.DateTimeField(null=True)
    next_event = models.CharField(max_length=8, choices=Event, blank=True)
    next_at = models.DateTimeField(null=True, help_text=_("When the clock sets off the next event; NULL: no more."))
    reminded_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    reassigned_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True, help_text=_("When the clock stopped; NULL while it runs."))
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="promises",
        db_index=False,
        help_text=_("Whose it was when it was kept or broken."),
    )

    objects = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "kind"], condition=Q(settled_at=None), name="promise_runs_once_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None) | (Q(next_at=None) & ~Q(outcome="")), name="promise_settled_is_decided"
            ),
            models.CheckConstraint(
                condition=Q(next_at=None, next_event="") | (Q(next_at__isnull=False) & ~Q(next_event="")),
                name="promise_next_names_event",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="promise_next"),  # the sweep
            models.Index(fields=["owner", "due_at"], name="promise_of_owner"),  # My day
            models.Index(fields=["started_at"], name="promise_given"),  # figures: those of a period
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.due_at:%Y-%m-%d %H:%M}"
