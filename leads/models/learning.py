from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class LearnedModelQuerySet(models.QuerySet["LearnedModel"]):
    def visible_to(self, user: Any) -> LearnedModelQuerySet:
        """Both teams may see how true chances are; somebody signed out or deactivated sees none."""
        return self if user.is_authenticated and user.is_active else self.none()

    def without_trees(self) -> LearnedModelQuerySet:
        """What pages read: trees are for the worker."""
        return self.defer("trees", "trial", "trial_trees")


class LearnedModel(models.Model):
    """What one training learned, and whether chances are counted by it. The first version is the points alone.

    `trial` is the same recipe without the newest outcomes: the later trainings examine it beside their own, so that
    none is asked about what it has learned from.
    """

    class State(models.TextChoices):
        LIVE = "live", _("Live")
        KEPT = "kept", _("Was live")
        REFUSED = "refused", _("Not taken")

    version = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=8, choices=State)
    parameters = models.JSONField(help_text=_("The scorecard: what the web process reads."))
    trees = models.BinaryField(null=True, help_text=_("The booster, signed; only the worker reads it."))
    trial = models.JSONField(default=dict)
    trial_trees = models.BinaryField(null=True)
    figures = models.JSONField(default=dict, help_text=_("How it fared on the newest outcomes, beside its rivals."))
    why = models.TextField(blank=True, help_text=_("Why it was taken or not."))
    outcomes = models.PositiveIntegerField(default=0)
    wins = models.PositiveIntegerField(default=0)
    target = models.CharField(max_length=8, default="won")
    newest_outcome = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text=_("The key of the newest outcome that it learned from.")
    )
    made_at = models.DateTimeField(default=timezone.now)
    live_since = models.DateTimeField(null=True)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = LearnedModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("learned model")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["live", "kept", "refused"]), name="learned_state_known"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="live"), name="learned_one_live"),
        ]

    def __str__(self) -> str:
        return f"m{self.version}"

    @property
    def is_points(self) -> bool:
        """Whether it is the agreed points alone, which stand until something beats them."""
        return not self.parameters.get("columns")

    @property
    def has_trees(self) -> bool:
        """Whether the worker adds the trees' part to what the scorecard answers."""
        return bool(self.parameters.get("share"))

    @property
    def columns(self) -> list[str]:
        """The features that it asks for."""
        return [column["name"] for column in self.parameters.get("columns", ())]


class Chance(models.Model):
    """How probably a lead is won: a narrow side table. `base` and the parts' log-odds sum to `logit` exactly."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="chance")
    probability = models.FloatField()
    logit = models.FloatField()
    base = models.FloatField(help_text=_("The average lead's log-odds."))
    parts = models.JSONField(default=list, help_text=_("[name, value, log-odds], what moves it most first."))
    model = models.ForeignKey(LearnedModel, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    waits = models.BooleanField(
        default=False, db_default=False, help_text=_("Answered at once; the worker says the whole of it soon.")
    )

    class Meta:
        verbose_name = _("chance")
        constraints = [
            models.CheckConstraint(condition=Q(probability__gte=0, probability__lte=1), name="chance_is_probability")
        ]
        indexes = [
            models.Index(fields=["-probability", "lead"], name="chance_highest"),  # an inbox in the order of chances
            models.Index(fields=["model", "lead"], name="chance_of_model"),  # the worker: those of an older model
            models.Index(
                fields=["lead"], condition=Q(waits=True), name="chance_waits"
            ),  # leads.learning.model.outdated
        ]

    def __str__(self) -> str:
        return f"{self.probability:.0%}"


class Snapshot(models.Model):
    """What was known of a lead at a moment that learning asks about, as it stood then."""

    class Moment(models.TextChoices):
        CREATED = "created", _("Created")
        OFFERED = "offered", _("Offered")
        OUTCOME = "outcome", _("Outcome")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="snapshots", db_index=False)
    moment = models.CharField(max_length=8, choices=Moment)
    features = models.JSONField()
    points = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField()
    probability = models.FloatField(
        null=True, help_text=_("The chance that was said then; NULL: none was, or it was kept before this was.")
    )
    model = models.ForeignKey(LearnedModel, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("snapshot")
        constraints = [
            models.CheckConstraint(
                condition=Q(moment__in=["created", "offered", "outcome"]), name="snapshot_moment_known"
            ),
            models.CheckConstraint(
                condition=Q(probability=None, model=None)
                | Q(probability__gte=0, probability__lte=1, model__isnull=False),
                name="snapshot_chance_has_model",
            ),
        ]
        indexes = [models.Index(fields=["lead", "at"], name="snapshot_of_lead")]  # learning

    def __str__(self) -> str:
        return f"{self.moment} {self.at:%Y-%m-%d}"


class Suspect(models.Model):
    """A field that may know the outcome already; it is kept out of learning until a person decides."""

    name = models.CharField(max_length=120, unique=True)
    evidence = models.JSONField(help_text=_("kind, and the shares that speak against it"))
    found_at = models.DateTimeField(default=timezone.now)
    trusted = models.BooleanField(null=True, help_text=_("What a person decided; NULL: nobody has, so it is kept out."))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("suspect field")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Learning(models.Model):
    """The one row of what people say to learning, and when it last tried."""

    win_rate = models.FloatField(_("stated win rate"), default=0.1, help_text=_("Of all leads, the share that is won."))
    accepted_counts = models.BooleanField(_("accepted stands in for won while wins are few"), default=False)
    began_at = models.DateTimeField(null=True, help_text=_("After `tried_at`: one runs or was stopped."))
    tried_at = models.DateTimeField(null=True)
    outcomes_then = models.PositiveIntegerField(default=0)
    said = models.TextField(blank=True, help_text=_("How the last training ended."))

    class Meta:
        verbose_name = _("learning")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="learning_one_row"),
            models.CheckConstraint(condition=Q(win_rate__gt=0, win_rate__lt=1), name="learning_rate_is_share"),
        ]

    def __str__(self) -> str:
        return f"{self.win_rate:.0%}"
