from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Max, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.campaign import Campaign, Source


def new_public_id() -> str:
    """What stands in the form's address: nobody finds a form by trying (96 random bits)."""
    return secrets.token_urlsafe(12)


HELD = Q(submissions__held_for__isnull=False, submissions__processed_at=None, submissions__put_away="")


class WebFormQuerySet(models.QuerySet["WebForm"]):
    def visible_to(self, user: Any) -> WebFormQuerySet:
        """Both teams see every form; somebody signed out or deactivated sees none."""
        return self if user.is_authenticated and user.is_active else self.none()

    def counted(self) -> WebFormQuerySet:
        """With what came of each: submissions, the leads they became, those held, and the last."""
        return self.annotate(
            came=Count("submissions"),
            leads=Count("submissions__lead", distinct=True),
            held=Count("submissions", filter=HELD),
            last_at=Max("submissions__received_at"),
        )


class WebForm(models.Model):
    """A form that visitors of a website fill in: which fields it has, what it says, and how it looks, as data."""

    class Raise(models.TextChoices):
        NEVER = "never", _("No")
        OFFERED = "offered", _("Visitors may tick a box")
        ALWAYS = "always", _("Whoever sends the form asks for it")

    class Font(models.TextChoices):
        SITE = "site", _("The website's own")
        SANS = "sans", _("Sans serif")
        SERIF = "serif", _("Serif")
        MONO = "mono", _("Monospace")

    class Corner(models.TextChoices):
        SQUARE = "square", _("Square")
        SOFT = "soft", _("Soft")
        ROUND = "round", _("Round")

    class Scheme(models.TextChoices):
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")
        AUTO = "auto", _("As the visitor's device")

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("heading"), max_length=120, blank=True)
    intro = models.TextField(_("words above the fields"), max_length=2_000, blank=True)
    fields = models.JSONField(_("fields"), default=list)
    button = models.CharField(_("words on the button"), max_length=60, default="Send")
    consent = models.ForeignKey("leads.ConsentWording", models.PROTECT, null=True, blank=True, related_name="+")
    consent_required = models.BooleanField(_("nobody sends the form without agreeing"), default=True)
    thanks = models.TextField(_("words of thanks"), max_length=2_000)
    redirect_to = models.URLField(_("thank-you page"), max_length=500, blank=True)
    hand_raise = models.CharField(_("asks for a talk"), max_length=8, choices=Raise, default=Raise.NEVER)
    source = models.ForeignKey(Source, models.SET_NULL, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey(Campaign, models.SET_NULL, null=True, blank=True, related_name="+")
    accent = models.CharField(_("colour"), max_length=7, default="#5b3df5")
    font = models.CharField(_("typeface"), max_length=5, choices=Font, default=Font.SITE)
    corner = models.CharField(_("corners"), max_length=6, choices=Corner, default=Corner.SOFT)
    scheme = models.CharField(_("light or dark"), max_length=5, choices=Scheme, default=Scheme.LIGHT)
    hosts = ArrayField(
        models.CharField(max_length=260),
        verbose_name=_("websites that may show it"),
        default=list,
        blank=True,
        help_text=_("Origins such as https://www.example.com, normalised."),
    )
    version = models.PositiveIntegerField(default=1, help_text=_("Counts up at each edit."))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = WebFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["retired_at", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="web_form_name_unique", violation_error_message=_("Another form has this name.")
            ),
            models.CheckConstraint(
                condition=Q(hand_raise__in=["never", "offered", "always"]), name="web_form_hand_raise_known"
            ),
            models.CheckConstraint(condition=Q(font__in=["site", "sans", "serif", "mono"]), name="web_form_font_known"),
            models.CheckConstraint(condition=Q(corner__in=["square", "soft", "round"]), name="web_form_corner_known"),
            models.CheckConstraint(condition=Q(scheme__in=["light", "dark", "auto"]), name="web_form_scheme_known"),
            models.CheckConstraint(condition=Q(accent__regex=r"^#[0-9a-f]{6}$"), name="web_form_accent_is_hex"),
            models.CheckConstraint(
                condition=Q(redirect_to="") | Q(redirect_to__startswith="https://"), name="web_form_redirect_is_https"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("leads:form", args=[self.pk])


class ConsentWording(models.Model):
    """The words that visitors agreed to. Other words are another version; a version is never edited or removed."""

    form = models.ForeignKey(WebForm, models.PROTECT, related_name="wordings")
    version = models.PositiveIntegerField()
    words = models.TextField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent wording")
        ordering = ["form", "-version"]
        constraints = [models.UniqueConstraint(fields=["form", "version"], name="consent_wording_version_once")]

    def __str__(self) -> str:
        return _("version %(n)d") % {"n": self.version}

    @property
    def digest(self) -> str:
        """SHA-256 of the words, in hexadecimal: kept with each consent, it proves which words they were."""
        return hashlib.sha256(self.words.encode()).hexdigest()
