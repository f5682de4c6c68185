"""The marks of the interface as fast constant markup: icons, glyphs, stages, people, scores.

They are drawn hundreds of times a page, so they are strings and include no templates. Everything that is not constant
is escaped here, so what is built is a SafeString.
"""

from __future__ import annotations

import html
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from smarketing.folding import constant


def escape(value: object) -> str:
    """Text as HTML. Django's own also keeps lazy text lazy, which a page of a hundred cards pays for."""
    return html.escape(str(value))


# Icons and glyphs


@lru_cache(maxsize=1)
def sprite_url() -> str:
    return static("dist/icons.svg")


@lru_cache(maxsize=512)
def icon_markup(name: str, size: str = "") -> SafeString:
    classes = f"i {escape(size)}".strip()
    return SafeString(f'<svg class="{classes}" aria-hidden="true"><use href="{sprite_url()}#{escape(name)}"/></svg>')


@constant
def icon(name: str, size: str = "") -> SafeString:
    """A lucide icon of the sprite; size "s" for the small one. Decoration: say the meaning in words beside it."""
    return icon_markup(str(name), str(size))


LEFT, RIGHT = (f'<circle cx="{x}" cy="6" r="4.5" fill="currentColor"/>' for x in (6, 12))
LEFT_PALE, RIGHT_PALE = (f'<circle cx="{x}" cy="6" r="4.5" fill="currentColor" opacity=".45"/>' for x in (6, 12))
RINGS = "".join(
    f'<circle cx="{x}" cy="6" r="4.5" fill="none" stroke="currentColor" stroke-width="1.25"/>' for x in (6, 12)
)
MIDDLE = '<path d="M9 2.65a4.5 4.5 0 0 1 0 6.7a4.5 4.5 0 0 1 0-6.7z" fill="currentColor"/>'
STRUCK = '<path d="M2 11L16 1" stroke="currentColor" stroke-width="1.25"/>'


def drawn(*shapes: str) -> SafeString:
    return SafeString(f'<svg class="glyph" viewBox="0 0 18 12" aria-hidden="true">{"".join(shapes)}</svg>')


GLYPHS = {
    "tofu": drawn(LEFT, RINGS),
    "mofu": drawn(RINGS, MIDDLE),
    "mql": drawn(LEFT_PALE, RINGS, MIDDLE),
    "sal": drawn(RINGS, MIDDLE),
    "sql": drawn(RIGHT_PALE, RINGS, MIDDLE),
    "bofu": drawn(RIGHT, RINGS),
    "customer": drawn(LEFT, RIGHT, RINGS, MIDDLE),
    "out": drawn(RINGS, STRUCK),
}
GLYPHS |= dict.fromkeys(("discovery", "proposal", "negotiation"), GLYPHS["bofu"])
GLYPHS |= {"marketing": GLYPHS["tofu"], "sales": GLYPHS["bofu"], "management": GLYPHS["mofu"], "both": GLYPHS["mofu"]}


@constant
def glyph(name: str) -> SafeString:
    """The two overlapping circles of a stage, a lane of the middle, or a team."""
    return GLYPHS.get(str(name), SafeString(""))


# Whose it is

OWN = dict.fromkeys(("tofu", "marketing"), "mkt")
OWN |= dict.fromkeys(("mofu", "mql", "sal", "sql", "both", "management"), "both")
OWN |= dict.fromkeys(("bofu", "discovery", "proposal", "negotiation", "sales"), "sal")
OWN |= {"customer": "cus", "out": "out", "system": "sys"}
STAGE_WORDS = {
    "tofu": _("TOFU"),
    "mofu": _("MOFU"),
    "mql": _("MQL offered"),
    "sal": _("SAL accepted"),
    "sql": _("SQL qualified"),
    "bofu": _("BOFU"),
    "discovery": _("Discovery"),
    "proposal": _("Proposal"),
    "negotiation": _("Negotiation"),
    "customer": _("Customer"),
    "out": _("OUT"),
}
LANES = {"mql": _("MQL"), "sal": _("SAL"), "sql": _("SQL")}
TEAM_WORDS = {
    "marketing": _("Marketing"),
    "sales": _("Sales"),
    "management": _("Management"),
    "both": _("Both"),
    "system": _("System"),
}
TEAM_ROLES = {"marketing": _("marketing"), "sales": _("sales"), "management": _("manager")}


@constant
def own(value: str) -> str:
    """The value of data-own for a stage, lane or team: mkt, sal, both, cus, out or sys."""
    return OWN.get(str(value), "out")


@lru_cache(maxsize=1024)
def chip_markup(stage: str, words: str) -> SafeString:
    return SafeString(
        f'<span class="chip" data-own="{OWN.get(stage, "out")}">{GLYPHS.get(stage, "")}{escape(words)}</span>'
    )


@constant
def stage_chip(stage: str, step: str = "", label: str = "") -> SafeString:
    """Glyph and word of a stage or lane; a step is added ("BOFU, discovery"), a label stands instead of the words."""
    return chip_of(str(stage).lower(), str(step or ""), str(label or ""), get_language())


@lru_cache(maxsize=1024)
def chip_of(stage: str, step: str, label: str, language: str | None) -> SafeString:
    if stage == "mofu" and step.lower() in LANES:
        stage, step = step.lower(), ""
    words = str(label or STAGE_WORDS.get(stage, stage))
    if step:
        words = pgettext("stage, step", "%(stage)s, %(step)s") % {"stage": LANES.get(stage, words), "step": step}
    return chip_markup(stage, words)


