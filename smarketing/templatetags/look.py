"""Display tags: the marks, clocks and figures of the interface, as fast constant markup.

They are called hundreds of times a page, so they build strings and include no templates. Everything that is not
constant is escaped here, so the tags make SafeStrings of what they built.
"""

from __future__ import annotations

import html
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from smarketing.folding import constant

register = template.Library()


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


@register.simple_tag
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


@register.simple_tag
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


@register.simple_tag
@constant
def own(value: str) -> str:
    """The value of data-own for a stage, lane or team: mkt, sal, both, cus, out or sys."""
    return OWN.get(str(value), "out")


@lru_cache(maxsize=1024)
def chip_markup(stage: str, words: str) -> SafeString:
    return SafeString(
        f'<span class="chip" data-own="{OWN.get(stage, "out")}">{GLYPHS.get(stage, "")}{escape(words)}</span>'
    )


@register.simple_tag
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


@register.simple_tag
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


@register.simple_tag
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


@register.simple_tag
def owner(user: Any, size: str = "", nobody_words: str = "") -> SafeString:
    """A person's ring, open to the team's side; dashed when there is nobody. Sizes: "", "lg", "xl"."""
    name = read(user, "name") or read(user, "username")
    if not name:
        return nobody(size, nobody_words or gettext("Nobody has claimed it"))
    ring = ring_markup(name, read(user, "team"), size, get_language())
    return SafeString(f"{ring}{gone()}") if isinstance(user, dict) and user.get("gone") else ring


def gone() -> SafeString:
    """Beside the ring of somebody who can no longer sign in: their work waits to be handed over."""
    words = escape(gettext("cannot sign in"))
    return SafeString(
        f'<span class="gone" role="img" aria-label="{words}" title="{words}">{icon_markup("user-round-x", "s")}</span>'
    )


@register.simple_tag
def person(user: Any, role: bool = False) -> SafeString:
    """Ring and name, with the team in words when role is true."""
    name = read(user, "name") or read(user, "username")
    if not name:
        return SafeString(
            f'<span class="person">{owner(None)}<span class="mut">{escape(gettext("nobody"))}</span></span>'
        )
    words = TEAM_ROLES.get(read(user, "team")) if role else None
    text = f"{name}, {words}" if words else name
    ring = str(owner(user)).replace('role="img"', 'aria-hidden="true"', 1)
    return SafeString(f'<span class="person">{ring}<span>{escape(text)}</span></span>')


@register.simple_tag
def initials(name: str, size: str = "") -> SafeString:
    """The grey disc of a lead; the name stands beside it, so it is decoration."""
    classes = f"av {escape(size)}".strip()
    return SafeString(f'<span class="{classes}" aria-hidden="true">{escape(initials_of(str(name or "")))}</span>')


# Score


@register.simple_tag
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


@register.simple_tag
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


# Time

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365.25 * 86400
DUE_ICONS = {"over": "clock-alert", "today": "clock", "soon": "calendar", "none": "circle-dashed", "kept": "check"}


