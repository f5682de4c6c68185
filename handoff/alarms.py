"""What managers are told of chances: that leads, or how they end, are no longer like those that were learned from."""

from __future__ import annotations

import zlib

from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import notices
from leads import learning
from leads.learning import drift


def tell() -> int:
    """Tell the managers of each drift of the live model, once a model and feature; returns how many there are."""
    live = learning.live()
    found = drift.alarms(live, learning.settings())
    managers = list(User.objects.on(Team.MANAGEMENT))
    words = _("%(what)s has moved away from what the chances learned from (%(version)s): see Is it true?")
    notices.write_many(
        [
            notices.Telling(
                kind="learning:drift",
                to=managers,
                text=words % {"what": one.label, "version": live},
                event=f"drift:{live.version}:{zlib.crc32(one.name.encode()):08x}",
            )
            for one in found
        ]
    )
    return len(found)
