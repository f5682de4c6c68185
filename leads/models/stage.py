from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.scoring import Scorecard
from personas.choices import Stage


class StageChange(models.Model):
    """The ledger of journeys, append-only: who moved a lead where, by which act, when it happened and when we knew."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="stage_changes", db_index=False)
    seq = models.PositiveIntegerField()
    old = models.CharField(max_length=8, choices=Stage, blank=True, help_text=_("Empty for the first row of a lead."))
    new = models.CharField(max_length=8, choices=Stage)
    act = models.CharField(max_length=24)
    reason = models.CharField(max_length=40, blank=True, help_text=_("The code of the reason given, if any."))
    note = models.TextField(blank=True)
    skipped = ArrayField(models.CharField(max_length=8, choices=Stage), default=list, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(help_text=_("When it happened."))
    recorded_at = models.DateTimeField(default=timezone.now)
    imported = models.BooleanField(default=False)
    undone = models.BooleanField(
        default=False, db_default=False, help_text=_("Taken back, or takes back: of such a pair no visit is left.")
    )

    class Meta:
        verbose_name = _("stage change")
        constraints = [
            models.UniqueConstraint(fields=["lead", "seq"], name="stage_change_seq_once"),
            models.CheckConstraint(condition=Q(new__in=Stage.values), name="stage_change_new_known"),
            models.CheckConstraint(condition=Q(old__in=["", *Stage.values]), name="stage_change_old_known"),
        ]
        indexes = [models.Index(fields=["at"], name="stage_change_at")]  # funnel by period

    def __str__(self) -> str:
        return f"{self.old or '·'} → {self.new}"


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: Any) -> VisitQuerySet:
        return self if user.is_authenticated and user.is_active else self.none()

    def open(self) -> VisitQuerySet:
        return self.filter(left_at=None)


class Visit(models.Model):
    """One stay in a stage: what funnels count. `left_to`, `left_by` and `reason` say how it ended."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="visits", db_index=False)
    seq = models.PositiveIntegerField(help_text=_("The seq of the stage change that opened it."))
    stage = models.CharField(max_length=8, choices=Stage)
    entered_at = models.DateTimeField()
    entered_from = models.CharField(max_length=8, choices=Stage, blank=True)
    left_at = models.DateTimeField(null=True)
    left_to = models.CharField(max_length=8, choices=Stage, blank=True)
    left_by = models.CharField(max_length=24, blank=True, help_text=_("The act that ended it."))
    reason = models.CharField(max_length=40, blank=True)
    imported = models.BooleanField(default=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        constraints = [
            models.UniqueConstraint(fields=["lead", "seq"], name="visit_seq_once"),
            models.UniqueConstraint(fields=["lead"], condition=Q(left_at=None), name="visit_one_open"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="visit_stage_known"),
            models.CheckConstraint(
                condition=Q(left_at=None, left_to="", left_by="") | (Q(left_at__isnull=False) & ~Q(left_to="")),
                name="visit_left_whole",
            ),
        ]
        indexes = [models.Index(fields=["stage", "entered_at"], name="visit_stage_entered")]  # funnel

    def __str__(self) -> str:
        return f"{self.stage} {self.entered_at:%Y-%m-%d}"
