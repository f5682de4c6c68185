"""Where offers go: queues of reps, the rules that lead there, and a row for each decision."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class QueueQuerySet(models.QuerySet["Queue"]):
    def active(self) -> QueueQuerySet:
        return self.filter(retired=False)

    def claimed_by(self, rep: User) -> QueueQuerySet:
        """The queues from which this rep may claim."""
        return self.filter(Q(everybody=True) | Q(pk__in=Member.objects.filter(rep=rep).values("queue")))


class Queue(models.Model):
    """A group of reps: what is offered to it goes to them in turn, or lies there until one of them claims it."""

    class Way(models.TextChoices):
        POOL = "pool", _("its reps claim it")
        TURNS = "turns", _("its reps get it in turn")

    name = models.CharField(_("name"), max_length=60)
    everybody = models.BooleanField(default=False, help_text=_("Every active rep of sales: where no rule leads away."))
    way = models.CharField(_("how it is shared"), max_length=5, choices=Way, default=Way.POOL)
    retired = models.BooleanField(_("retired"), default=False)
    # Whose turn it is: kept by handoff.routing.turns, under a lock.
    credits = models.JSONField(default=dict, editable=False)
    among = models.JSONField(default=dict, editable=False)
    lately = ArrayField(models.BigIntegerField(), default=list, editable=False)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        ordering = ["-everybody", "name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=Q(retired=False), name="queue_name_unique"),
            models.UniqueConstraint(fields=["everybody"], condition=Q(everybody=True), name="queue_one_of_everybody"),
            models.CheckConstraint(condition=Q(everybody=False) | Q(retired=False), name="queue_of_everybody_stays"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> Queue:
        """'All of sales': where an offer goes when no rule says otherwise."""
        return cls.objects.get(everybody=True)


class Member(models.Model):
    """A rep of a queue; without a weight or a limit of its own, the person's counts."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="members", db_index=False)
    rep = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="queues")
    weight = models.PositiveSmallIntegerField(
        _("weight"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    capacity = models.PositiveSmallIntegerField(
        _("open hand-offs of this queue at once"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "rep"], name="queue_member_once")]

    def __str__(self) -> str:
        return f"{self.queue_id}: {self.rep_id}"


def words() -> ArrayField[Any, Any]:
    return ArrayField(models.CharField(max_length=120), default=list, blank=True)


class RoutingRuleQuerySet(models.QuerySet["RoutingRule"]):
    def active(self) -> RoutingRuleQuerySet:
        return self.filter(retired=False).order_by("position", "pk")


class RoutingRule(models.Model):
    """Which leads go to whom. Every condition that is set must hold; rules are asked in order, the first decides."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveIntegerField(default=0)
    retired = models.BooleanField(_("retired"), default=False)
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries"), default=list, blank=True)
    places = words()
    industries = words()
    size_from = models.PositiveIntegerField(_("staff, at least"), null=True, blank=True)
    size_to = models.PositiveIntegerField(_("staff, at most"), null=True, blank=True)
    sources = words()
    value_from = models.DecimalField(_("value, at least"), max_digits=12, decimal_places=2, null=True, blank=True)
    value_to = models.DecimalField(_("value, at most"), max_digits=12, decimal_places=2, null=True, blank=True)
    #: Keys, not a join: a rule of a persona that is gone must match nobody, not everybody.
    personas = ArrayField(models.BigIntegerField(), verbose_name=_("personas"), default=list, blank=True)
    rep = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="rules")
    way = models.CharField(_("how it is shared"), max_length=5, choices=Queue.Way, blank=True)
    only_in_hours = models.BooleanField(_("only to who works at this hour"), default=False)

    objects = RoutingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("routing rule")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rep__isnull=False, queue=None) | Q(rep=None, queue__isnull=False),
                name="routing_rule_names_one_target",
            ),
            models.CheckConstraint(
                condition=Q(size_from=None) | Q(size_to=None) | Q(size_from__lte=F("size_to")),
                name="routing_rule_size_in_order",
            ),
            models.CheckConstraint(
                condition=Q(value_from=None) | Q(value_to=None) | Q(value_from__lte=F("value_to")),
                name="routing_rule_value_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoutingDecision(models.Model):
    """Why a hand-off went where it went: who or which queue, by which rule, and who else was considered."""

    handoff = models.ForeignKey("handoff.Handoff", models.CASCADE, related_name="decisions")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    rep = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+", db_index=False)
    rule = models.ForeignKey(RoutingRule, models.PROTECT, null=True, related_name="+", db_index=False)
    why = models.CharField(max_length=300)
    steps = models.JSONField(default=list, help_text=_("What was asked, in order, and what came of it."))
    considered = models.JSONField(default=list, help_text=_("Who might have got it, and why they did not."))
    by_clock = models.BooleanField(default=False)
    before = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False,
        help_text=_("Who had it until then."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("routing decision")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.why
