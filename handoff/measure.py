"""How much one person may say within an hour: far more than anybody does by hand, and less than a script would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

HOUR = timedelta(hours=1)
#: What is counted: how much of it within an hour, and how it is called.
MOST: dict[str, tuple[int, Any]] = {
    "comment": (300, gettext_lazy("comments")),
    "file": (300, gettext_lazy("files")),
    "email": (100, gettext_lazy("e-mails")),
}


def spend(actor: User, what: str, number: int = 1) -> None:
    """Count this against the person's hour; raise ValidationError once that is used up.

    Kept in Redis: where that is away nobody is held up, since only what is done by the thousand is to be stopped.
    """
    now, (most, called) = timezone.now(), MOST[what]
    hour = int(now.timestamp() // HOUR.total_seconds())
    key = f"measure:{what}:{actor.pk}:{hour}"
    cache.add(key, 0, timeout=int(HOUR.total_seconds()))
    try:
        used = cache.incr(key, number)
    except ValueError:  # it came back without the key meanwhile
        return
    if used is not None and used > most:
        again = timezone.localtime(datetime.fromtimestamp((hour + 1) * HOUR.total_seconds(), UTC))
        raise ValidationError(
            _("%(most)d %(called)s within an hour are as many as one person may send. Yours is still here; "
              "send it after %(time)s.") % {"most": most, "called": called, "time": time_format(again, "H:i")}
        )  # fmt: skip
