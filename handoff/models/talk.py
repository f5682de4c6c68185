from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Team
from leads.models import Activity, Lead


class Comment(models.Model):
    """What a comment has beyond its line on the timeline: what it answers, and what became of it since."""

    activity = models.OneToOneField(Activity, models.CASCADE, primary_key=True, related_name="comment")
    parent = models.ForeignKey(
        Activity, models.CASCADE, null=True, related_name="replies", help_text=_("The comment that began the thread.")
    )  # lead page: the replies of the comments shown
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("comment")
        constraints = [
            models.CheckConstraint(
                condition=Q(deleted_at=None, deleted_by=None) | Q(deleted_at__isnull=False, deleted_by__isnull=False),
                name="comment_deleted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=models.F("activity")), name="comment_answers_another"
            ),
        ]

    def __str__(self) -> str:
        return str(self.activity_id)


class Wording(models.Model):
    """How a comment read before it was edited or deleted: the trace that it leaves."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="wordings")
    text = models.TextField(blank=True)
    until = models.DateTimeField(default=timezone.now, help_text=_("When other words took its place."))

    class Meta:
        verbose_name = _("earlier wording")

    def __str__(self) -> str:
        return self.text[:60]


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: Any) -> AttachmentQuerySet:
        """Whoever sees the lead sees its files; one that was removed is seen by nobody."""
        return self.filter(removed_at=None) if user.is_authenticated and user.is_active else self.none()


class Attachment(models.Model):
    """A file that somebody put beside their words. Its bytes lie outside the database, under a name of no meaning."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200, help_text=_("As the person called it; never a path."))
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64, help_text=_("SHA-256"))
    place = models.CharField(max_length=40, unique=True, help_text=_("Where its bytes lie below MEDIA_ROOT."))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        indexes = [
            # attachments.sweep: removed ones whose bytes go after a while
            models.Index(fields=["removed_at"], condition=Q(removed_at__isnull=False), name="attachment_removed"),
        ]

    def __str__(self) -> str:
        return self.name


class WatchQuerySet(models.QuerySet["Watch"]):
    def on(self) -> WatchQuerySet:
        return self.filter(on=True)


class Watch(models.Model):
    """Whether a person hears of what happens to a lead; `on` is False for whoever said that they do not want to."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watches", db_index=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="watches", db_index=False)
    on = models.BooleanField(default=True)
    since = models.DateTimeField(default=timezone.now)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("watch")
        constraints = [models.UniqueConstraint(fields=["lead", "person"], name="watch_once")]  # who hears of a lead
        indexes = [models.Index(fields=["person"], name="watch_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.lead_id}"


class SideNote(models.Model):
    """How one team sees a lead: what it knows and what it needs. Each saving is a version; the newest counts."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="side_notes", db_index=False)
    team = models.CharField(max_length=10, choices=Team)
    version = models.PositiveIntegerField(default=1)
    known = models.TextField(_("what we know"), blank=True)
    needed = models.TextField(_("what we need"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("side note")
        constraints = [
            models.UniqueConstraint(fields=["lead", "team", "version"], name="side_note_version_once"),  # lead page
            models.CheckConstraint(condition=Q(team__in=["marketing", "sales"]), name="side_note_of_a_side"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.team} v{self.version}"


class ShoutOutQuerySet(models.QuerySet["ShoutOut"]):
    def visible_to(self, user: Any) -> ShoutOutQuerySet:
        return self if user.is_authenticated and user.is_active else self.none()

    def for_list(self) -> ShoutOutQuerySet:
        return self.select_related("by", "to", "lead")


class ShoutOut(models.Model):
    """Thanks, said so that everybody hears it: from one person, for a colleague or for a whole team."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    team = models.CharField(max_length=10, choices=Team, help_text=_("The team that is thanked, or the person's."))
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="shout_outs")
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    objects = ShoutOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("shout-out")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="shout_out_has_words"),
            models.CheckConstraint(condition=Q(to=None) | ~Q(to=models.F("by")), name="shout_out_for_another"),
        ]
        # the feed goes by primary key, newest first; of one team by this
        indexes = [models.Index(fields=["team", "-id"], name="shout_out_of_team")]

    def __str__(self) -> str:
        return self.text[:60]
