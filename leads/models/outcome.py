from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class Outcome(models.Model):
    """A verdict or an outcome, written downward by hand-off: what scores, personas and sources learn from."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        RETURNED = "returned", _("Returned")
        QUALIFIED = "qualified", _("Qualified")
        RECYCLED = "recycled", _("Recycled")
        DISQUALIFIED = "disqualified", _("Disqualified")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        CHURNED = "churned", _("Churned")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="outcomes")
    kind = models.CharField(max_length=12, choices=Kind)
    reason = models.CharField(max_length=40, blank=True)
    reason_class = models.CharField(
        max_length=12,
        blank=True,
        db_default="",
        help_text=_("The class of a return."),
    )
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    imported = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("outcome")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "accepted", "returned", "qualified", "recycled", "disqualified", "won", "lost", "churned",
                    ]
                ),
                name="outcome_kind_known",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["kind", "at"], name="outcome_kind_at")]  # learning

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
