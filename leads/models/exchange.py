from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from leads import rights


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> ImportQuerySet:
        """Whoever may import sees every file that was, so that nobody brings one in a second time unknowingly."""
        return self if rights.may(user, "import") else self.none()

    def waiting(self) -> ImportQuerySet:
        """Those that a worker should begin, or go on with where a worker was stopped; oldest first."""
        return self.filter(state__in=[Import.State.WAITING, Import.State.RUNNING]).order_by("id")


class Import(models.Model):
    """A file somebody brought in, its mapping and what became of its rows."""

    class State(models.TextChoices):
        MAPPING = "mapping", _("Waiting for its mapping")
        READY = "ready", _("Ready to import")
        WAITING = "waiting", _("Waiting for the worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped")

    name = models.CharField(_("file"), max_length=255)
    digest = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of the file."))
    size = models.PositiveBigIntegerField(default=0, help_text=_("Bytes."))
    header = models.JSONField(default=list, help_text=_("The file's columns, in its order."))
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.MAPPING)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text=_("new, updated, unchanged, refused, warnings"))
    error = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["mapping", "ready", "waiting", "running", "done", "failed"]),
                name="import_state_known",
            ),
        ]
        indexes = [
            # leads.exchange.run_waiting reads these
            models.Index(fields=["id"], condition=Q(state__in=["waiting", "running"]), name="import_waiting"),
            models.Index(fields=["digest"], name="import_digest"),  # has this file been here before?
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)

    @property
    def is_begun(self) -> bool:
        """Whether it has been handed to the worker, so that its mapping stands."""
        return self.state not in (self.State.MAPPING, self.State.READY)

    @property
    def share(self) -> int:
        """How much of it is done, in percent; never all of it before it is over."""
        return 100 if self.state == self.State.DONE else min(99, 100 * self.rows_done // max(self.rows, 1))


class ImportPiece(models.Model):
    """A piece of an uploaded file, so that nobody holds the whole; gone when the import is done."""

    upload = models.ForeignKey(Import, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return f"{self.upload_id}: {self.number}"


class ImportProblem(models.Model):
    """What a row of a file said that could not be read (refused), or was kept although it looks odd (a warning)."""

    upload = models.ForeignKey(Import, models.CASCADE, related_name="problems", db_index=False)
    row = models.PositiveIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=120, blank=True)
    expected = models.CharField(_("expected"), max_length=300)
    found = models.CharField(_("found"), max_length=120, blank=True)
    refused = models.BooleanField(default=True)
    cells = models.JSONField(null=True, help_text=_("The refused row as it came, with the first of its problems."))

    class Meta:
        indexes = [models.Index(fields=["upload", "id"], name="import_problem_list")]  # the import's page and its CSV

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.expected}"
