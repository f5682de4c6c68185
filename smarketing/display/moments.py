"""Moments and spans as people say them: due, ago, in business time; in the reader's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from smarketing.display.marks import escape, icon_markup

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
    state = "over" if seconds < 0 else "today" if seconds < HOUR else "soon"
    return state, remaining(int(abs(seconds) // MINUTE), seconds < 0, get_language())


@lru_cache(maxsize=8192)
def remaining(minutes: int, over: bool, language: str | None) -> str:
    words = gettext("%(span)s over") if over else gettext("%(span)s left")
    return words % {"span": business_time(minutes if minutes < 600 else minutes // 60 * 60)}


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


def ago(at: datetime | None, now: datetime | None = None) -> SafeString:
    """A moment that keeps counting in the browser ("5 minutes ago"); without scripts it is the local time."""
    if at is None:
        return SafeString("")
    utc = at.astimezone(UTC)
    stamp, language = f"{utc:%Y-%m-%dT%H:%M:%SZ}", get_language() or "en"
    return SafeString(f'<relative-time datetime="{stamp}" lang="{language}">{when(at, now)}</relative-time>')
