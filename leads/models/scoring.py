from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead

#: A grade begins at this score.
GRADES = (("A", 75), ("B", 50), ("C", 25), ("D", 0))


def grade(total: int) -> str:
    return next(letter for letter, floor in GRADES if total >= floor)


def default_points() -> dict[str, Any]:
    """The points a new installation starts from; editable data ever after."""
    return {
        "fit": [
            {"label": "Business e-mail address", "field": "business_email", "op": "is", "value": "yes", "points": 8},
            {"label": "Phone number known", "field": "phone", "op": "known", "value": "", "points": 4},
            {
                "label": "Decides or leads a department",
                "field": "job_title",
                "op": "contains",
                "value": [
                    "head",
                    "director",
                    "chief",
                    "manager",
                    "owner",
                    "founder",
                    "lead",
                    "vp",
                    "ceo",
                    "cfo",
                    "cto",
                ],
                "points": 18,
            },
            {"label": "Company of 20 people or more", "field": "size", "op": "at_least", "value": 20, "points": 12},
            {"label": "Industry known", "field": "industry", "op": "known", "value": "", "points": 4},
            {"label": "Country known", "field": "country", "op": "known", "value": "", "points": 4},
        ],
        "engagement": [
            _each("Asked to talk", "form:hand_raise", 30, 30),
            _each("Pricing page", "web:pricing", 8, 24),
            _each("Other pages", "web:page", 2, 12),
            _each("Filled in a form", "form:submit", 10, 20),
            _each("Webinar or event", "event:attended", 14, 28),
            _each("Replied to an e-mail", "email:reply", 12, 24),
            _each("Clicked an e-mail", "email:click", 4, 12),
            _each("Spoke on the phone", "call:spoke", 12, 24),
            _each("Met", "meeting:met", 15, 30),
        ],
    }


def _each(label: str, kind: str, points: int, cap: int) -> dict[str, Any]:
    return {"label": label, "kind": kind, "op": "each", "points": points, "cap": cap, "half_life": 30}


class Scorecard(models.Model):
    """The agreed points and the MQL line that stands on them, in versions; an agreement pins one."""

    version = models.PositiveIntegerField(unique=True)
    points = models.JSONField(default=default_points)
    mql_line = models.PositiveSmallIntegerField(_("MQL line"), default=60)
    required_facts = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("facts that an MQL has"),
        default=list,
        db_default=[],
        help_text=_("Whoever lacks one of them does not cross the line."),
    )
    personas = ArrayField(
        models.BigIntegerField(),
        verbose_name=_("personas that an MQL is one of"),
        default=list,
        db_default=[],
        help_text=_("Their ids; none: whoever has the points."),
    )
    high_intent = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("actions that skip the line"),
        default=list,
        db_default=[],
        help_text=_("Kinds of activity that count as crossing, whatever the points."),
    )
    in_force = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    in_force_since = models.DateTimeField(
        null=True, blank=True, help_text=_("Whoever was scored before is counted anew; NULL: since it was made.")
    )

    class Meta:
        verbose_name = _("scorecard")
        constraints = [
            models.UniqueConstraint(fields=["in_force"], condition=Q(in_force=True), name="scorecard_one_in_force"),
            models.CheckConstraint(condition=Q(mql_line__gte=1, mql_line__lte=100), name="scorecard_line_within_score"),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def half_lives(self) -> list[int]:
        """The days after which a touch is worth half, shortest first; rules may differ in it."""
        return sorted({rule["half_life"] for rule in self.points["engagement"] if rule.get("half_life")})


class Engagement(models.Model):
    """What a lead has done of one kind: a row that answers for every moment, and no change of points goes by it.

    `week`, `month` and `quarter` are log2 of the sum of 2^(day / half-life) over the touches, half-lives of 7, 30 and
    90 days, days from `leads.engagement.EPOCH` (forward decay: Cormode et al., ICDE 2009).
    """

    pk = models.CompositePrimaryKey("lead", "kind")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="engagements", db_index=False)
    kind = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, help_text=_("The first of them that one of us had a part in."))
    week = models.FloatField()
    month = models.FloatField()
    quarter = models.FloatField()

    class Meta:
        verbose_name = _("engagement")
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="engagement_counts_something"),
            models.CheckConstraint(condition=Q(first_at__lte=models.F("last_at")), name="engagement_begins_first"),
            models.CheckConstraint(
                condition=Q(answered_at=None)
                | Q(answered_at__gte=models.F("first_at"), answered_at__lte=models.F("last_at")),
                name="engagement_answered_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} x{self.number}"


class LeadScore(models.Model):
    """A lead's points as last counted: a narrow side table, since they change far oftener than the lead.

    `parts` is a list of {"group": "fit"|"engagement", "label", "points"} that sums to `total` exactly; one of touches
    says how many, since when and until when ("count", "first", "last"), for `leads.scoring.told`.
    """

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="score")
    fit = models.PositiveSmallIntegerField(default=0)
    engagement = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    parts = models.JSONField(default=list)
    heat = models.FloatField(
        null=True,
        help_text=_("log2 of the weighted touches, without caps, as of the epoch: the order by it never goes stale."),
    )
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, null=True, related_name="+", db_index=False)
    scored_at = models.DateTimeField()
    ready = models.BooleanField(
        null=True, help_text=_("Met the definition of an MQL when last counted; NULL: counted before it was kept.")
    )
    missing = ArrayField(
        models.CharField(max_length=40),
        null=True,
        help_text=_("What the definition asks for and the lead lacked then."),
    )

    class Meta:
        verbose_name = _("score")
        constraints = [
            models.CheckConstraint(condition=Q(fit__lte=50, engagement__lte=50), name="score_halves_within_50"),
            models.CheckConstraint(
                condition=Q(total=models.F("fit") + models.F("engagement")), name="score_is_fit_and_engagement"
            ),
        ]
        indexes = [
            models.Index(fields=["-total", "-lead"], name="score_highest"),  # table sorted by score
            models.Index(fields=["-heat", "-lead"], name="score_warmest"),  # table sorted by interest
            # leads.fading.due: interest that fades unseen; leads.scoring.outdated: what older points counted
            models.Index(
                fields=["scored_at"],
                condition=Q(engagement__gt=0) | Q(parts__contains=[{"group": "engagement"}]),
                name="score_fades",
            ),
            models.Index(fields=["scored_at"], name="score_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.total}"

    @property
    def grade(self) -> str:
        return grade(self.total)
