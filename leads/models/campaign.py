from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from personas.choices import Channel


class Source(models.Model):
    """Where first touches come from. The slug is what files, forms and links say (`utm_source`)."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=80)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.OTHER)

    class Meta:
        verbose_name = _("source")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: Any) -> CampaignQuerySet:
        """Both teams see every campaign."""
        return self if user.is_authenticated and user.is_active else self.none()


class Campaign(models.Model):
    """A planned effort with a beginning, an end and a cost."""

    name = models.CharField(_("name"), max_length=120)
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="campaigns")
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="campaign_name_unique")]

    def __str__(self) -> str:
        return self.name
