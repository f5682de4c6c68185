"""Thanks from one person to a colleague or to a whole team, where everybody hears them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import notices
from handoff.models import ShoutOut
from leads import clock, timeline
from leads.models import Lead

LONGEST, PAGE = 500, 30


@transaction.atomic
def thank(*, actor: User, text: str, to: User | None = None, team: str = "", lead: Lead | None = None) -> ShoutOut:
    """Thank a colleague, or a team, saying what for; who is thanked hears of it."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise ValidationError({"text": _("Say what for: that is what they will remember.")})
    if len(text) > LONGEST:
        raise ValidationError({"text": _("Up to 500 characters; this has %(n)d.") % {"n": len(text)}})
    if to is None and team not in Team.values:
        raise ValidationError({"whom": _("Choose whom you thank.")})
    if to == actor:
        raise ValidationError({"whom": _("Thank a colleague: your own work is seen in the figures.")})
    if to is not None and not to.is_active:
        raise ValidationError({"whom": _("%(who)s is not here any more; choose somebody else.") % {"who": to}})
    lead = Lead.objects.lock(lead) if lead else None
    made = ShoutOut.objects.create(by=actor, to=to, team=to.team if to else team, lead=lead, text=text, at=clock.now())
    if lead:
        data = {"to": to.pk if to else None, "team": made.team}
        timeline.record(lead, kind="shoutout", actor=actor, text=text, data=data)
    said = _("%(who)s thanks you: %(text)s") if to else _("%(who)s thanks all of %(team)s: %(text)s")
    notices.write(
        kind="shoutout",
        to=[to] if to else User.objects.on(team),
        lead=lead,
        actor=actor,
        text=said % {"who": actor, "team": Team(made.team).label.lower(), "text": text},
        event=f"shoutout:{made.pk}",
    )
    return made


def page(user: User, *, after: str = "", team: str = "") -> tuple[list[ShoutOut], str]:
    """One page of the feed, newest first, and the cursor of the next: all of it, or what a team was thanked for."""
    feed = ShoutOut.objects.visible_to(user)
    if team in Team.values:
        feed = feed.filter(team=team)
    if after.isdecimal() and len(after) < 19:
        feed = feed.filter(pk__lt=int(after))
    found = list(feed.for_list().order_by("-pk")[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""
