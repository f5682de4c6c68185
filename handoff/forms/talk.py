"""What people say of a lead without moving it: a comment, and a touch that is logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import measure
from accounts.choices import Team
from accounts.models import User
from handoff import conversation, lifecycle, sides, threads
from handoff.forms.saying import SaidForm
from handoff.models import Attachment, Message, SideNote
from leads import pipeline
from leads.forms import moment_field
from leads.models import Activity, Lead


class Comment(SaidForm):
    """Words on a lead that both teams read, with files beside them."""

    text = forms.CharField(required=False, strip=True)  # the step says what is wrong with it
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(
        self, *args: Any, files: Sequence[UploadedFile[Any]] = (), too_large: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sent_files, self.too_large = files, too_large

    def clean(self) -> dict[str, Any]:
        if self.too_large:
            most = filesizeformat(settings.ATTACHMENT_MAX_BYTES)
            self.add_error(
                None, _("A file may have up to %(most)s. Nothing was kept; your words are here.") % {"most": most}
            )
        return super().clean() or self.cleaned_data

    def perform(self, *, text: str = "", reply_to: int | None = None, **_words: Any) -> Any:
        answered = threads.of(self.lead, reply_to) if reply_to else None
        if reply_to and answered is None:
            raise ValidationError(_("What you answer is not on this lead. Nothing was kept."))
        measure.spend(self.actor, "comment")
        measure.spend(self.actor, "file", len(self.sent_files))
        return conversation.comment(self.lead, actor=self.actor, text=text, reply_to=answered, files=self.sent_files)


class EditComment(SaidForm):
    """The words of a comment, anew; how they were before stays readable."""

    title, button = gettext_lazy("Edit your comment"), gettext_lazy("Save")
    hint = gettext_lazy("Everybody can read how it was worded before. Who is newly mentioned is told.")
    text = forms.CharField(
        label=gettext_lazy("Comment"), required=False,
        widget=forms.Textarea(attrs={
            "rows": 4, "maxlength": 5_000, "data-mentions": reverse_lazy("handoff:colleagues"), "data-send": "",
        }),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, said: Activity, actor: User) -> None:
        self.comment = said
        super().__init__(data, lead=said.lead, actor=actor, initial={"text": said.text})
        if said.data.get("files"):
            self.fields["text"].label = _("Words beside the files")
        else:
            self.fields["text"].required = True

    def perform(self, *, text: str = "", **_words: Any) -> Any:
        return conversation.edit(self.comment, actor=self.actor, text=text)


class DeleteComment(SaidForm):
    """Taking a comment back: asked once, since its words go from view."""

    title, button = gettext_lazy("Delete this comment?"), gettext_lazy("Delete")
    hint = gettext_lazy(
        "Its words and files go from view; the line says who deleted it, and managers can still read it."
    )

    def __init__(self, data: Any = None, *, said: Activity, actor: User) -> None:
        self.comment = said
        super().__init__(data, lead=said.lead, actor=actor)

    def perform(self, **_words: Any) -> Any:
        return conversation.delete(self.comment, actor=self.actor)


class RemoveFile(SaidForm):
    title, button = gettext_lazy("Remove this file?"), gettext_lazy("Remove")
    hint = gettext_lazy("Nobody can download it any more; the timeline says who removed it.")

    def __init__(self, data: Any = None, *, attachment: Attachment, actor: User) -> None:
        self.attachment = attachment
        super().__init__(data, lead=attachment.activity.lead, actor=actor)

    def perform(self, **_words: Any) -> Any:
        return conversation.remove_file(self.attachment, actor=self.actor)


class Side(SaidForm):
    """How one team sees the lead, in short: what it knows, and what it needs to know or to have."""

    button = gettext_lazy("Save")
    hint = gettext_lazy("Both teams read this. Earlier versions are kept.")
    known = forms.CharField(
        label=gettext_lazy("What we know"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1_000})
    )
    needed = forms.CharField(
        label=gettext_lazy("What we need"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1_000})
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, actor: User, team: str, note: SideNote | None) -> None:
        self.team = team
        self.title = _("How %(team)s sees this lead") % {"team": Team(team).label.lower()}
        known = {"known": note.known, "needed": note.needed, "seen": note.version} if note else {"seen": 0}
        super().__init__(data, lead=lead, actor=actor, initial=known)

    def perform(self, *, seen: int | None = None, **words: Any) -> Any:
        return sides.note(self.lead, actor=self.actor, team=self.team, seen=seen or 0, **words)


#: kind -> what the button says, and its icon: a touch is logged in one tap.
TOUCHES: dict[str, tuple[Any, str]] = {
    "call:no_answer": (gettext_lazy("No answer"), "phone-missed"),
    "call:left_message": (gettext_lazy("Left a message"), "phone-outgoing"),
    "call:spoke": (gettext_lazy("Spoke"), "phone-call"),
    "email:sent": (gettext_lazy("E-mailed"), "send"),
    "email:reply": (gettext_lazy("Got a reply"), "mail"),
    "meeting:met": (gettext_lazy("Met"), "handshake"),
    "note": (gettext_lazy("Note"), "pen-line"),
}


class Logged(SaidForm):
    """What is logged as a touch, and the sentence that says what it makes of the agreed attempts."""

    planned = ""

    def said_of(self, what: str, kind: str) -> str:
        """What was logged; that it crossed the line, or what the agreed attempts make of it: the next one, or none."""
        if pipeline.crossed_with(self.result):
            crossed = _("%(lead)s is ready by the agreement and is being offered to sales.") % {"lead": self.lead}
            return f"{what} {crossed}"
        handoff = self.lead.handoffs.open().select_related("agreement").first()
        if handoff and kind in lifecycle.ATTEMPTS and lifecycle.is_unreachable(handoff):
            made = _("The agreed %(n)d attempts are made: recycle as unreachable, or try once more.")
            return f"{what} {made % {'n': handoff.attempts_made}}"
        if self.lead.next_action and self.lead.next_action_at and self.planned != self.lead.next_action:
            when = date_format(timezone.localtime(self.lead.next_action_at), "D j M H:i")
            return f"{what} {_('Next: %(next)s, %(when)s.') % {'next': self.lead.next_action, 'when': when}}"
        return what


class Touch(Logged):
    """A touch that has just happened, or that is told later, and what is to be done next."""

    kind = forms.ChoiceField(choices=[(kind, words) for kind, (words, _icon) in TOUCHES.items()])
    text = forms.CharField(label=gettext_lazy("In words"), required=False, max_length=5_000)
    at = moment_field(gettext_lazy("When it happened"))
    next_action = forms.CharField(label=gettext_lazy("Next action"), required=False, max_length=120)
    next_action_at = moment_field(gettext_lazy("Due"))
    done = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("kind") == "note" and not said.get("text"):
            self.add_error("text", _("Write a few words first: a note is its words."))
        if said.get("next_action_at") and not said.get("next_action"):
            self.add_error("next_action", _("Say what is to be done then."))
        return said

    @property
    def said(self) -> str:
        what = _("Logged: %(what)s.") % {"what": TOUCHES[self.cleaned_data["kind"]][0]}
        return self.said_of(what, self.cleaned_data["kind"])

    def perform(self, *, next_action: str = "", next_action_at: Any = None, done: bool = False, **words: Any) -> Any:
        """An empty next action leaves the one that is planned, unless it is told to be done."""
        self.planned = self.lead.next_action
        planned = next_action if next_action or done else None
        return lifecycle.log_touch(
            self.lead, actor=self.actor, next_action=planned, next_action_at=next_action_at, **words
        )


class Email(Logged):
    """An e-mail to the lead, sent from here."""

    title, button = gettext_lazy("Write an e-mail"), gettext_lazy("Send")
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=180)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 10, "data-send": ""})
    )
    ident = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, actor: User) -> None:
        if not settings.EMAIL_CONFIGURED:
            self.button = gettext_lazy("Keep")
        last = lead.activities.filter(kind="email:sent").order_by("-at", "-id").first() if data is None else None
        subject = str(last.data.get("subject", "")) if last else ""
        about = subject if not subject or subject.lower().startswith("re:") else f"Re: {subject}"
        super().__init__(data, lead=lead, actor=actor, initial={"subject": about[:180], "ident": uuid4()})

    @property
    def hint(self) -> str:
        where = {"to": self.lead.email, "reply": self.actor.email}
        if settings.EMAIL_CONFIGURED:
            return _("Goes to %(to)s and stands on the timeline; a reply goes to %(reply)s.") % where
        kept = _(
            "No mail leaves this installation: no mail server is named. Your words are kept to be read here and are no "
            "attempt. What you send to %(to)s elsewhere is logged with one tap on “E-mailed”."
        )
        return kept % where

    @property
    def said(self) -> str:
        if self.result.kind == "email:kept":
            return _("Kept, not sent: no mail leaves this installation.")
        return self.said_of(_("On its way to %(to)s.") % {"to": self.result.data["to"]}, self.result.kind)

    def perform(self, *, subject: str = "", text: str = "", ident: UUID | None = None, **_words: Any) -> Any:
        self.planned = self.lead.next_action
        repeated = ident is not None and Message.objects.filter(ident=ident).exists()
        if not repeated:
            measure.spend(self.actor, "email")
        return lifecycle.send_email(self.lead, actor=self.actor, subject=subject, text=text, ident=ident)
