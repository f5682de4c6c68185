from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Team
from accounts.models import known_time_zone
from leads.models import Scorecard

#: The two teams whose signatures put an agreement in force.
PARTIES = (Team.MARKETING, Team.SALES)


#: Whether some weekday's hours are none: times are written with two digits, so that their order is that of the letters.
ILL = "jsonb_path_exists(%(expressions)s, 'strict $.* ? (!(@[0] < @[1]))', silent => true)"


def monday_to_friday() -> list[int]:
    return [0, 1, 2, 3, 4]


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self) -> Agreement:
        """The one contract that counts now."""
        return self.select_related("scorecard").get(ended_at=None, in_force_since__isnull=False)

    def drafts(self) -> AgreementQuerySet:
        """The version that is being written, if one is."""
        return self.filter(ended_at=None, in_force_since=None)

    def signed(self) -> AgreementQuerySet:
        """Those that are or were in force."""
        return self.filter(in_force_since__isnull=False)


class Agreement(models.Model):
    """The contract between marketing and sales, in versions; one is in force, and every hand-off names its own.

    A draft has no `in_force_since`; one that was dropped has ended without ever being in force. What an MQL is (line,
    facts, personas, actions) stands on the scorecard, where the leads' side reads it.
    """

    #: The currency of the value that marketing promises: what is expected in another one is left out.
    CURRENCY = "EUR"

    version = models.PositiveIntegerField(_("version"), unique=True)
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, related_name="+")
    definition = models.TextField(_("what an MQL is, in words"), blank=True)
    accept_within = models.PositiveIntegerField(_("accept or return within, business minutes"), default=480)
    attempt_within = models.PositiveIntegerField(_("first attempt within, business minutes"), default=240)
    contact_within = models.PositiveIntegerField(
        _("two-way contact within, business minutes"), default=1440, db_default=1440
    )
    hand_raise_within = models.PositiveIntegerField(_("answer a hand-raiser within, business minutes"), default=60)
    attempts = models.PositiveSmallIntegerField(_("attempts before a lead is unreachable"), default=5, db_default=5)
    attempts_days = models.PositiveSmallIntegerField(_("over so many business days"), default=10, db_default=10)
    remind_before = models.PositiveIntegerField(_("remind before, business minutes"), default=60, db_default=60)
    escalate_after = models.PositiveIntegerField(
        _("managers hear after the breach, business minutes"), default=120, db_default=120
    )
    reassign_after = models.PositiveIntegerField(
        _("reassigned after that, business minutes"), default=480, db_default=480, help_text=_("0: never.")
    )
    reassign_most = models.PositiveSmallIntegerField(_("reassigned at most, times"), default=2, db_default=2)
    both_qualify = models.BooleanField(_("qualification needs a name from each team"), default=False, db_default=False)
    leads_a_month = models.PositiveIntegerField(_("leads offered a month"), null=True, blank=True)
    value_a_month = models.DecimalField(
        _("their expected value a month"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    completeness = models.PositiveSmallIntegerField(_("facts known of a lead that is offered, percent"), null=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC", validators=[known_time_zone])
    opens = models.TimeField(_("opens"), default="09:00")
    closes = models.TimeField(_("closes"), default="17:30")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(0), MaxValueValidator(6)]),
        verbose_name=_("working days"),
        default=monday_to_friday,
        help_text=_("0 is Monday."),
    )
    hours = models.JSONField(
        _("hours of single weekdays"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_('Weekday -> opens, closes, as in {"4": ["09:00", "14:00"]}; the others have the usual ones.'),
    )
    holidays = models.CharField(_("holidays of"), max_length=6, blank=True, help_text=_("A country, such as AT"))
    days_off = ArrayField(models.DateField(), verbose_name=_("days off of our own"), default=list, db_default=[])
    why = models.TextField(_("why it changes"), blank=True, default="", db_default="")
    edit = models.PositiveIntegerField(default=1, db_default=1, help_text=_("Rises with every change of the draft."))
    drafted_at = models.DateTimeField(null=True, blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    in_force_since = models.DateTimeField(default=timezone.now, null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Whose signature put it in force."),
    )

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        constraints = [
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at=None, in_force_since__isnull=False),
                nulls_distinct=False,
                name="agreement_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at=None, in_force_since=None),
                nulls_distinct=False,
                name="agreement_one_draft",
            ),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="agreement_opens_before_it_closes"),
            models.CheckConstraint(
                condition=Exact(Func(F("hours"), template=ILL, output_field=models.BooleanField()), False),
                name="agreement_hours_open_before_they_close",
            ),
            models.CheckConstraint(condition=Q(weekdays__len__gte=1), name="agreement_has_a_working_day"),
            models.CheckConstraint(
                condition=Q(completeness=None) | Q(completeness__lte=100), name="agreement_completeness_is_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def is_draft(self) -> bool:
        return self.in_force_since is None and self.ended_at is None

    @property
    def changed_last(self) -> Amendment | None:
        """The newest change of its words, where somebody made it who did not begin it."""
        last = next((row for row in self.amendments.all() if row.changes), None)
        return last if last and last.person_id and last.person_id != self.drafted_by_id else None

    @property
    def mql_line(self) -> int:
        return self.scorecard.mql_line

    @property
    def required_facts(self) -> list[str]:
        return self.scorecard.required_facts

    @property
    def personas(self) -> list[int]:
        return self.scorecard.personas

    @property
    def high_intent(self) -> list[str]:
        return self.scorecard.high_intent

    @property
    def points(self) -> dict[str, Any]:
        """The rules of fit and of engagement that its leads are counted by."""
        points: dict[str, Any] = self.scorecard.points
        return points

    @property
    def own_hours(self) -> list[tuple[int, time, time]]:
        """The working days that have hours of their own, in order."""
        days = sorted((int(day), said) for day, said in self.hours.items())
        return [
            (day, time.fromisoformat(opens), time.fromisoformat(closes))
            for day, (opens, closes) in days
            if day in self.weekdays
        ]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class SignatureQuerySet(models.QuerySet["Signature"]):
    def standing(self) -> SignatureQuerySet:
        """Those that no later change of the draft has voided."""
        return self.filter(voided_at=None)


class Signature(models.Model):
    """One team's word for one version: who gave it, for which team, and for which edit of the words."""

    class Way(models.TextChoices):
        SIGNED = "signed", _("Signed in the browser")
        PUT_IN_FORCE = "put_in_force", _("Put in force by a manager, before both teams signed")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="signatures")
    team = models.CharField(_("for the team"), max_length=10, choices=Team)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    person_team = models.CharField(_("team of the person, then"), max_length=10, choices=Team)
    way = models.CharField(max_length=12, choices=Way, default=Way.SIGNED)
    edit = models.PositiveIntegerField(default=1)
    signed_at = models.DateTimeField(default=timezone.now)
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "team"], condition=Q(voided_at=None), name="signature_one_a_team"
            ),
            models.CheckConstraint(condition=Q(team__in=PARTIES), name="signature_is_of_a_party"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.person}"

    @property
    def stands_in(self) -> bool:
        """Whether somebody signed for a team that is not their own."""
        return self.team != self.person_team


class Amendment(models.Model):
    """One change of a draft, append-only: who changed which terms, from what to what."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="amendments")
    edit = models.PositiveIntegerField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changes = models.JSONField(default=dict, help_text=_("Each term's old and new value."))
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("amendment")
        ordering = ["-edit"]
        constraints = [models.UniqueConstraint(fields=["agreement", "edit"], name="amendment_once_an_edit")]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.edit}"
