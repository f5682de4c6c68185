from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.exchange import Import
from leads.models.lead import Lead

#: After so many attempts a submission waits for a person, with its error.
MAX_ATTEMPTS = 5


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: Any) -> SubmissionQuerySet:
        """Whoever sees every lead may ask what became of what came in."""
        return self if user.is_authenticated and user.is_active else self.none()


class Submission(models.Model):
    """What came in, kept raw before anything is made of it. Where `processed_at` is NULL, work is waiting."""

    class Way(models.TextChoices):
        HAND = "hand", _("By hand")
        API = "api", _("API")
        FILE = "file", _("File")
        FORM = "form", _("Form")
        TRACKER = "tracker", _("Website")
        WEBHOOK = "webhook", _("Webhook")

    #: Ways by which people come by themselves, now: not typed by a colleague, and no history.
    INBOUND = (Way.API, Way.FORM, Way.TRACKER, Way.WEBHOOK)

    way = models.CharField(max_length=8, choices=Way)
    payload = models.JSONField()
    key = models.CharField(
        max_length=120, null=True, help_text=_("The sender's own key: the same key is one submission.")
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    upload = models.ForeignKey(Import, models.CASCADE, null=True, related_name="submissions")
    at = models.DateTimeField(default=timezone.now, help_text=_("When it happened."))
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="submissions")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=["hand", "api", "file", "form", "tracker", "webhook"]), name="submission_way_known"
            ),
            models.UniqueConstraint(fields=["key"], name="submission_key_once"),
        ]
        indexes = [
            # leads.capture.process_waiting reads these, oldest first
            models.Index(fields=["id"], condition=Q(processed_at=None), name="submission_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.received_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> str:
        """In one word: `waiting` for the worker, `processed`, or `failed` with its error."""
        if self.processed_at:
            return "processed"
        return "failed" if self.error and self.attempts >= MAX_ATTEMPTS else "waiting"
