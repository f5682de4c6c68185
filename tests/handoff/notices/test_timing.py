"""When a notice may leave: by the clock on somebody's own wall, whatever that clock does."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.models import NoticeChoices
from handoff.notices import timing

VIENNA, KOLKATA = ZoneInfo("Europe/Vienna"), ZoneInfo("Asia/Kolkata")
ZONES = st.sampled_from(
    ["UTC", "Europe/Vienna", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut"]
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def utc(said):
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "pace", "due"),
    [
        ("2026-11-24T10:20", "now", "2026-11-24T10:20"),
        ("2026-11-24T10:20", "hourly", "2026-11-24T11:00"),
        ("2026-11-24T06:59", "daily", "2026-11-24T07:00"),
        ("2026-11-24T07:00", "daily", "2026-11-25T07:00"),
        ("2026-03-28T12:00", "daily", "2026-03-29T06:00"),  # the clocks go forward in the night
        ("2026-10-24T12:00", "daily", "2026-10-25T07:00"),  # and back
    ],
)
def test_paces_in_vienna(now, pace, due):
    assert timing.due(utc(now), pace, None, VIENNA) == utc(due)


def test_the_hour_of_a_zone_that_stands_half_an_hour_off():
    assert timing.due(utc("2026-11-24T10:20"), "hourly", None, KOLKATA) == utc("2026-11-24T10:30")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T20:00", "2026-11-25T06:30"),  # 21:00 there: until 07:30 of the next day
        ("2026-11-25T02:00", "2026-11-25T06:30"),
        ("2026-11-25T06:30", "2026-11-25T06:30"),
        ("2026-11-27T20:00", "2026-11-30T06:30"),  # Friday night: over the weekend to Monday
    ],
)
def test_quiet_nights_and_weekends(now, due):
    choices = NoticeChoices(quiet_from=time(20), quiet_until=time(7, 30), quiet_weekends=True)
    assert timing.due(utc(now), "now", choices, VIENNA) == utc(due)


def test_a_quiet_that_ends_in_the_hour_that_the_clocks_skip_ends_with_it():
    choices = NoticeChoices(quiet_from=time(22), quiet_until=time(2, 30))
    assert timing.due(utc("2026-03-28T23:00"), "now", choices, VIENNA) == utc("2026-03-29T01:30")


def test_a_quiet_that_ends_in_the_hour_that_comes_twice_keeps_nobody_for_a_day():
    choices = NoticeChoices(quiet_from=time(22), quiet_until=time(2, 30))
    due = timing.due(utc("2026-10-25T01:10"), "now", choices, VIENNA)  # 02:10 for the second time
    assert due <= utc("2026-10-25T01:30")


@given(MOMENTS, ZONES, TIMES, TIMES, st.booleans(), st.sampled_from(["now", "hourly", "daily"]))
def test_nothing_leaves_early_nor_in_the_quiet_nor_days_late(now, zone, begins, ends, weekends, pace):
    if begins == ends:
        return
    choices, zone = NoticeChoices(quiet_from=begins, quiet_until=ends, quiet_weekends=weekends), ZoneInfo(zone)
    due = timing.due(now, pace, choices, zone)
    assert now <= due <= now + timedelta(days=5)
    assert timing._quiet_until(due, choices, zone) is None
