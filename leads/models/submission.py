from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.exchange import Import
from leads.models.inbound import WebhookSource
from leads.models.lead import Lead
from leads.models.webform import WebForm

#: After so many attempts a submission waits for a person, with its error.
MAX_ATTEMPTS = 5
#: Signs by which a person knows whom a submission is about, the best first.
SIGNS = ("name", "email", "phone", "external_id")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: Any) -> SubmissionQuerySet:
        """Whoever sees every lead may ask what became of what came in."""
        return self if user.is_authenticated and user.is_active else self.none()

    def to_mend(self) -> SubmissionQuerySet:
        """What could not be processed and waits for somebody to look at it."""
        return self.filter(processed_at=None, put_away="").exclude(error="")

    def put_away(self) -> SubmissionQuerySet:
        """What somebody has looked at, and nothing is made of."""
        return self.filter(processed_at=None).exclude(put_away="")


class Batch(models.Model):
    """Many submissions that came at once under a key of their sender: the same key is the same batch."""

    key = models.CharField(max_length=120, unique=True)
    digest = models.CharField(max_length=64, help_text=_("Of the rows as they came."))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return self.key


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
    hook = models.ForeignKey(WebhookSource, models.PROTECT, null=True, related_name="submissions", db_index=False)
    raw = models.JSONField(null=True, help_text=_("What the sender said, where the payload was made of it."))
    at = models.DateTimeField(default=timezone.now, help_text=_("When it happened."))
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    held_for = models.CharField(
        max_length=200, null=True, help_text=_("Why it waits for a person before anything is made of it.")
    )
    webform = models.ForeignKey(WebForm, models.PROTECT, null=True, related_name="submissions", db_index=False)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="submissions")
    settled_at = models.DateTimeField(null=True, help_text=_("When a person mended it, or put it away."))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    put_away = models.CharField(max_length=200, blank=True, default="", db_default="", help_text=_("Why, if it was."))

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=["hand", "api", "file", "form", "tracker", "webhook"]), name="submission_way_known"
            ),
            models.UniqueConstraint(fields=["key"], name="submission_key_once"),
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None) | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="submission_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(put_away="") | Q(settled_at__isnull=False, processed_at=None),
                name="submission_put_away_is_settled",
            ),
        ]
        indexes = [
            # leads.capture.process_waiting reads these, oldest first
            models.Index(fields=["id"], condition=Q(processed_at=None), name="submission_waiting"),
            models.Index(
                fields=["hook", "-id"], condition=Q(hook__isnull=False), name="submission_of_hook"
            ),  # its page
            # the page of forms counts these
            models.Index(
                fields=["webform", "received_at"], condition=Q(webform__isnull=False), name="submission_by_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.received_at:%Y-%m-%d %H:%M}"

    @property
    def about(self) -> str:
        """Whom it is about, by the best sign that it carries."""
        return next((str(self.payload[sign])[:200] for sign in SIGNS if self.payload.get(sign)), "")

    @property
    def state(self) -> str:
        """In one word: `waiting` for the worker, `processed`, `held` for a person, or `failed` with its error."""
        if self.processed_at:
            return "processed"
        if self.held_for:
            return "held"
        return "failed" if self.error and self.attempts >= MAX_ATTEMPTS else "waiting"
