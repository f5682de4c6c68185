from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Import(models.Model):
    """A file somebody brought in, its mapping and what became of its rows."""

    class State(models.TextChoices):
        MAPPING = "mapping", _("Waiting for its mapping")
        READY = "ready", _("Ready to import")
        WAITING = "waiting", _("Waiting for the worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped")

    name = models.CharField(_("file"), max_length=255)
    content = models.BinaryField(editable=False)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.MAPPING)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text=_("new, updated, unchanged, refused, warnings"))
    problems = models.JSONField(default=list, help_text=_("row, column, expected, found; refused rows and warnings"))
    error = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["mapping", "ready", "waiting", "running", "done", "failed"]),
                name="import_state_known",
            ),
        ]
        indexes = [
            # leads.exchange.run_waiting reads these
            models.Index(fields=["id"], condition=Q(state__in=["waiting", "running"]), name="import_waiting"),
        ]

    def __str__(self) -> str:
        return self.name
