from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class Identity(models.Model):
    """A sign by which a person is known again. E-mails and external ids name one lead; a phone may be shared."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        EXTERNAL = "external", _("External id")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=8, choices=Kind)
    system = models.CharField(max_length=60, blank=True, help_text=_("The system an external id comes from."))
    value = models.CharField(max_length=320)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["email", "phone", "external"]), name="identity_kind_known"),
            models.CheckConstraint(condition=~Q(value=""), name="identity_not_empty"),
            models.CheckConstraint(
                condition=Q(kind="external") | Q(system=""), name="identity_system_only_for_external"
            ),
            models.UniqueConstraint(
                fields=["kind", "system", "value"], condition=~Q(kind="phone"), name="identity_names_one_lead"
            ),
            models.UniqueConstraint(fields=["lead", "kind", "system", "value"], name="identity_once_a_lead"),
        ]
        indexes = [models.Index(fields=["value", "kind"], name="identity_value")]  # leads.identity.resolve

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"
