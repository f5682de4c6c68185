from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from handoff.models.handoff import Handoff
from handoff.models.reason import Reason
from leads.models import Company, Lead
from personas.choices import BuyingRole, DealStep


class DealQuerySet(models.QuerySet["Deal"]):
    def visible_to(self, user: Any) -> DealQuerySet:
        return self if user.is_authenticated and user.is_active else self.none()

    def open(self) -> DealQuerySet:
        return self.filter(closed_at=None)

    def won(self) -> DealQuerySet:
        return self.filter(status=Deal.Status.WON)


class Deal(models.Model):
    """An opportunity: one company, one or more leads by role, one amount. Revenue counts once."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    name = models.CharField(_("name"), max_length=200)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="deals")
    leads = models.ManyToManyField(Lead, through="DealLead", related_name="deals")
    handoff = models.ForeignKey(Handoff, models.PROTECT, null=True, blank=True, related_name="deals")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="deals")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    close_on = models.DateField(_("expected close"), null=True, blank=True)
    step = models.CharField(_("step"), max_length=12, choices=DealStep, default=DealStep.DISCOVERY)
    step_since = models.DateTimeField()
    status = models.CharField(_("status"), max_length=4, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True, related_name="+")
    competitor = models.CharField(_("competitor"), max_length=120, blank=True)
    note = models.TextField(_("note"), blank=True)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    imported = models.BooleanField(default=False)

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        constraints = [
            models.CheckConstraint(condition=Q(step__in=DealStep.values), name="deal_step_known"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | (Q(status__in=["won", "lost"], closed_at__isnull=False)),
                name="deal_closed_whole",
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="deal_amount_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["step", "close_on", "id"], condition=Q(closed_at=None), name="deal_open"
            ),  # deals, board
            models.Index(fields=["status", "closed_at"], name="deal_closed"),  # funnel: wins and value
        ]

    def __str__(self) -> str:
        return self.name


class DealLead(models.Model):
    """Who of the buying group is in a deal, in which role; exactly one is primary."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="roles")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="deal_roles")
    role = models.CharField(_("role"), max_length=12, choices=BuyingRole, blank=True)
    primary = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "lead"], name="deal_lead_once"),
            models.UniqueConstraint(fields=["deal"], condition=Q(primary=True), name="deal_one_primary_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id}: {self.lead_id}"
