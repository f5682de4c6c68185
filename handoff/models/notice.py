from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import Lead


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unsent(self) -> NoticeQuerySet:
        return self.filter(sent_at=None)

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at=None)


class Notice(models.Model):
    """What one person should know of one event. Written with the event, delivered after it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=40)
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="notices")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    text = models.CharField(max_length=300)
    event = models.CharField(max_length=80, help_text=_("One person hears of one event once."))
    written_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, help_text=_("When it was planned for the ways out; NULL waits for it."))
    read_at = models.DateTimeField(null=True, help_text=_("As it was written, where the bell is muted for its kind."))

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        constraints = [models.UniqueConstraint(fields=["person", "event"], name="notice_once_a_person_and_event")]
        indexes = [
            models.Index(fields=["id"], condition=Q(sent_at=None), name="notice_unsent"),  # handoff.notices.planning
            models.Index(fields=["person", "-id"], name="notice_newest"),  # the bell, My day
            models.Index(fields=["person"], condition=Q(read_at=None), name="notice_unread"),  # the bell's number
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        """Where it leads: what it is about, or the list in which it stands."""
        if self.lead is not None:
            return self.lead.get_absolute_url()
        if self.kind == "learning:drift":
            return reverse("dashboards:truth")
        if self.kind.startswith("agreement:"):
            drafted = self.kind in ("agreement:to_sign", "agreement:voided") or ":again:" in self.event
            return reverse("handoff:agreement_draft" if drafted else "handoff:agreement")
        return reverse("handoff:notices")

    @property
    def leads_somewhere(self) -> bool:
        """Whether a notice of no lead is about a page of its own."""
        return self.kind.startswith("agreement:") or self.kind == "learning:drift"
