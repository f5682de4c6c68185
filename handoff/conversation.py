"""What the teams say to each other on a lead: comments and replies, edited and deleted with a trace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import attachments, notices, watching
from handoff.models import Attachment, Comment, Notice, Wording
from leads import clock, timeline
from leads.models import Activity, Lead

MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")
TEAMS = {"marketing": Team.MARKETING, "sales": Team.SALES, "management": Team.MANAGEMENT}
LONGEST, QUOTED = 5_000, 80


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
def comment(
    lead: Lead,
    *,
    actor: User,
    text: str = "",
    reply_to: Activity | None = None,
    files: Sequence[UploadedFile[Any]] = (),
    mail: str = "",
) -> Activity:
    """Say something on a lead, or answer what was said; everybody may. Whoever is mentioned, answered or watches hears.

    Files may stand beside the words, or alone. A reply to a reply belongs to the same thread. `mail` is the key of the
    mail by which it came.
    """
    text = _words(text, may_be_empty=bool(files))
    kept = attachments.keep(files)  # before the lead is locked: nobody waits for somebody's files
    try:
        lead = Lead.objects.lock(lead)
        parent = _began(reply_to, lead) if reply_to else None
        people = mentioned(text)
        data = _data(people, reply_to, parent) | ({"mail": mail} if mail else {})
        said = timeline.record(lead, kind="comment", actor=actor, text=text, data=data)
        if parent:
            Comment.objects.create(activity=said, parent=parent)
        _show_files(said, attachments.attach(said, kept, actor=actor))
        watching.begin(lead, [actor, *_by_name(text, people)])
        _tell(said, lead, people, actor=actor, answered=reply_to.actor if reply_to else None)
    except BaseException:
        attachments.forget(kept)
        raise
    return said


@transaction.atomic
def edit(said: Activity, *, actor: User, text: str) -> Activity:
    """Word a comment anew; everybody can read how it was worded before. Only who is newly mentioned hears of it."""
    said, note = _locked(said)
    text = _words(text, may_be_empty=bool(said.data.get("files")))
    if text == said.text:
        return said
    now, people = clock.now(), mentioned(text)
    Wording.objects.create(comment=note, text=said.text, until=now)
    note.edited_at = now
    note.save(update_fields=["edited_at"])
    said.text = text
    said.data = {**said.data, "mentions": _names(people), "edited": now.isoformat()}
    said.save(update_fields=["text", "data"])
    watching.begin(said.lead, _by_name(text, people))
    _tell_mentioned(said, said.lead, people, actor=actor)
    return said


@transaction.atomic
def delete(said: Activity, *, actor: User) -> Activity:
    """Take the words and files of a comment from view. Its line stays, saying by whom; managers see the trace."""
    said, note = _locked(said)
    now = clock.now()
    Wording.objects.create(comment=note, text=said.text, until=now)
    note.deleted_at, note.deleted_by = now, actor
    note.save(update_fields=["deleted_at", "deleted_by"])
    said.text = ""
    kept = {name: said.data[name] for name in ("thread", "reply_to", "answers", "mail") if name in said.data}
    said.data = {**kept, "deleted": {"by": actor.pk, "at": now.isoformat()}}
    said.save(update_fields=["text", "data"])
    said.attachments.filter(removed_at=None).update(removed_at=now)
    Notice.objects.filter(lead=said.lead, event=_event(said)).update(
        text=_("%(who)s deleted a comment on %(lead)s.") % {"who": actor, "lead": said.lead}
    )
    return said


@transaction.atomic
def remove_file(attachment: Attachment, *, actor: User) -> Activity:
    """Take one file from view; that it was there, and who removed it, stays on the timeline."""
    lead = Lead.objects.lock(attachment.activity.lead_id)
    said = Activity.objects.select_for_update(of=("self",)).get(pk=attachment.activity_id)
    if not Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=clock.now()):
        raise ValidationError(_("This file was removed already."))
    files = [file for file in said.data.get("files", []) if file[0] != attachment.pk]
    said.data = {**said.data, "files": files}
    said.save(update_fields=["data"])
    timeline.record(lead, kind="file:remove", actor=actor, text=attachment.name)
    return said


def _words(text: str, *, may_be_empty: bool) -> str:
    text = text.replace("\x00", "").strip()
    if not text and not may_be_empty:
        raise ValidationError({"text": _("Write a few words first.")})
    if len(text) > LONGEST:
        raise ValidationError(
            {"text": _("A comment may have 5,000 characters; this one has %(n)d.") % {"n": len(text)}}
        )
    return text


def _began(reply_to: Activity, lead: Lead) -> Activity:
    """The comment that began the thread of what is answered."""
    if reply_to.lead_id != lead.pk or reply_to.kind != "comment":
        raise ValidationError(_("What you answer is not on this lead. Nothing was kept."))
    if "deleted" in reply_to.data:
        raise ValidationError(_("What you answer was deleted in between. Your words are still here."))
    note = Comment.objects.filter(activity=reply_to).select_related("parent").first()
    return note.parent if note and note.parent else reply_to


def _locked(said: Activity) -> tuple[Activity, Comment]:
    """The comment as it stands now, its lead locked first; refused where it is deleted already."""
    lead = Lead.objects.lock(said.lead_id)
    said = Activity.objects.select_for_update(of=("self",)).get(pk=said.pk)
    said.lead = lead
    note, _made = Comment.objects.get_or_create(activity=said)
    if note.deleted_at:
        raise ValidationError(_("This comment was deleted in between. Nothing was changed."))
    return said, note


def _data(people: Iterable[User], reply_to: Activity | None, parent: Activity | None) -> dict[str, object]:
    """What the line itself says of its place in a thread, so that a page of the timeline needs no query for it."""
    data: dict[str, object] = {"mentions": _names(people)}
    if reply_to and parent:
        data |= {"thread": parent.pk, "reply_to": reply_to.pk, "answers": reply_to.actor_id}
    return data


def _show_files(said: Activity, rows: Sequence[Attachment]) -> None:
    """The line itself names its files, so that a page of the timeline needs no query for them."""
    if rows:
        said.data["files"] = [[row.pk, row.name, row.size] for row in rows]
        said.save(update_fields=["data"])


def _names(people: Iterable[User]) -> list[str]:
    return sorted(person.username for person in people)


def _by_name(text: str, people: Iterable[User]) -> list[User]:
    """Who is mentioned by name, and not only with a whole team."""
    names = {name.lower() for name in MENTION.findall(text)}
    return [person for person in people if person.username.lower() in names]


def _event(said: Activity) -> str:
    return f"comment:{said.pk}"


def _tell(said: Activity, lead: Lead, people: list[User], *, actor: User, answered: User | None) -> None:
    """One notice a person, whatever they are to the comment: the nearest reason comes first."""
    _tell_mentioned(said, lead, people, actor=actor)
    words = {"who": actor, "lead": lead, "text": said.text or _("a file")}
    if answered and answered.is_active:
        notices.write(
            kind="comment:reply",
            to=[answered],
            lead=lead,
            actor=actor,
            text=_("%(who)s answered you on %(lead)s: %(text)s") % words,
            event=_event(said),
        )
    watching.tell(lead, actor=actor, text=_("%(who)s said on %(lead)s: %(text)s") % words, event=_event(said))


def _tell_mentioned(said: Activity, lead: Lead, people: list[User], *, actor: User) -> None:
    notices.write(
        kind="comment:mention",
        to=people,
        lead=lead,
        actor=actor,
        text=_("%(who)s mentioned you on %(lead)s: %(text)s")
        % {"who": actor, "lead": lead, "text": said.text or _("a file")},
        event=_event(said),
    )
