from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Lead


class DeedQuerySet(models.QuerySet["Deed"]):
    def visible_to(self, user: Any) -> DeedQuerySet:
        return self if user.is_authenticated and user.is_active else self.none()

    def standing(self) -> DeedQuerySet:
        """Those that nobody has taken back."""
        return self.filter(undone_at=None)


class Deed(models.Model):
    """One act of one person on a lead, with what it changed and made: enough to take it back within ten minutes."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="deeds", db_index=False)
    act = models.CharField(max_length=24)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    line = models.BigIntegerField(help_text=_("The activity that tells it on the timeline of `lead`."))
    changes = models.JSONField(help_text=_("By table and row: what each column was and became; and what was made."))
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = DeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("act that can be undone")
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="deed_undone_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-id"], name="deed_of_lead"),  # toast and timeline: what can be undone
            models.Index(fields=["at"], condition=Q(undone_at=None), name="deed_old"),  # handoff.undo.forget
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"
