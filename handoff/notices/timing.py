"""When a notice may leave: at once, with the hour's or the day's others, and never within somebody's quiet hours.

Hours are those of the person's own time zone. A wall time that a change of the clocks skips counts as the same moment
an hour later; one that comes twice counts the first time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handoff.models import NoticeChoices, Pace

DEFAULT = NoticeChoices()
SATURDAY = 5


def due(now: datetime, pace: str, choices: NoticeChoices | None, zone: ZoneInfo) -> datetime:
    """The moment from which something told at `now` may leave."""
    choices = choices or DEFAULT
    if pace == Pace.HOURLY:
        return out_of_quiet(_next_hour(now, zone), choices, zone)
    if pace == Pace.DAILY:
        return out_of_quiet(_next_at(now, choices.daily_at, zone), choices, zone)
    return out_of_quiet(now, choices, zone)


def out_of_quiet(moment: datetime, choices: NoticeChoices, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours and days that it falls into."""
    for _step in range(8):  # a night, a weekend, a night: each step leaves one of them
        until = _quiet_until(moment, choices, zone)
        if until is None:
            break
        moment = until
    return moment


def _quiet_until(moment: datetime, choices: NoticeChoices, zone: ZoneInfo) -> datetime | None:
    """When the quiet that holds at a moment ends, if one holds."""
    local = moment.astimezone(zone)
    begins, ends = choices.quiet_from, choices.quiet_until
    if choices.quiet_weekends and local.weekday() >= SATURDAY:
        return _wall(local.date() + timedelta(days=7 - local.weekday()), time(0), zone)
    if begins is None or ends is None:
        return None
    clock = local.time()
    within = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not within:
        return None
    today, tomorrow = local.date(), local.date() + timedelta(days=1)
    candidates = (_wall(today, ends, zone), _wall(today, ends.replace(fold=1), zone), _wall(tomorrow, ends, zone))
    return next(ended for ended in candidates if ended > moment)


def next_window(now: datetime, length: timedelta) -> datetime:
    """The end of the span of this length in which a moment lies: what waits for it comes due together."""
    return datetime.fromtimestamp((now.timestamp() // length.total_seconds() + 1) * length.total_seconds(), UTC)


def _next_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """The next full hour on the person's clock: some zones stand half an hour off the others."""
    local = now.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now - past + timedelta(hours=1)


def _next_at(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone).date()
    today = _wall(day, at, zone)
    return today if today > now else _wall(day + timedelta(days=1), at, zone)


def _wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which the clock on somebody's wall shows this."""
    return datetime.combine(day, at, zone).astimezone(UTC)
