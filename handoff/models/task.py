from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from handoff.models.handoff import Handoff
from leads.models import Lead
from personas.choices import Stage

#: What has no due moment comes last.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
OPEN = Q(done_at=None, dropped_at=None)
#: A task that mends is to be done, or is done and its lead rests and waits for the offer that follows.
TO_MEND = Q(handoff__isnull=False, dropped_at=None) & (
    Q(done_at=None)
    | Q(
        done_at__isnull=False,
        lead__stage__in=[Stage.TOFU, Stage.CUSTOMER],
        lead__stage_since__lt=models.F("done_at"),
        lead__do_not_contact=False,
        lead__look_again_on=None,
    )
)


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: Any) -> TaskQuerySet:
        """Both teams see every task, as they see every lead; somebody signed out or deactivated sees none."""
        return self if user.is_authenticated and user.is_active else self.none()

    def open(self) -> TaskQuerySet:
        return self.filter(OPEN)

    def of(self, user: User) -> TaskQuerySet:
        return self.filter(owner=user)

    def to_mend(self) -> TaskQuerySet:
        """What sales returned to be mended, until its lead is offered again."""
        return self.filter(TO_MEND)

    def handed_over_by(self, user: User) -> TaskQuerySet:
        """What this person asked of others."""
        return self.filter(created_by=user).exclude(owner=user)

    def for_list(self) -> TaskQuerySet:
        return self.select_related("owner", "created_by", "lead__company")


class Task(models.Model):
    """Something that one person is to do, on a lead or by itself: open until it is done or dropped."""

    class Repeat(models.TextChoices):
        NONE = "", _("Does not repeat")
        DAILY = "daily", _("Every day")
        BUSINESS = "business", _("Every business day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    lead = models.ForeignKey(Lead, models.CASCADE, null=True, blank=True, related_name="tasks", db_index=False)
    handoff = models.ForeignKey(
        Handoff, models.SET_NULL, null=True, blank=True, related_name="tasks",
        help_text=_("The returned hand-off that this task mends."),
    )  # fmt: skip
    title = models.CharField(_("title"), max_length=200)
    note = models.TextField(_("note"), blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tasks", db_index=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(_("due"), null=True, blank=True, help_text=_("Where a whole day is meant."))
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("The moment; of a whole day, its end."))
    sort_at = models.DateTimeField(default=NEVER, help_text=_("`due_at`, or after everything that is due."))
    repeat = models.CharField(_("repeat"), max_length=8, choices=Repeat, blank=True)
    month_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Of a monthly one: the 31st is the 28th in February, and the 31st in March.")
    )
    remind = ArrayField(models.PositiveIntegerField(), default=list, blank=True, help_text=_("Minutes before."))
    follows = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="followed_by")
    version = models.PositiveIntegerField(default=1, help_text=_("Rises with every change; tells a stale form."))
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        constraints = [
            models.CheckConstraint(
                condition=Q(repeat__in=["", "daily", "business", "weekly", "monthly"]), name="task_repeat_known"
            ),
            models.CheckConstraint(condition=Q(repeat="") | Q(due_at__isnull=False), name="task_repeat_has_due"),
            models.CheckConstraint(condition=Q(due_on=None) | Q(due_at__isnull=False), name="task_day_has_its_end"),
            models.CheckConstraint(condition=Q(done_at=None) | Q(dropped_at=None), name="task_done_or_dropped"),
            models.CheckConstraint(condition=~Q(title=""), name="task_has_title"),
        ]
        indexes = [
            # the page Tasks, by tab: mine, handed to others, the team's; My day
            models.Index(fields=["owner", "sort_at", "id"], condition=OPEN, name="task_of_owner"),
            models.Index(fields=["created_by", "sort_at", "id"], condition=OPEN, name="task_of_creator"),
            models.Index(fields=["sort_at", "id"], condition=OPEN, name="task_by_due"),
            models.Index(fields=["owner", "-done_at", "-id"], condition=Q(done_at__isnull=False), name="task_done"),
            models.Index(fields=["-done_at", "-id"], condition=Q(done_at__isnull=False), name="task_done_by_all"),
            # My day of marketing: what is to be mended, and what was and waits to be offered again
            models.Index(fields=["owner"], condition=Q(handoff__isnull=False, dropped_at=None), name="task_that_mends"),
            # the lead page; the cascade of a lead
            models.Index(fields=["lead", "sort_at", "id"], condition=Q(lead__isnull=False), name="task_of_lead"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.dropped_at is None

    @property
    def to_mend(self) -> list[str]:
        """The fields that are to be mended, as people call them."""
        names = {field.name: str(field.verbose_name) for field in Lead._meta.concrete_fields}
        return [names.get(name, name.removeprefix("custom.").replace("_", " ")) for name in self.fields]

    @property
    def offerable(self) -> bool:
        """Whether the lead that is to be mended can be offered again: it rests, and may be contacted."""
        lead = self.lead
        return lead is not None and lead.stage in (Stage.TOFU, Stage.CUSTOMER) and not lead.do_not_contact

    @property
    def due(self) -> Any:
        """The day where a whole day is meant, else the moment: what `{% due %}` shows."""
        return self.due_on or self.due_at


class Reminder(models.Model):
    """One moment at which a task's owner is reminded; it goes off once."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="reminders", db_index=False)
    minutes = models.PositiveIntegerField(help_text=_("Minutes before the task is due."))
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reminder")
        constraints = [models.UniqueConstraint(fields=["task", "minutes"], name="reminder_once")]
        indexes = [
            models.Index(fields=["at", "id"], condition=Q(told_at=None), name="reminder_waiting"),  # todo.remind
        ]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.minutes}"
