from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.campaign import Campaign
from leads.models.lead import Lead


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, user: Any) -> ActivityQuerySet:
        """Whoever sees every lead sees what happened to them."""
        return self if user.is_authenticated and user.is_active else self.none()

    def of_kinds(self, *prefixes: str) -> ActivityQuerySet:
        """Those whose kind is one of these, or begins with one of these namespaces ('call' finds 'call:spoke')."""
        wanted = models.Q(pk__in=[])
        for prefix in prefixes:
            wanted |= models.Q(kind=prefix) | models.Q(kind__startswith=f"{prefix}:")
        return self.filter(wanted)


class Activity(models.Model):
    """Anything that happened to a lead: one line of its timeline. Kinds are namespaced ('call:no_answer')."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="activities", db_index=False)
    kind = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(Campaign, models.SET_NULL, null=True, blank=True, related_name="activities")
    at = models.DateTimeField(default=timezone.now, help_text=_("When it happened."))
    recorded_at = models.DateTimeField(default=timezone.now)
    imported = models.BooleanField(default=False)
    key = models.CharField(max_length=120, null=True, blank=True, help_text=_("The same key is the same event."))

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(key__isnull=False), name="activity_key_once"),
        ]
        indexes = [
            models.Index(fields=["lead", "-at", "-id"], name="activity_timeline"),  # lead page; scoring
            models.Index(fields=["-recorded_at", "-id"], name="activity_recorded"),  # API: what is new since a moment
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
