"""The sentences of the timeline: each kind of activity told once, in words and with an icon."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from accounts.choices import Team
from accounts.models import User
from handoff.conversation import MENTION, TEAMS
from handoff.models import Handoff, Reason
from leads.models import Activity, Lead

#: Whose hue a line has, as the interface names hues.
OWN = {Team.MARKETING: "mkt", Team.SALES: "sal", Team.MANAGEMENT: "both"}
#: Words of up to so many characters stand in the sentence's line, longer ones in a box below it.
SHORT = 120
#: An edit names so many fields with what they were and are.
FIELDS_TOLD = 6
FIELD_LENGTH = 60
#: A day and a moment as a change keeps them as text. Nothing else is one: a phone number may have eight digits.
DAY, MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*")


class Kind(NamedTuple):
    """How a kind of activity is told: by somebody (`{who}`), and without anybody; `alone` is also its short name."""

    icon: str
    by: Any
    alone: Any
    own: str = ""
    chip: str = ""


KINDS: dict[str, Kind] = {
    "call:no_answer": Kind("phone-missed", noop("{who} called, no answer"), noop("Was called, no answer")),
    "call:left_message": Kind(
        "phone-outgoing", noop("{who} called and left a message"), noop("Was called, message left")
    ),
    "call:spoke": Kind("phone-call", noop("{who} spoke with them"), noop("Spoke on the phone")),
    "email:sent": Kind("send", noop("{who} sent an e-mail"), noop("Was written to")),
    "email:kept": Kind(
        "mail", noop("{who} wrote an e-mail that was kept, not sent:"), noop("An e-mail was kept, not sent")
    ),
    "email:failed": Kind("circle-alert", noop("An e-mail of {who} did not leave"), noop("An e-mail did not leave")),
    "email:open": Kind("mail-open", noop("Opened an e-mail of {who}"), noop("Opened an e-mail")),
    "email:click": Kind("mouse-pointer-click", noop("Clicked in an e-mail of {who}"), noop("Clicked an e-mail")),
    "email:reply": Kind("mail", noop("{who} got a reply by e-mail"), noop("Replied to an e-mail")),
    "meeting:met": Kind("handshake", noop("{who} met them"), noop("Met")),
    "message:told": Kind("quote", noop("{who} told them"), noop("Was told")),
    "web:page": Kind("mouse-pointer-click", None, noop("Looked at a page")),
    "web:pricing": Kind("mouse-pointer-click", None, noop("Read the pricing page")),
    "web:identified": Kind("user-check", None, noop("Said on the website who they are")),
    "form:submit": Kind("clipboard-list", None, noop("Filled in a form")),
    "form:newsletter": Kind("mail", None, noop("Subscribed to the newsletter")),
    "web:order": Kind("shopping-cart", None, noop("Ordered in the shop")),
    "content:sent": Kind("file-text", noop("{who} sent them something to read"), noop("Was sent something to read")),
    "form:hand_raise": Kind("hand", None, noop("Asked to talk"), "both"),
    "event:attended": Kind("map-pin", None, noop("Came to an event")),
    "event:met": Kind("handshake", noop("{who} met them at an event"), noop("Met at an event")),
    "event:registered": Kind("calendar-plus", None, noop("Registered for an event")),
    "note": Kind("pen-line", noop("{who} noted"), noop("Note")),
    "comment": Kind("message-square", noop("{who}"), noop("Comment")),
    "file:remove": Kind("paperclip", noop("{who} removed a file"), noop("A file was removed")),
    "side:note": Kind("pen-line", noop("{who} noted how their team sees this lead"), noop("A team's view was noted")),
    "shoutout": Kind("heart", noop("{who} thanked a colleague"), noop("A colleague was thanked"), "both"),
    "task:add": Kind("list-checks", noop("{who} planned a task"), noop("A task was planned")),
    "task:assign": Kind(
        "list-checks", noop("{who} gave a task to a colleague"), noop("A task was given to a colleague")
    ),
    "task:done": Kind("circle-check", noop("{who} has done a task"), noop("A task was done")),
    "task:reopen": Kind("rotate-ccw", noop("{who} opened a task again"), noop("A task was opened again")),
    "task:drop": Kind("circle-x", noop("{who} dropped a task"), noop("A task was dropped")),
    "lead:added": Kind("user-plus", noop("{who} added this lead by hand"), noop("Added by hand")),
    "lead:captured": Kind("user-plus", noop("{who} sent this lead in"), noop("Came in through the API")),
    "lead:received": Kind("user-plus", None, noop("Came in through a webhook")),
    "lead:imported": Kind("upload", noop("{who} brought this lead in with a file"), noop("Came in with a file")),
    "lead:handover": Kind("users-round", noop("{who} handed this over"), noop("Handed over")),
    "lead:edit": Kind("pencil", noop("{who} changed"), noop("Changed")),
    "handoff:offer": Kind("send", noop("{who} handed this lead to sales"), noop("Offered to sales"), "both", "mql"),
    "handoff:hasten": Kind("hand", None, noop("Asked to talk while the offer waits: the shorter clock counts"), "both"),
    "handoff:claim_early": Kind("zap", noop("{who} claimed this lead early"), noop("Claimed early"), "both", "mql"),
    "handoff:claim": Kind("user-check", noop("{who} claimed the offer"), noop("Claimed")),
    "handoff:accept": Kind("check", noop("{who} accepted the offer"), noop("Accepted"), "both", "sal"),
    "handoff:reassign": Kind("route", noop("{who} passed this lead on"), noop("Went on by the clock"), "both"),
    "handoff:snooze": Kind("alarm-clock", noop("{who} put it off"), noop("Put off"), "both"),
    "handoff:wake": Kind("alarm-clock-check", noop("{who} took it up again"), noop("Taken up again"), "both"),
    "handoff:brief": Kind("pen-line", noop("{who} topped up the brief"), noop("Brief topped up"), "both"),
    "handoff:undo": Kind("rotate-ccw", noop("{who} took it back"), noop("Taken back"), "both"),
    "lead:again": Kind("calendar-clock", None, noop("The day to look again has come"), "mkt"),
    "handoff:qualify": Kind("check-check", noop("{who} qualified this lead"), noop("Qualified"), "both", "sql"),
    "handoff:name": Kind(
        "check", noop("{who} says it is qualified; the other team's name is missing"), noop("One name of two"), "both"
    ),
    "handoff:requalify": Kind(
        "corner-up-left", noop("{who} sees more to qualify"), noop("More to qualify"), "both", "sal"
    ),
    "handoff:return": Kind("undo-2", noop("Returned"), noop("Returned"), "both"),
    "handoff:recycle": Kind("repeat", noop("Back to nurture"), noop("Back to nurture"), "both", "tofu"),
    "handoff:withdraw": Kind("undo-2", noop("Offer taken back"), noop("Offer taken back"), "both", "tofu"),
    "deal:open": Kind("briefcase", noop("{who} opened the deal"), noop("Deal opened"), "sal", "bofu"),
    "deal:step": Kind("arrow-right", noop("{who} moved the deal on"), noop("Deal moved on"), "sal"),
    "deal:edit": Kind("pencil", noop("{who} changed the deal"), noop("Deal changed"), "sal"),
    "deal:win": Kind("trophy", noop("{who} won the deal"), noop("Deal won"), "cus", "customer"),
    "deal:lose": Kind("flag", noop("Deal lost"), noop("Deal lost"), "sal"),
    "deal:purchase_noted": Kind("shopping-cart", None, noop("Bought; noted, since they asked not to be contacted")),
    "stage:disqualify": Kind("ban", noop("Taken out"), noop("Taken out"), "out", "out"),
    "stage:churn": Kind("user-minus", noop("Customer left"), noop("Customer left"), "out", "tofu"),
    "stage:reopen": Kind("rotate-ccw", noop("{who} brought this lead back"), noop("Brought back"), "mkt", "tofu"),
}
#: Kinds that nobody has worded yet are told by their namespace.
ICONS = {
    "call": "phone", "email": "mail", "meeting": "calendar", "message": "quote", "web": "mouse-pointer-click",
    "form": "clipboard-list", "event": "map-pin", "stage": "arrow-right", "handoff": "arrow-right",
    "deal": "briefcase", "comment": "message-square", "note": "pen-line", "lead": "pencil",
}  # fmt: skip

OFFERED: dict[str, Any] = {
    Handoff.Origin.LINE: gettext_lazy("Offered to sales: ready by the agreement"),
    Handoff.Origin.HAND_RAISE: gettext_lazy("Offered to sales: asked to talk"),
    Handoff.Origin.REROUTED: gettext_lazy("Sent on to the right rep"),
    Handoff.Origin.EXPANSION: gettext_lazy("This customer is offered again: expansion or renewal"),
}
FIELD_NAMES: dict[str, Any] = {
    field.name: field.verbose_name for field in Lead._meta.fields if field.name not in ("id", "search")
}


class Colleague(NamedTuple):
    """A person as lines, rings and mentions show them."""

    pk: int
    username: str
    name: str
    team: str
    is_active: bool

    def __str__(self) -> str:
        return self.name or self.username


class People:
    """Everybody, read once: whoever acted is found by key, whoever is mentioned by username."""

    def __init__(self) -> None:
        rows = User.objects.order_by("name", "pk").values_list(*Colleague._fields)
        self.all = [Colleague(*row) for row in rows]
        self.by_key = {colleague.pk: colleague for colleague in self.all}
        self.by_username = {colleague.username.lower(): colleague for colleague in self.all}

    def __getitem__(self, pk: int | None) -> Colleague | None:
        return self.by_key.get(pk) if pk else None

    @property
    def mentionable(self) -> list[tuple[str, str, str, str]]:
        """Whom a comment may mention, everybody who is still here and the teams: as what, name, team, whose hue."""
        named = {team.value: (str(team.label), OWN[team]) for team in Team}
        return [
            *((one.username, one.name, *named[one.team]) for one in self.all if one.is_active),
            *((team, label, _("whole team"), own) for team, (label, own) in named.items()),
        ]


@dataclass(slots=True)
class Told:
    """One line of a timeline, ready to be drawn: plain values, since a page draws fifty of them."""

    pk: int
    at: datetime
    icon: str
    own: str
    words: SafeString
    aside: str = ""
    said: str | SafeString = ""
    chip: str = ""
    amount: Decimal | None = None
    currency: str = ""
    thread: Any = None  # of a comment: see `handoff.threads`
    undo: str = ""

    @property
    def short(self) -> bool:
        return len(self.said) <= SHORT and "\n" not in self.said and not isinstance(self.said, SafeString)


def of(kind: str) -> Kind:
    """How this kind is told; one that nobody has worded is told by its own name ('web:calculator': Web, calculator)."""
    known = KINDS.get(kind)
    if known:
        return known
    space, _colon, rest = kind.partition(":")
    name = ", ".join(part.replace("_", " ") for part in (space.capitalize(), rest) if part)
    return Kind(ICONS.get(space, "circle-dot"), None, name or kind)


def named(kind: str) -> str:
    """The short name of a kind: 'Was called, no answer'."""
    return _(of(kind).alone)


def tell(activity: Activity, people: People) -> Told:
    """One activity as a line."""
    kind, actor = of(activity.kind), people[activity.actor_id]
    own = kind.own or (OWN.get(Team(actor.team), "") if actor else "")
    words = _words(kind, actor, get_language())
    line = Told(activity.pk, activity.at, kind.icon, own, words, said=activity.text, chip=kind.chip)
    if refine := REFINED.get(activity.kind):
        refine(line, activity, people)
    if activity.data.get("undone"):
        line.aside, line.chip = ", ".join(part for part in (line.aside, _("undone")) if part), ""
    if activity.imported:
        line.aside = ", ".join(part for part in (line.aside, _("from a file")) if part)
    return line


@lru_cache(maxsize=4096)
def _words(kind: Kind, actor: Colleague | None, language: str | None) -> SafeString:
    if actor is None:
        return SafeString(escape(_(kind.alone)))
    if kind.by is None:
        return format_html('{} <span class="mut">{}</span>', _(kind.alone), _("noted by %(who)s") % {"who": actor})
    return format_html(_(kind.by), who=format_html("<b>{}</b>", actor))


def _because(line: Told, activity: Activity, people: People) -> None:
    """A reason comes before a person: 'Returned because: Below the fit line'."""
    reason, what = activity.data.get("reason"), of(activity.kind).alone
    if reason:
        because = _("%(what)s because: %(reason)s")
        line.words = format_html(
            escape(because).replace("%(what)s", "{what}").replace("%(reason)s", "{reason}"),
            what=_(what),
            reason=format_html("<b>{}</b>", reason),
        )
    actor = people[activity.actor_id]
    asides = [str(actor)] if actor else []
    if returned := activity.data.get("class"):
        asides.insert(0, str(Reason.ReturnClass(returned).label).lower())
        line.chip = "" if returned == Reason.ReturnClass.PROCEDURAL else "tofu"
    if day := parse_date(str(activity.data.get("look_again_on") or "")):
        asides.append(_("look again on %(day)s") % {"day": date_format(day, "j M Y")})
    line.aside = ", ".join(asides)


def _deal(line: Told, activity: Activity, people: People) -> None:
    data, reason = activity.data, activity.data.get("reason")
    if activity.kind == "deal:lose" and reason:
        _because(line, activity, people)
    else:
        line.words, line.said = format_html("{} <b>{}</b>", line.words, activity.text), ""
    if activity.kind == "deal:step" and data.get("to"):
        line.aside = _("from %(old)s to %(new)s") % {"old": data.get("from", ""), "new": data["to"]}
    if activity.kind == "deal:edit":
        line.said = _changes(data.get("changes"))
    try:
        line.amount = Decimal(data["amount"]) if data.get("amount") else None
    except InvalidOperation:
        line.amount = None
    line.currency = str(data.get("currency") or "EUR")


def _offer(line: Told, activity: Activity, people: People) -> None:
    if worded := OFFERED.get(activity.data.get("origin", "")):
        line.words = SafeString(escape(worded))
        line.aside = str(people[activity.actor_id] or "")


def _reassign(line: Told, activity: Activity, _people: People) -> None:
    """From whom to whom, and by what rule."""
    data = activity.data
    if data.get("from"):
        line.aside = _("from %(old)s to %(new)s") % {"old": data["from"], "new": data.get("to", "")}
    else:
        line.aside = _("to %(new)s") % {"new": data.get("to", "")}


def _topped_up(line: Told, activity: Activity, _people: People) -> None:
    line.said = _changes(activity.data.get("changes"))


def _undone(line: Told, activity: Activity, _people: People) -> None:
    line.aside = str(activity.data.get("what") or "")


def _letter(line: Told, activity: Activity, _people: People) -> None:
    """What an e-mail from the product was about, and where it went."""
    subject, to = activity.data.get("subject"), activity.data.get("to")
    line.aside = ", ".join(str(part) for part in (subject, to and _("to %(new)s") % {"new": to}) if part)


def _snooze(line: Told, activity: Activity, _people: People) -> None:
    if until := parse_datetime(str(activity.data.get("until") or "")):
        when = date_format(timezone.localtime(until), "D j M H:i")
        line.aside = _("until %(when)s; the promise goes on") % {"when": when}


def _edit(line: Told, activity: Activity, _people: People) -> None:
    changes = activity.data.get("changes") or {}
    names = ", ".join(str(FIELD_NAMES.get(name, name)) for name in changes)
    line.words, line.said = format_html("{} {}", line.words, names), _changes(changes)


def _changes(changes: Any) -> str:
    """'phone: +43 1 → +43 2', a line for each field."""
    if not isinstance(changes, dict):
        return ""
    told = []
    for name, (old, new) in list(changes.items())[:FIELDS_TOLD]:
        if isinstance(old, dict) or isinstance(new, dict):
            before, after = old or {}, new or {}
            changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
            told += [f"{key}: {_cut(before.get(key))} → {_cut(after.get(key))}" for key in changed[:FIELDS_TOLD]]
        else:
            told.append(f"{FIELD_NAMES.get(name, name)}: {_cut(old)} → {_cut(new)}")
    return "\n".join(told)


def _cut(value: Any) -> str:
    text = "-" if value in (None, "") else _moment(value) or str(value)
    return text if len(text) <= FIELD_LENGTH else f"{text[: FIELD_LENGTH - 1]}…"


def _moment(value: Any) -> str:
    """A moment or a day that a change kept as text, as its reader says it; empty for anything else."""
    said = value if isinstance(value, str) else ""
    try:
        if DAY.fullmatch(said) and (day := parse_date(said)):
            return date_format(day, "D j M Y")
        if MOMENT.fullmatch(said) and (at := parse_datetime(said)):
            return date_format(timezone.localtime(at) if timezone.is_aware(at) else at, "D j M Y H:i")
    except ValueError:  # the 31st of February
        return ""
    return ""


def _again(line: Told, activity: Activity, _people: People) -> None:
    """Somebody who was here already came in once more: what was empty is filled."""
    if changed := activity.data.get("changed"):
        names = (str(FIELD_NAMES.get(name, name.removeprefix("custom."))) for name in changed)
        line.aside = _("was here already; filled %(what)s") % {"what": ", ".join(names)}


def _form(line: Told, activity: Activity, people: People) -> None:
    """Which form they filled in, and which words they agreed to in it."""
    _again(line, activity, people)
    form, consent = activity.data.get("form") or {}, activity.data.get("consent") or {}
    agreed = _("agreed to version %(n)s of its words of consent") % {"n": consent["version"]} if consent else ""
    line.aside = ", ".join(str(part) for part in (form.get("name"), agreed, line.aside) if part)


def _comment(line: Told, activity: Activity, people: People) -> None:
    """Who said it to whom, and the words with their mentions marked; of a deleted one, who took it back."""
    if deleted := activity.data.get("deleted"):
        by = format_html("<b>{}</b>", people[deleted.get("by")] or "")
        line.icon, line.words, line.said = "trash-2", format_html(_("Comment deleted by {who}"), who=by), ""
        return
    mentions = set(activity.data.get("mentions") or ())
    known = [people.by_username.get(name.lower()) for name in sorted(mentions)]
    to = [(OWN.get(Team(colleague.team), ""), str(colleague)) for colleague in known if colleague]
    if to:
        names = format_html_join(", ", '<span class="at" data-own="{}">@{}</span>', to[:4])
        rest = _(" and %(n)d more") % {"n": len(to) - 4} if len(to) > 4 else ""
        line.words = format_html('{} <span class="mut">{}</span> {}{}', line.words, _("to"), names, rest)
    line.said = marked(activity.text, mentions, people)


def marked(text: str, mentions: Iterable[str], people: People) -> SafeString:
    """Escaped text in which whoever is mentioned is marked with their team's hue."""
    heard, told, at = {name.lower() for name in mentions}, [], 0
    for found in MENTION.finditer(text):
        name = found[1].lower()
        colleague = people.by_username.get(name) if name in heard else None
        team = colleague.team if colleague else TEAMS.get(name)
        if team is None and name not in heard:
            continue
        told.append(escape(text[at : found.start()]))
        own = OWN.get(Team(team), "") if team else ""
        told.append(format_html('<span class="at" data-own="{}">{}</span>', own, found[0]))
        at = found.end()
    told.append(escape(text[at:]))
    return SafeString("".join(told))


REFINED: dict[str, Callable[[Told, Activity, People], None]] = {
    "handoff:offer": _offer,
    **dict.fromkeys(("handoff:reassign", "lead:handover"), _reassign),
    **dict.fromkeys(
        ("handoff:return", "handoff:recycle", "handoff:withdraw", "stage:disqualify", "stage:churn"), _because
    ),
    **dict.fromkeys(("deal:open", "deal:step", "deal:edit", "deal:win", "deal:lose"), _deal),
    "lead:edit": _edit,
    "handoff:brief": _topped_up,
    **dict.fromkeys(("email:sent", "email:kept", "email:failed"), _letter),
    "handoff:snooze": _snooze,
    "handoff:undo": _undone,
    **dict.fromkeys(("lead:added", "lead:captured", "lead:received", "lead:imported"), _again),
    **dict.fromkeys(("form:submit", "form:hand_raise"), _form),
    "comment": _comment,
}