def span_words(seconds: float) -> str:
    """A length of time in its one or two largest units: 24 min, 2 h 28 min, 3 d."""
    seconds = abs(seconds)
    if seconds < HOUR:
        return lasting(int(seconds // MINUTE), "min", get_language())
    if seconds < DAY:
        hours, minutes = int(seconds // HOUR), int(seconds % HOUR // MINUTE)
        if minutes and hours < 10:
            return gettext("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
        return lasting(hours, "h", get_language())
    return lasting(int(seconds // DAY), "d", get_language())


@lru_cache(maxsize=4096)
def lasting(number: int, unit: str, language: str | None) -> str:
    words = {"min": gettext("%(n)s min"), "h": gettext("%(n)s h"), "d": gettext("%(n)s d")}
    return words[unit] % {"n": number}


@register.simple_tag
def business_time(minutes: int) -> str:
    """A length of business time; its hours are not gathered into days, since those differ by calendar."""
    hours, rest = divmod(int(minutes), 60)
    if hours and rest:
        return gettext("%(h)s h %(m)s min") % {"h": hours, "m": rest}
    return gettext("%(n)s h") % {"n": hours} if hours else gettext("%(n)s min") % {"n": rest}


def exact(at: datetime | date) -> str:
    """What the hover says: the local time in full, and UTC."""
    if not isinstance(at, datetime):
        return dated(at, "D j M Y", get_language())
    return exactly(at.replace(second=0, microsecond=0), timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=4096)
def exactly(at: datetime, zone: tzinfo, language: str | None) -> str:
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    return f"{date_format(local, 'D j M Y H:i')} {local.tzname()}, {utc:%Y-%m-%d %H:%M} UTC"


def day_words(day: date, today: date) -> str:
    return dated(day, "D j M" if day.year == today.year else "j M Y", get_language())


@lru_cache(maxsize=4096)
def dated(day: date, form: str, language: str | None) -> str:
    return date_format(day, form)


def until(at: datetime | date, now: datetime, labelled: bool) -> tuple[str, str]:
    """State and words of a moment that something is due."""
    zone = timezone.get_current_timezone()
    today = day_of(now, zone)
    if not isinstance(at, datetime):
        if at < today:
            return "over", gettext("%(span)s over") % {"span": span_words((today - at).days * DAY)}
        return ("today", gettext("today")) if at == today else ("soon", day_words(at, today))
    seconds = (at - now).total_seconds()
    if seconds < 0:
        return "over", gettext("%(span)s over") % {"span": span_words(seconds)}
    if seconds < HOUR:
        return "today", gettext("%(span)s left") % {"span": span_words(seconds)}
    local = at.astimezone(zone)
    if local.date() == today:
        clock = date_format(local, "H:i")
        return "today", clock if labelled else gettext("today, %(time)s") % {"time": clock}
    return "soon", day_words(local.date(), today)


def counted(left: timedelta | float) -> tuple[str, str]:
    """State and words of business time left, in minutes or as a timedelta; negative when it is over."""
    seconds = left.total_seconds() if isinstance(left, timedelta) else float(left) * MINUTE
    if seconds < 0:
        return "over", gettext("%(span)s over") % {"span": span_words(seconds)}
    return "today" if seconds < HOUR else "soon", gettext("%(span)s left") % {"span": span_words(seconds)}


@register.simple_tag
def due(
    at: datetime | date | None,
    label: str = "",
    now: datetime | None = None,
    left: timedelta | float | None = None,
    box: bool = False,
    kept: bool = False,
    none: str = "",
) -> SafeString:
    """When something is due, in words with an icon and data-due=over|today|soon|none|kept.

    A label leads ("Send ROI sheet, today"); `left` is business time left and wins over the calendar; `none` replaces
    the words of an empty date.
    """
    label = str(label or "")
    if kept:
        state, words = "kept", gettext("kept")
    elif at is None and left is None:
        state, words, label = "none", str(none or label or gettext("No next action")), ""
    elif left is not None:
        state, words = counted(left)
    else:
        assert at is not None
        state, words = until(at, now or timezone.now(), bool(label))
    text = f"{label}, {words}" if label else words
    title = f' title="{escape(exact(at))}"' if at else ""
    return SafeString(
        f'<span class="due{" box" if box else ""}" data-due="{state}"{title}>'
        f"{icon_markup(DUE_ICONS[state], 's')}{escape(text)}</span>"
    )


@register.simple_tag
def age(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in one unit: 36 min, 2 h, 12 d, 1.2 y."""
    if at is None:
        return ""
    seconds = max(0.0, ((now or timezone.now()) - at).total_seconds())
    if seconds < MINUTE:
        return gettext("now")
    if seconds < HOUR:
        return lasting(int(seconds // MINUTE), "min", get_language())
    if seconds < DAY:
        return lasting(int(seconds // HOUR), "h", get_language())
    if seconds < YEAR:
        return lasting(int(seconds // DAY), "d", get_language())
    return gettext("%(n)s y") % {"n": number_format(Decimal(seconds / YEAR), decimal_pos=1)}


@register.simple_tag
def when(at: datetime | date | None, now: datetime | None = None) -> SafeString:
    """A moment in local time, with UTC on hover: today 09:55 CET, Tue 17 Nov 16:20, 2 Apr 2025 10:31."""
    if at is None:
        return SafeString("")
    zone = timezone.get_current_timezone()
    return SafeString(moment(at, zone, day_of(now or timezone.now(), zone)))


def moment(at: datetime | date, zone: tzinfo, today: date) -> str:
    if not isinstance(at, datetime):
        words = gettext("today") if at == today else day_words(at, today)
        return f'<time datetime="{at.isoformat()}">{escape(words)}</time>'
    local = at.astimezone(zone)
    day, clock = local.date(), local.isoformat(timespec="minutes")[11:16]
    if day == today:
        words = gettext("today %(time)s %(zone)s") % {"time": clock, "zone": local.tzname()}
    elif day == today - timedelta(days=1):
        words = gettext("yesterday %(time)s") % {"time": clock}
    else:
        words = f"{day_words(day, today)} {clock}"
    utc = at.astimezone(UTC).isoformat(timespec="seconds")
    return f'<time datetime="{utc[:19]}Z" title="{utc[:10]} {utc[11:16]} UTC">{escape(words)}</time>'


@lru_cache(maxsize=64)
def day_of(moment: datetime, zone: tzinfo) -> date:
    """The local day of a page's `now`, which all its lines ask for."""
    return moment.astimezone(zone).date()


@register.simple_tag
def ago(at: datetime | None, now: datetime | None = None) -> SafeString:
    """A moment that keeps counting in the browser ("5 minutes ago"); without scripts it is the local time."""
    if at is None:
        return SafeString("")
    utc = at.astimezone(UTC)
    stamp, language = f"{utc:%Y-%m-%dT%H:%M:%SZ}", get_language() or "en"
    return SafeString(f'<relative-time datetime="{stamp}" lang="{language}">{when(at, now)}</relative-time>')


# Figures

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "ILS": "₪", "KRW": "₩"}
MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
UNITS = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def grouped(number: Decimal | int, decimals: int = 0) -> str:
    return number_format(number, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def priced(amount: Decimal, text: str, currency: str) -> str:
    code = str(currency or "EUR").upper()
    return f"{MINUS if amount < 0 else ''}{SYMBOLS.get(code, code + NO_BREAK)}{text}"


def compact(size: Decimal) -> str:
    for index, (unit, letter) in enumerate(UNITS):
        if size < unit:
            continue
        places = Decimal("0.1") if letter != "k" or size < 10 * unit else Decimal(1)
        part = (size / unit).quantize(places, ROUND_HALF_UP)
        if part >= 1000 and index:
            return f"1{UNITS[index - 1][1]}"
        return f"{grouped(part, 0 if part == part.to_integral_value() else 1)}{letter}"
    return grouped(size.quantize(Decimal(1), ROUND_HALF_UP))


@register.simple_tag
def money(amount: Decimal | float | None, currency: str = "EUR") -> str:
    """An amount at a glance: €32k, €1.2M, €950."""
    if amount is None or amount == "":
        return ""
    return glanced(amount if isinstance(amount, Decimal) else Decimal(str(amount)), currency, get_language())


@lru_cache(maxsize=4096)
def glanced(amount: Decimal, currency: str, language: str | None) -> str:
    return priced(amount, compact(abs(amount)), currency)


@register.simple_tag
def money_full(amount: Decimal | float | None, currency: str = "EUR") -> str:
    """An amount to the unit, or to the cent when it has cents: €61,000, €61,000.50."""
    if amount is None or amount == "":
        return ""
    value = Decimal(str(amount))
    return priced(value, grouped(abs(value), 0 if value == value.to_integral_value() else 2), currency)


@register.simple_tag
def count(number: int | str | None, cap: int | None = None) -> str:
    """A count with separators; above the cap it is "1,000+", because big counts stop early."""
    if number is None or number == "":
        return ""
    return counted_to(int(number), None if cap is None else int(cap), get_language())


@lru_cache(maxsize=4096)
def counted_to(number: int, cap: int | None, language: str | None) -> str:
    return grouped(number) if cap is None or number <= cap else f"{grouped(cap)}+"


@register.simple_tag
def share(part: Any, whole: Any) -> int:
    """A whole percentage for the classes p-N and g-N: something is never 0, not everything is never 100."""
    part, whole = float(part or 0), float(whole or 0)
    if part <= 0 or whole <= 0:
        return 0
    return 100 if part >= whole else min(99, max(1, round(100 * part / whole)))
