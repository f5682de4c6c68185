from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SampleMark(models.Model):
    """A row that the sample company filled in, so that it can be taken away again, and only it."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        LEAD = "lead", _("Lead")
        COMPANY = "company", _("Company")
        PERSONA = "persona", _("Persona")
        SOURCE = "source", _("Source")
        CAMPAIGN = "campaign", _("Campaign")
        QUEUE = "queue", _("Queue")
        RULE = "rule", _("Routing rule")

    kind = models.CharField(max_length=8, choices=Kind)
    row = models.BigIntegerField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("sample row")
        constraints = [models.UniqueConstraint(fields=["kind", "row"], name="sample_mark_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row}"
