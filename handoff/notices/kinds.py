"""What people can be told of: each kind of notice, its name, and how it reaches them unless they say otherwise."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from handoff.models import NoticeChoices, Pace

MARKETING, SALES, BOTH = {Team.MARKETING}, {Team.SALES}, {Team.MARKETING, Team.SALES}


class Kind(NamedTuple):
    """One kind: its name, its icon, who gets it, when it is mailed, and whether it concerns one person alone."""

    label: Any
    group: str
    icon: str = "bell"
    teams: frozenset[str] = frozenset()
    mail: str = Pace.NOW
    own: bool = False


GROUPS = {
    "work": gettext_lazy("Work that comes to you"),
    "verdicts": gettext_lazy("What became of your leads"),
    "promises": gettext_lazy("Promises"),
    "talk": gettext_lazy("Conversation"),
    "house": gettext_lazy("The house"),
}

_SALES, _MARKETING = frozenset(SALES), frozenset(MARKETING)

#: Whoever writes a kind of notice names it here, with one line.
KINDS: dict[str, Kind] = {
    "handoff:offer": Kind(gettext_lazy("A lead is offered"), "work", "inbox", _SALES),
    "handoff:hand_raise": Kind(gettext_lazy("Somebody asks to talk"), "work", "hand", _SALES),
    "handoff:reassign": Kind(gettext_lazy("A lead changes its owner"), "work", "user-round-check", _SALES),
    "handover": Kind(gettext_lazy("Work is handed over, to you or from you"), "work", "users-round"),
    "handoff:again": Kind(gettext_lazy("A lead comes back to be looked at"), "work", "calendar-clock"),
    "mail:failed": Kind(gettext_lazy("An e-mail you wrote to a lead did not leave"), "work", "circle-alert", own=True),
    "task:assigned": Kind(gettext_lazy("A task is given to you"), "work", "clipboard-list", own=True),
    "task:taken": Kind(gettext_lazy("A task of yours goes to somebody else"), "work", "user-round-x", own=True),
    "task:done": Kind(gettext_lazy("A task you gave is done"), "work", "check", mail=Pace.DAILY, own=True),
    "task:reopen": Kind(gettext_lazy("A task is opened again"), "work", "rotate-ccw", own=True),
    "task:due": Kind(gettext_lazy("A task is due"), "work", "clock", own=True),
    "task:news": Kind(gettext_lazy("What became of a task"), "work", "list-checks", mail=Pace.DAILY, own=True),
    "task:fix": Kind(gettext_lazy("A lead is to be mended"), "work", "wrench", _MARKETING, own=True),
    "handoff:claim_early": Kind(gettext_lazy("Sales takes a lead early"), "verdicts", "zap", _MARKETING, Pace.DAILY),
    "handoff:accept": Kind(gettext_lazy("An offer is accepted"), "verdicts", "check", _MARKETING, Pace.DAILY),
    "handoff:name": Kind(gettext_lazy("A qualification waits for your team's name"), "work", "check"),
    "handoff:qualified": Kind(gettext_lazy("A lead is qualified"), "verdicts", "check-check", _MARKETING, Pace.DAILY),
    "handoff:returned": Kind(gettext_lazy("A lead is returned"), "verdicts", "undo-2", _MARKETING),
    "handoff:recycled": Kind(gettext_lazy("A lead goes back to nurture"), "verdicts", "repeat", _MARKETING, Pace.DAILY),
    "handoff:disqualified": Kind(gettext_lazy("A lead is disqualified"), "verdicts", "ban", _MARKETING, Pace.DAILY),
    "handoff:withdrawn": Kind(gettext_lazy("An offer is taken back"), "verdicts", "undo-2", _SALES, Pace.DAILY),
    "handoff:undo": Kind(gettext_lazy("An act is taken back"), "verdicts", "undo-2", mail=Pace.DAILY),
    "deal:win": Kind(gettext_lazy("A deal is won"), "verdicts", "trophy", frozenset(), Pace.DAILY),
    "promise:remind": Kind(gettext_lazy("A promise is about to run out"), "promises", "timer"),
    "promise:over": Kind(gettext_lazy("A promise is over"), "promises", "clock-alert"),
    "promise:escalate": Kind(gettext_lazy("A broken promise stays unanswered"), "promises", "clock-alert"),
    "comment:mention": Kind(gettext_lazy("Somebody mentions you"), "talk", "at-sign", own=True),
    "comment:reply": Kind(gettext_lazy("Somebody answers you"), "talk", "message-square", own=True),
    "comment:new": Kind(gettext_lazy("A comment on a lead you watch"), "talk", "eye", mail=Pace.DAILY, own=True),
    "lead:watched": Kind(gettext_lazy("An act on a lead you watch"), "talk", "eye", mail=Pace.DAILY, own=True),
    "lead:touch": Kind(gettext_lazy("A touch on a lead you watch"), "talk", "phone", mail=Pace.OFF, own=True),
    "side:note": Kind(gettext_lazy("A team's view of a lead you watch"), "talk", "eye", mail=Pace.DAILY, own=True),
    "shoutout": Kind(gettext_lazy("Thanks from the other team"), "talk", "heart", mail=Pace.DAILY),
    "agreement:to_sign": Kind(gettext_lazy("An agreement waits for a signature"), "house", "file-signature"),
    "agreement:voided": Kind(gettext_lazy("A signature is void"), "house", "file-signature", mail=Pace.DAILY),
    "agreement:away": Kind(gettext_lazy("A draft of yours is put away, or taken up again"), "house", "archive"),
    "agreement:in_force": Kind(gettext_lazy("An agreement comes into force"), "house", "file-signature"),
    "learning:drift": Kind(
        gettext_lazy("Chances drift from what was learned"), "house", "target", frozenset({Team.MANAGEMENT}), Pace.DAILY
    ),
    "hook:gone": Kind(gettext_lazy("A webhook is switched off"), "house", "webhook", own=True),
}  # fmt: skip
OTHER = Kind(gettext_lazy("Anything else"), "house", "bell", mail=Pace.DAILY)


def kind_of(name: str) -> Kind:
    return KINDS.get(name, OTHER)


def meant_for(person: User) -> dict[str, Kind]:
    """The kinds that somebody of this team can get: management gets all."""
    return {
        name: kind
        for name, kind in KINDS.items()
        if not kind.teams or person.team in kind.teams or person.team == Team.MANAGEMENT
    }


class Ways(NamedTuple):
    """How one person wants to be told of one kind."""

    bell: bool
    mail: str
    chat: bool


def ways(choices: NoticeChoices | None, name: str) -> Ways:
    said = choices.by_kind.get(name, {}) if choices else {}
    kind = kind_of(name)
    return Ways(
        bell=said.get("app", True), mail=said.get("mail", kind.mail), chat=said.get("chat", kind.mail == Pace.NOW)
    )
