from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class TrackedSite(models.Model):
    """A website whose visits are told by the tracker; what any other page sends is refused."""

    host = models.CharField(_("host"), max_length=253, unique=True, help_text=_("Such as www.example.com"))
    rules = models.JSONField(
        _("pages"), default=list, blank=True, help_text=_("How the path of a page begins, and the kind of visit.")
    )
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("website")
        ordering = ["host"]
        constraints = [
            models.CheckConstraint(
                condition=Q(host__regex=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"), name="tracked_site_host"
            )
        ]

    def __str__(self) -> str:
        return self.host


class Visitor(models.Model):
    """A browser whose owner agreed to be known again; whose it is once they have said so."""

    id = models.UUIDField(primary_key=True, help_text=_("Made in the browser, after consent."))
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="visitors")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    consented_at = models.DateTimeField(
        null=True, help_text=_("When the first visit came, which said that they agreed.")
    )
    origin = models.JSONField(default=dict, help_text=_("Where they first came from, raw; written once."))

    class Meta:
        verbose_name = _("visitor")
        indexes = [
            # leads.tracker.forgetting: who never said who they are
            models.Index(fields=["last_seen_at"], condition=Q(lead=None), name="visitor_anonymous"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class VisitorEventQuerySet(models.QuerySet["VisitorEvent"]):
    def waiting(self) -> VisitorEventQuerySet:
        """What belongs to somebody and is not on their timeline yet."""
        return self.filter(lead__isnull=False, taken_at=None)


class VisitorEvent(models.Model):
    """One page that a visitor looked at, or one thing they did there; its id is made in the browser."""

    id = models.UUIDField(primary_key=True)
    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="events")
    lead = models.ForeignKey(
        Lead, models.CASCADE, null=True, related_name="+", db_index=False, help_text=_("Whose timeline it belongs on.")
    )
    kind = models.CharField(max_length=40)
    url = models.CharField(max_length=2_000, blank=True)
    title = models.CharField(max_length=300, blank=True)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(help_text=_("When it happened."))
    recorded_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, help_text=_("When it came onto the timeline."))

    objects = VisitorEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("visitor's event")
        indexes = [
            # a lead that is erased takes its events along
            models.Index(fields=["lead"], condition=Q(lead__isnull=False), name="visitor_event_of_lead"),
            # leads.tracker.taking reads these
            models.Index(fields=["lead"], condition=Q(lead__isnull=False, taken_at=None), name="visitor_event_waiting"),
            BrinIndex(fields=["recorded_at"], name="visitor_event_recorded"),  # leads.tracker.forgetting
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
