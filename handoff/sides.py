"""Each team's own view of a lead, what it knows and what it needs, side by side: kept in versions."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import watching
from handoff.models import SideNote
from leads import clock, timeline
from leads.composed import Composed
from leads.models import Lead

LONGEST = 1_000
SIDES = (Team.MARKETING, Team.SALES)


_newest = Composed(lambda lead: SideNote.objects.filter(lead=lead).order_by("team", "-version").distinct("team"))


def newest(lead: Lead) -> dict[str, SideNote]:
    """The side notes that count, by team."""
    return {note.team: note for note in _newest(lead.pk)}


@transaction.atomic
def note(lead: Lead, *, actor: User, team: str, known: str, needed: str, seen: int = 0) -> SideNote:
    """Say what this team knows of a lead and what it needs; `seen` is the version that the form showed."""
    lead = Lead.objects.lock(lead)
    said = {"known": _short(known, "known"), "needed": _short(needed, "needed")}
    before = SideNote.objects.filter(lead=lead, team=team).select_related("by").order_by("-version").first()
    version = before.version if before else 0
    if version != seen:
        assert before
        raise ValidationError(
            _("%(who)s wrote this anew in between. Nothing of theirs was overwritten; your words are still here.")
            % {"who": before.by}
        )
    if said == ({"known": before.known, "needed": before.needed} if before else {"known": "", "needed": ""}):
        return before or SideNote(lead=lead, team=team, version=0, by=actor)
    made = SideNote.objects.create(lead=lead, team=team, version=version + 1, by=actor, at=clock.now(), **said)
    data = {"team": team, "version": made.version}
    timeline.record(lead, kind="side:note", actor=actor, text=_told(made), data=data)
    watching.tell(
        lead,
        actor=actor,
        text=_("%(who)s noted how %(team)s sees %(lead)s: %(what)s")
        % {"who": actor, "team": Team(team).label.lower(), "lead": lead, "what": _told(made)},
        event=f"side:{made.pk}",
    )
    return made


def _short(text: str, field: str) -> str:
    text = text.replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise ValidationError(
            {field: _("Up to 1,000 characters; this has %(n)d. Everything was kept.") % {"n": len(text)}}
        )
    return text


def _told(note: SideNote) -> str:
    parts = [(_("We know"), note.known), (_("We need"), note.needed)]
    return "\n".join(f"{label}: {words}" for label, words in parts if words) or _("nothing any more")