def track(stays: Any) -> SafeString:
    """The stays of a journey as items of `.track`: each has a stage, a mark (was, now, skip), a label and a note."""
    items = []
    for stay in stays:
        step = ' aria-current="step"' if stay.mark == "now" else ""
        note = f"<small>{escape(stay.note)}</small>" if stay.note else ""
        items.append(
            f'<li class="{stay.mark}" data-own="{OWN.get(stay.stage, "out")}"{step}>'
            f"<b>{GLYPHS.get(stay.stage, '')}{escape(stay.label)}</b>{note}</li>"
        )
    return SafeString("".join(items))


def team_mark(team: str, words: str = "") -> SafeString:
    """Glyph and name of a team; "system" has a cog."""
    team = str(team)
    mark = icon_markup("cog", "s") if team == "system" else GLYPHS.get(team, "")
    said = escape(words or TEAM_WORDS.get(team, team))
    return SafeString(f'<span class="own" data-own="{OWN.get(team, "out")}">{mark}{said}</span>')


@lru_cache(maxsize=4096)
def initials_of(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum() and not word.endswith(".")] or name.split()
    return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper() if words else "?"


@lru_cache(maxsize=4096)
def ring_markup(name: str, team: str, size: str, language: str | None) -> SafeString:
    label = escape(f"{name}, {TEAM_ROLES[team]}" if team in TEAM_ROLES else name)
    classes = f"av {escape(size)}".strip()
    hue = f' data-own="{OWN[team]}"' if team in TEAM_ROLES else ""
    said = f'role="img" aria-label="{label}" title="{label}"'
    return SafeString(f'<span class="{classes}"{hue} {said}>{escape(initials_of(name))}</span>')


def nobody(size: str, words: str) -> SafeString:
    classes = f"av open {escape(size)}".strip()
    label = escape(words)
    said = f'role="img" aria-label="{label}" title="{label}"'
    return SafeString(f'<span class="{classes}" {said}>{icon_markup("user-round-plus")}</span>')


def read(person: Any, field: str) -> str:
    """A field of a user or of a plain mapping; empty for nobody and for the anonymous."""
    value = person.get(field) if isinstance(person, dict) else getattr(person, field, "")
    return str(value or "")


def owner(user: Any, size: str = "", nobody_words: str = "") -> SafeString:
    """A person's ring, open to the team's side; dashed when there is nobody. Sizes: "", "lg", "xl"."""
    name = read(user, "name") or read(user, "username")
    if not name:
        return nobody(size, nobody_words or gettext("Unowned"))
    ring = ring_markup(name, read(user, "team"), size, get_language())
    return SafeString(f"{ring}{gone()}") if isinstance(user, dict) and user.get("gone") else ring


def gone() -> SafeString:
    """Beside the ring of somebody who can no longer sign in: their work waits to be handed over."""
    words = escape(gettext("cannot sign in"))
    return SafeString(
        f'<span class="gone" role="img" aria-label="{words}" title="{words}">{icon_markup("user-round-x", "s")}</span>'
    )


def person(user: Any, role: bool = False) -> SafeString:
    """Ring and name, with the team in words when role is true."""
    name = read(user, "name") or read(user, "username")
    if not name:
        return SafeString(
            f'<span class="person">{owner(None)}<span class="mut">{escape(gettext("unowned"))}</span></span>'
        )
    words = TEAM_ROLES.get(read(user, "team")) if role else None
    text = f"{name}, {words}" if words else name
    ring = str(owner(user)).replace('role="img"', 'aria-hidden="true"', 1)
    return SafeString(f'<span class="person">{ring}<span>{escape(text)}</span></span>')


def initials(name: str, size: str = "") -> SafeString:
    """The grey disc of a lead; the name stands beside it, so it is decoration."""
    classes = f"av {escape(size)}".strip()
    return SafeString(f'<span class="{classes}" aria-hidden="true">{escape(initials_of(str(name or "")))}</span>')


# Score


def score_badge(grade: str, total: Any) -> SafeString:
    """Grade in a square, then the number; words for those who cannot see it."""
    return badge_markup(str(grade or ""), None if total is None or total == "" else round(float(total)), get_language())


@lru_cache(maxsize=1024)
def badge_markup(grade: str, total: int | None, language: str | None) -> SafeString:
    if total is None:
        return SafeString(f'<span class="score mut">{escape(gettext("No score"))}</span>')
    letter = escape(grade)
    label = escape(gettext("Score %(total)s, grade %(grade)s") % {"total": total, "grade": grade or "-"})
    return SafeString(
        f'<span class="score" role="img" aria-label="{label}" title="{label}">'
        f'<span class="gr" data-g="{letter}">{letter}</span>{total}</span>'
    )


def score_ring(total: Any, grade: str = "", size: str = "") -> SafeString:
    """The lead's score of 100 as a ring."""
    number = round(float(total or 0))
    label = escape(gettext("Score %(total)s, grade %(grade)s") % {"total": number, "grade": grade or "-"})
    circle = 'cx="28" cy="28" r="25.5" pathLength="100"'
    part = f'<circle class="part" {circle} stroke-dasharray="{max(0, min(100, number))} 100"/>' if number > 0 else ""
    classes = f"ring {escape(size)}".strip()
    return SafeString(
        f'<span class="{classes}" role="img" aria-label="{label}" title="{label}">'
        f'<svg viewBox="0 0 56 56" aria-hidden="true"><circle class="whole" {circle}/>{part}</svg>{number}</span>'
    )
