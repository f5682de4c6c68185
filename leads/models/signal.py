from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads import clock
from leads.models.lead import Lead

#: After this many failed attempts a signal waits for a person (the admin lists it).
MAX_ATTEMPTS = 8


class SignalQuerySet(models.QuerySet["Signal"]):
    def unhandled(self) -> SignalQuerySet:
        return self.filter(handled_at=None)

    def due(self) -> SignalQuerySet:
        """Those worth an attempt, oldest first, so that the signals of one lead go in order."""
        return self.unhandled().filter(attempts__lt=MAX_ATTEMPTS).order_by("id")


class Signal(models.Model):
    """What a lead has shown that the contract between the teams must answer: the seam between leads and hand-off."""

    class Kind(models.TextChoices):
        MQL_LINE = "mql_line", _("Crossed the MQL line")
        HAND_RAISE = "hand_raise", _("Asked to talk")
        PURCHASE = "purchase", _("Bought")
        OUTCOME = "outcome", _("Outcome from a file")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=12, choices=Kind)
    payload = models.JSONField(default=dict)
    key = models.CharField(max_length=160, null=True, help_text=_("The same key is the same event."))
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    imported = models.BooleanField(default=False)
    handled_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=80, blank=True, help_text=_("What was done about it."))
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["mql_line", "hand_raise", "purchase", "outcome"]), name="signal_kind_known"
            ),
            models.UniqueConstraint(fields=["key"], name="signal_key_once"),
            models.UniqueConstraint(
                fields=["lead", "kind"], condition=Q(handled_at=None, kind="mql_line"), name="signal_one_line_waiting"
            ),
        ]
        indexes = [
            # handoff.answers.answer_signals reads these, oldest first
            models.Index(fields=["id"], condition=Q(handled_at=None), name="signal_unhandled"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint around one answer: a bad signal is kept with its error, the rest go on."""
        try:
            with transaction.atomic():
                yield
        except (ValidationError, DatabaseError, ObjectDoesNotExist, KeyError, TypeError, ValueError) as error:
            self.attempts += 1
            self.error = "; ".join(error.messages) if isinstance(error, ValidationError) else repr(error)
            self.save(update_fields=["attempts", "error"])
        else:
            self.handled_at, self.error = clock.now(), ""
            self.save(update_fields=["handled_at", "answer", "error"])
