from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import known_time_zone
from leads.models import Scorecard


def monday_to_friday() -> list[int]:
    return [0, 1, 2, 3, 4]


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self) -> Agreement:
        return self.select_related("scorecard").get(ended_at=None)


class Agreement(models.Model):
    """The contract between marketing and sales, in versions; one is in force, and every hand-off names its own."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, related_name="+")
    definition = models.TextField(_("what an MQL is, in words"), blank=True)
    accept_within = models.PositiveIntegerField(_("accept or return within, business minutes"), default=480)
    attempt_within = models.PositiveIntegerField(_("first attempt within, business minutes"), default=240)
    hand_raise_within = models.PositiveIntegerField(_("answer a hand-raiser within, business minutes"), default=60)
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC", validators=[known_time_zone])
    opens = models.TimeField(_("opens"), default="09:00")
    closes = models.TimeField(_("closes"), default="17:30")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(0), MaxValueValidator(6)]),
        verbose_name=_("working days"),
        default=monday_to_friday,
        help_text=_("0 is Monday."),
    )
    holidays = models.CharField(_("holidays of"), max_length=6, blank=True, help_text=_("A country, such as AT"))
    in_force_since = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        constraints = [
            models.UniqueConstraint(fields=["ended_at"], nulls_distinct=False, name="agreement_one_in_force"),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="agreement_opens_before_it_closes"),
            models.CheckConstraint(condition=Q(weekdays__len__gte=1), name="agreement_has_a_working_day"),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def mql_line(self) -> int:
        return self.scorecard.mql_line

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
