"""What whoever watches a lead hears of: acts, in words that fit somebody who is not part of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from accounts.models import User
from handoff.models import Watch
from leads.models import Lead

#: Kind of act -> what is said of it, with and without somebody who did it.
ACTS: dict[str, tuple[str, str]] = {
    "handoff:offer": (noop("%(who)s handed %(lead)s to sales."), noop("%(lead)s is offered to sales.")),
    "handoff:hand_raise": (noop("%(lead)s asks to talk."), noop("%(lead)s asks to talk.")),
    "handoff:claim_early": (noop("%(who)s took %(lead)s to the middle."), noop("%(lead)s was taken to the middle.")),
    "handoff:claim": (noop("%(who)s claimed %(lead)s."), noop("%(lead)s was claimed.")),
    "handoff:accept": (noop("%(who)s accepted %(lead)s."), noop("%(lead)s was accepted.")),
    "handoff:reassign": (noop("%(who)s passed %(lead)s on."), noop("%(lead)s waited too long and was passed on.")),
    "handoff:qualify": (noop("%(who)s qualified %(lead)s."), noop("%(lead)s is qualified.")),
    "handoff:requalify": (noop("%(who)s sees more to qualify on %(lead)s."), noop("%(lead)s is to be qualified.")),
    "handoff:returned": (noop("%(who)s returned %(lead)s."), noop("%(lead)s was returned.")),
    "handoff:recycled": (noop("%(who)s sent %(lead)s back to nurture."), noop("%(lead)s is back in nurture.")),
    "handoff:withdrawn": (noop("%(who)s took the offer of %(lead)s back."), noop("%(lead)s is not offered any more.")),
    "handoff:disqualified": (noop("%(who)s took %(lead)s out."), noop("%(lead)s was taken out.")),
    "handoff:purchased": (noop("%(lead)s bought."), noop("%(lead)s bought.")),
    "stage:disqualify": (noop("%(who)s took %(lead)s out."), noop("%(lead)s was taken out.")),
    "stage:churn": (noop("%(who)s noted that %(lead)s left."), noop("%(lead)s left.")),
    "stage:reopen": (noop("%(who)s brought %(lead)s back."), noop("%(lead)s is back.")),
    "deal:open": (noop("%(who)s opened a deal with %(lead)s."), noop("A deal with %(lead)s is open.")),
    "deal:step": (noop("%(who)s moved the deal with %(lead)s on."), noop("The deal with %(lead)s moved on.")),
    "deal:win": (noop("%(who)s won the deal with %(lead)s."), noop("The deal with %(lead)s is won.")),
    "deal:lose": (noop("The deal with %(lead)s is lost."), noop("The deal with %(lead)s is lost.")),
}
#: Touches by kind, in the words of whoever watches. Nothing has happened yet where a mail was only kept.
TOUCHES: dict[str, str] = {
    "call:no_answer": noop("%(who)s called %(lead)s, no answer."),
    "call:left_message": noop("%(who)s called %(lead)s and left a message."),
    "call:spoke": noop("%(who)s spoke with %(lead)s."),
    "email:sent": noop("%(who)s wrote to %(lead)s."),
    "email:reply": noop("%(who)s got a reply of %(lead)s."),
    "meeting:met": noop("%(who)s met %(lead)s."),
    "note": noop("%(who)s noted something on %(lead)s."),
}


def touched(kind: str, *, lead: Lead, actor: User, text: str) -> str:
    words = _(TOUCHES[kind]) % {"who": actor, "lead": lead}
    return f"{words} {' '.join(text.split())}".strip()


def told(kind: str, *, lead: Lead, actor: User | None) -> str:
    by, alone = ACTS[kind]
    return _(by if actor else alone) % {"who": actor, "lead": lead}


def watchers(leads: Iterable[int]) -> dict[int, list[int]]:
    """Who watches each of these leads, by key; whoever left hears nothing."""
    found: dict[int, list[int]] = {}
    rows: Any = Watch.objects.on().filter(lead__in=set(leads), person__is_active=True).values_list("lead", "person")
    for lead, person in rows:
        found.setdefault(lead, []).append(person)
    return found
