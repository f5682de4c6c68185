from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.choices import Team


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


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """A machine's way in, as the person who made it. Only a digest is kept: the token itself is shown once."""

    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("API token")
        ordering = ["-created", "digest"]
        indexes = [models.Index(fields=["user", "-created"], name="api_token_newest")]  # the tokens page

    def __str__(self) -> str:
        return self.name

    @property
    def has_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()
