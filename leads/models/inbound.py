from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.secret import WithSecret


class WebhookSource(WithSecret):
    """A program that posts signed events to us: under which address, and what its words mean here."""

    class Kind(models.TextChoices):
        LEAD = "lead", _("A lead comes in")
        PURCHASE = "purchase", _("Somebody buys")
        ACTIVITY = "activity", _("A lead does something")

    name = models.CharField(_("name"), max_length=60)
    ident = models.UUIDField(default=uuid.uuid4, editable=False, unique=True, help_text=_("In its address."))
    kind = models.CharField(_("what its events tell"), max_length=8, choices=Kind, default=Kind.LEAD)
    mapping = models.JSONField(
        default=dict, blank=True, help_text=_("Field of a lead -> path in the body; empty: the body is a lead.")
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("inbound webhook")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["lead", "purchase", "activity"]), name="webhook_source_kind_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where it posts to."""
        return f"{settings.SITE_URL}{reverse('leads:receive', args=[self.ident])}"
