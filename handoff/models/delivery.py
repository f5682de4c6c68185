"""How a notice leaves the product: by which ways somebody wants it, what is on its way, and the words that went."""

from __future__ import annotations

import uuid
from datetime import datetime, time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from handoff.models.notice import Notice
from leads.models import Lead


class Pace(models.TextChoices):
    """When a mail about something is sent."""

    NOW = "now", _("At once")
    HOURLY = "hourly", _("Hourly, in one mail")
    DAILY = "daily", _("Daily, in one mail")
    OFF = "off", _("Never")


class NoticeChoices(models.Model):
    """By which ways one person wants to be told of what, and when. What is not said here goes by the defaults."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_choices"
    )
    by_kind = models.JSONField(default=dict, help_text=_("kind -> app, mail, chat: only what differs from the default"))
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    quiet_weekends = models.BooleanField(default=False)
    daily_at = models.TimeField(default=time(8))

    class Meta:
        verbose_name = _("choices of notices")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="notice_choices_quiet_whole",
            )
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class HookQuerySet(models.QuerySet["Hook"]):
    def shared(self) -> HookQuerySet:
        return self.filter(person=None)

    def working(self) -> HookQuerySet:
        return self.filter(disabled_at=None)


class Hook(models.Model):
    """An address outside that is told of events: a chat's incoming webhook, or a program's."""

    class Style(models.TextChoices):
        SLACK = "slack", _("Slack")
        MATTERMOST = "mattermost", _("Mattermost")
        WEBHOOK = "webhook", _("A program (signed webhook)")

    name = models.CharField(_("name"), max_length=60)
    style = models.CharField(_("kind of receiver"), max_length=10, choices=Style)
    url = models.URLField(_("address"), max_length=500)
    secret = models.CharField(max_length=80, blank=True, help_text=_("Signs what a program gets; shown once."))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="hooks",
        help_text=_("Whose own chat it is; NULL for a hook of everybody's, which managers set up."),
    )
    kinds = ArrayField(models.CharField(max_length=40), default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0, help_text=_("In a row, since it last answered."))
    rests_until = models.DateTimeField(null=True, help_text=_("Not tried again before."))
    disabled_at = models.DateTimeField(null=True)
    disabled_why = models.CharField(max_length=200, blank=True)

    objects = HookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(person__isnull=False), name="hook_one_own_chat")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """Where it leads, without the part of the address that is a secret."""
        return self.url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


class Channel(models.TextChoices):
    MAIL = "mail", _("E-mail")
    HOOK = "hook", _("Webhook")


class Message(models.Model):
    """One mail or one post to a hook. Its words are fixed before it is tried, so that trying again says the same.

    `tried_at` is written before it is sent and taken back when it certainly has not arrived. Found set later, nobody
    knows whether it arrived: it is sent once more, marked as a repeat, and never a third time.
    """

    ident = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    channel = models.CharField(max_length=4, choices=Channel)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="messages",
        db_index=False,
        help_text=_("Whose mail it is: who gets it, or, where there is a lead, who wrote it to them."),
    )
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="messages", db_index=False)
    hook = models.ForeignKey(Hook, models.CASCADE, null=True, related_name="messages", db_index=False)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    data = models.JSONField(default=dict, help_text=_("Headers of a mail, or what is posted to a hook."))
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, help_text=_("Not tried before."))
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    repeats = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True, help_text=_("Given up, or kept since no mail server is named."))
    why = models.CharField(max_length=300, blank=True, help_text=_("What went wrong last."))

    class Meta:
        verbose_name = _("message")
        constraints = [
            models.CheckConstraint(
                condition=Q(channel="mail", hook=None, person__isnull=False) | Q(channel="hook", hook__isnull=False),
                name="message_has_receiver",
            ),
            models.CheckConstraint(condition=Q(sent_at=None) | Q(stopped_at=None), name="message_sent_or_stopped"),
            models.CheckConstraint(condition=Q(lead=None) | Q(channel="mail"), name="message_to_lead_is_mail"),
        ]
        indexes = [
            models.Index(
                fields=["channel", "due_at", "id"], condition=Q(sent_at=None, stopped_at=None), name="message_waiting"
            ),  # handoff.notices.sending
            models.Index(
                fields=["person", "-id"], condition=Q(channel="mail", sent_at=None), name="message_unsent_own"
            ),  # the page of mail that was not sent
            models.Index(fields=["-id"], condition=Q(channel="mail", sent_at=None), name="message_unsent_all"),
            models.Index(fields=["hook", "-id"], condition=Q(hook__isnull=False), name="message_of_hook"),  # settings
            models.Index(fields=["lead"], condition=Q(lead__isnull=False), name="message_of_lead"),  # erasing a person
            models.Index(fields=["made_at"], name="message_made"),  # handoff.notices.forget
        ]

    def __str__(self) -> str:
        return self.subject or self.text[:60]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(composed_at=None)

    def due(self, now: datetime) -> DeliveryQuerySet:
        return self.waiting().filter(due_at__lte=now)


class Delivery(models.Model):
    """One notice on its way by one channel, until it is put into a message: by itself, or with others in a digest."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=4, choices=Channel)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="deliveries", db_index=False
    )
    hook = models.ForeignKey(Hook, models.CASCADE, null=True, related_name="deliveries", db_index=False)
    kind = models.CharField(max_length=40)
    event = models.CharField(max_length=80)
    pace = models.CharField(max_length=6, choices=Pace, default=Pace.NOW)
    planned_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    composed_at = models.DateTimeField(null=True)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="deliveries")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["notice"], condition=Q(hook=None), name="delivery_one_mail_a_notice"),
            models.UniqueConstraint(
                fields=["hook", "event"], condition=Q(hook__isnull=False), name="delivery_one_post_a_hook_and_event"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(composed_at=None), name="delivery_due"),  # notices.composing
            models.Index(
                fields=["person", "kind", "-planned_at"], condition=Q(pace="now", hook=None), name="delivery_recent"
            ),  # notices.planning: is it one of many?
            models.Index(fields=["notice"], name="delivery_of_notice"),  # what goes with a notice
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.event}"
