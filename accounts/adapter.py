from __future__ import annotations

from math import ceil

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import parse_rates
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import ngettext


class AccountAdapter(DefaultAccountAdapter):
    """People are invited by a manager; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def validation_error(self, code: str, *args: object) -> ValidationError:
        """Who is locked out for a while hears how long at most."""
        if code != "too_many_login_attempts":
            error: ValidationError = super().validation_error(code, *args)
            return error
        minutes = ceil(max(rate.duration for rate in parse_rates(app_settings.RATE_LIMITS["login_failed"])) / 60)
        sentence = ngettext(
            "Too many tries with a wrong password. Wait %(n)d minute, then try again.",
            "Too many tries with a wrong password. Wait %(n)d minutes, then try again.",
            minutes,
        )
        return ValidationError(sentence % {"n": minutes}, code=code)
