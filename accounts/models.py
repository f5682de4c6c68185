from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.choices import Scope, Team


def known_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("%(zone)s is not a time zone. Choose one such as Europe/Vienna."), params={"zone": value}
        )


class People(UserManager["User"]):
    def on(self, *teams: str) -> models.QuerySet[User]:
        """The active people of these teams, by name."""
        return self.filter(is_active=True, team__in=teams).order_by("name", "pk")


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox has no types
    """A colleague. The team decides what each stage lets them do; `username` is what @mentions use."""

    first_name = None  # type: ignore[assignment]  # one name: not every culture splits it in two
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), unique=True)
    team = models.CharField(_("team"), max_length=10, choices=Team)
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC", validators=[known_time_zone])
    capacity = models.PositiveSmallIntegerField(
        _("open hand-offs at once"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    weight = models.PositiveSmallIntegerField(
        _("share of what goes round"), default=1, db_default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )

    objects: ClassVar[People] = People()
    REQUIRED_FIELDS = ["name", "email", "team"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(condition=Q(team__in=Team.values), name="user_team_known"),
            models.UniqueConstraint(Lower("username"), name="user_username_unique_any_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else self.username

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_manager(self) -> bool:
        return self.team == Team.MANAGEMENT


class Absence(models.Model):
    """Days on which somebody is away, the first and the last included, in their own time zone."""

    person = models.ForeignKey(User, models.CASCADE, related_name="absences")
    begins_on = models.DateField(_("first day away"))
    ends_on = models.DateField(_("last day away"), null=True, blank=True, help_text=_("Empty: until further notice."))
    note = models.CharField(_("note"), max_length=120, blank=True)
    entered_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    entered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("absence")
        ordering = ["begins_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")), name="absence_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.begins_on}"


class WorkingHours(models.Model):
    """When somebody works on one weekday, in their own time zone; who has no rows works by the agreement's hours."""

    person = models.ForeignKey(User, models.CASCADE, related_name="hours", db_index=False)
    weekday = models.PositiveSmallIntegerField(_("weekday"), help_text=_("0 is Monday."))
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["person", "weekday"]
        constraints = [
            models.UniqueConstraint(fields=["person", "weekday"], name="working_hours_once_a_day"),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="working_hours_open_before_they_close"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="working_hours_on_a_weekday"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.weekday}"


def every_scope() -> list[str]:
    """What a token may do when nothing else is said: all that its person may."""
    return list(Scope.values)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """A machine's way in, as the person who made it. Only a digest is kept: the token itself is shown once."""

    name = models.CharField(_("name"), max_length=60)
    scopes = ArrayField(
        models.CharField(max_length=8, choices=Scope),
        default=every_scope,
        db_default=list(Scope.values),
        verbose_name=_("what it may do"),
    )

    class Meta:
        verbose_name = _("API token")
        ordering = ["-created", "digest"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(Scope.values), scopes__len__gte=1), name="api_token_scopes_known"
            )
        ]
        indexes = [models.Index(fields=["user", "-created"], name="api_token_newest")]  # the tokens page

    def __str__(self) -> str:
        return self.name

    @property
    def may(self) -> list[Any]:
        """What it may do, in words."""
        return [Scope(scope).label for scope in Scope.values if scope in self.scopes]

    @property
    def has_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()
