"""What the teams say to each other on a lead."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import notices
from leads import timeline
from leads.models import Activity, Lead

MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")
TEAMS = {"marketing": Team.MARKETING, "sales": Team.SALES, "management": Team.MANAGEMENT}
LONGEST = 5_000


def mentioned(text: str) -> list[User]:
    """The people a text mentions: @username, or a whole team by its name."""
    names = {name.lower() for name in MENTION.findall(text)}
    if not names:
        return []
    teams = [TEAMS[name] for name in names if name in TEAMS]
    by_name = Q()
    for name in names - set(TEAMS):
        by_name |= Q(username__iexact=name)
    return list(User.objects.filter(by_name | Q(team__in=teams) if by_name else Q(team__in=teams), is_active=True))


@transaction.atomic
def comment(lead: Lead, *, actor: User, text: str) -> Activity:
    """Say something on a lead; everybody may, and whoever is mentioned gets a notice."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise ValidationError({"text": _("Write a few words first.")})
    if len(text) > LONGEST:
        raise ValidationError(
            {"text": _("A comment may have 5,000 characters; this one has %(n)d.") % {"n": len(text)}}
        )
    lead = Lead.objects.lock(lead)
    people = mentioned(text)
    said = timeline.record(
        lead, kind="comment", actor=actor, text=text, data={"mentions": sorted(person.username for person in people)}
    )
    notices.write(
        kind="comment:mention",
        to=people,
        lead=lead,
        actor=actor,
        text=_("%(who)s mentioned you on %(lead)s: %(text)s") % {"who": actor, "lead": lead, "text": text},
        event=f"comment:{said.pk}",
    )
    return said
