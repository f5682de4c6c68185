from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads import signed

#: While a secret is renewed, the one before counts for so long.
BOTH = timedelta(days=1)


class WithSecret(models.Model):
    """Who shares a secret with us. It is shown once; while it is renewed, the one before counts for another day."""

    secret = models.CharField(max_length=120, default=signed.new_secret, help_text=_("Signs messages; shown once."))
    old_secret = models.CharField(max_length=120, blank=True)
    old_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def secrets(self, now: datetime) -> list[str]:
        """The secrets that count now, the newest first."""
        return [self.secret, *([self.old_secret] if self.old_until and now < self.old_until else [])]

    def renew_secret(self, secret: str = "") -> None:
        """Take another secret, by default a new one; the one before counts for a day. Nothing is saved here."""
        self.old_secret, self.old_until = self.secret, timezone.now() + BOTH
        self.secret = secret or signed.new_secret()
