"""What managers state to learning."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from handoff.forms.saying import Saying
from leads import learning


class Terms(Saying):
    """The stated win rate in percent, and what may stand in for won."""

    title = gettext_lazy("What learning goes by")
    button = gettext_lazy("Save")
    hint = gettext_lazy("Chances by the points begin here, at once. The next training goes by it.")

    win_rate = forms.DecimalField(
        label=gettext_lazy("Stated win rate, in percent"),
        max_digits=5,
        decimal_places=2,
        help_text=gettext_lazy("Of all leads, the share that is won; between 0.1 and 90."),
    )
    accepted_counts = forms.BooleanField(
        label=gettext_lazy("While fewer than 30 are won, accepted stands in for won"), required=False
    )

    def __init__(self, data: Any = None, *, actor: User) -> None:
        known = learning.settings()
        rate = f"{100 * known.win_rate:g}"
        super().__init__(data, actor=actor, initial={"win_rate": rate, "accepted_counts": known.accepted_counts})

    def perform(self, **words: Any) -> Any:
        return learning.state(win_rate=float(words["win_rate"]) / 100, accepted_counts=words["accepted_counts"])
