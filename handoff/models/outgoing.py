"""Outbound webhooks: who is told of what, what there is to tell, and each telling until it has arrived."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from leads.models.secret import WithSecret


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def working(self) -> EndpointQuerySet:
        return self.filter(disabled_at=None)


class Endpoint(WithSecret):
    """An address of a program that is told of leads, hand-offs and deals as they change, signed."""

    name = models.CharField(_("name"), max_length=60)
    url = models.URLField(_("address"), max_length=500)
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    since = models.DateTimeField(default=timezone.now, help_text=_("What happened before is not told."))
    failures = models.PositiveSmallIntegerField(default=0, help_text=_("In a row, since it last took something."))
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True, help_text=_("Not tried again before."))
    disabled_at = models.DateTimeField(null=True)
    disabled_why = models.CharField(max_length=200, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbound webhook")
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None) | Q(failures__gt=0, failing_since__isnull=False),
                name="endpoint_failing_since_it_failed",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """Where it leads, without the part of the address that may be a secret."""
        return self.url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


class Bookmark(models.Model):
    """How far a ledger has been read for events: all up to `position`, and `ahead` once `horizon` is past.

    Numbers of rows are drawn before their transactions commit, so a row may appear below one that was read already.
    Whoever drew a number up to `ahead` had a transaction number below `horizon`: once nobody below it is still at work,
    nothing can appear up to `ahead` any more.
    """

    ledger = models.CharField(max_length=8, unique=True)
    position = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    horizon = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("bookmark")

    def __str__(self) -> str:
        return f"{self.ledger} {self.position}"


class Event(models.Model):
    """One thing that happened, as it is told outside. Its words are fixed before anybody is told."""

    ident = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    kind = models.CharField(max_length=40)
    ledger = models.CharField(max_length=8, blank=True, help_text=_("Where it was read; empty for a test."))
    row = models.BigIntegerField(null=True, help_text=_("The row of that ledger."))
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    made_at = models.DateTimeField(default=timezone.now)
    body = models.JSONField()

    class Meta:
        verbose_name = _("event")
        constraints = [models.UniqueConstraint(fields=["ledger", "row"], name="event_once_a_row")]
        indexes = [models.Index(fields=["made_at"], name="event_made")]  # handoff.outgoing.forget

    def __str__(self) -> str:
        return self.kind

    @property
    def webhook_id(self) -> str:
        """The same each time that it is posted, so that a receiver knows a repeat."""
        return f"evt_{self.ident.hex}"


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def waiting(self) -> DispatchQuerySet:
        return self.filter(arrived_at=None, stopped_at=None)

    def given_up(self) -> DispatchQuerySet:
        """What did not arrive and might be sent again; a test is over when it is answered."""
        return self.filter(stopped_at__isnull=False, event__ledger__gt="")


class Dispatch(models.Model):
    """One event on its way to one endpoint. While somebody posts it, `due_at` lies ahead: it is lent."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="dispatches", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="dispatches")
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0, help_text=_("Since it was last asked for."))
    arrived_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True, help_text=_("Given up."))
    log = models.JSONField(default=list, help_text=_("Each try: when, the status if any answered, and what was said."))

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of an event")
        verbose_name_plural = _("deliveries of events")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="dispatch_once_an_endpoint"),
            models.CheckConstraint(
                condition=Q(arrived_at=None) | Q(stopped_at=None), name="dispatch_arrived_or_stopped"
            ),
        ]
        indexes = [
            # handoff.outgoing.sending takes these
            models.Index(fields=["due_at", "id"], condition=Q(arrived_at=None, stopped_at=None), name="dispatch_due"),
            models.Index(fields=["endpoint", "-id"], name="dispatch_of_endpoint"),  # the log of an endpoint
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.event_id}"

    @property
    def last(self) -> dict[str, Any] | None:
        """What came of the last try, if there was one."""
        return self.log[-1] if self.log else None

    @property
    def posted(self) -> str:
        """The body as it is posted, to be read."""
        return json.dumps(self.event.body, ensure_ascii=False, indent=2)

    def note(self, at: datetime, status: int | None, said: str) -> None:
        """Keep what came of a try, beside those before. Nothing is saved here."""
        self.log = [*self.log[-19:], {"at": at.isoformat(), "status": status, "said": said[:200]}]
