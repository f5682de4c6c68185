"""Business time: exact across nights, weekends, holidays and changes of the clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from handoff.sla import Calendar

VIENNA = ZoneInfo("Europe/Vienna")
ten_to_six = Calendar(VIENNA, time(10), time(18), frozenset(range(5)))
CALENDARS = st.builds(
    lambda zone, opens, hours, days, country: Calendar(
        ZoneInfo(zone), time(opens), time(opens + hours - 1, 59), frozenset(days), country
    ),
    st.sampled_from(["UTC", "Europe/Vienna", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.integers(0, 12),
    st.integers(2, 11),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["", "AT", "US"]),
)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
MINUTES = st.integers(0, 6_000)


def vienna(*when):
    return datetime(*when, tzinfo=VIENNA)


def test_ten_hours_from_wednesday_afternoon_end_on_thursday_evening():
    assert ten_to_six.due(vienna(2026, 11, 18, 15), 600) == vienna(2026, 11, 19, 17)


def test_ten_hours_from_wednesday_night_end_on_friday_noon():
    assert ten_to_six.due(vienna(2026, 11, 18, 20), 600) == vienna(2026, 11, 20, 12)


def test_the_night_in_which_the_clocks_change_costs_nobody_an_hour():
    round_the_clock = Calendar(VIENNA, time(0), time(23, 59), frozenset(range(7)))
    spring = round_the_clock.minutes(vienna(2026, 3, 29, 0), vienna(2026, 3, 29, 23, 59))
    autumn = round_the_clock.minutes(vienna(2026, 10, 25, 0), vienna(2026, 10, 25, 23, 59))
    assert (spring, autumn) == (22 * 60 + 59, 24 * 60 + 59)


def test_a_holiday_is_not_counted():
    austrian = Calendar(VIENNA, time(10), time(18), frozenset(range(5)), "AT")
    assert austrian.due(vienna(2026, 12, 24, 17), 120) == vienna(2026, 12, 28, 11)


@given(CALENDARS, MOMENTS, MINUTES)
def test_the_minutes_until_a_due_time_are_the_minutes_promised(calendar, start, minutes):
    assert abs(calendar.minutes(start, calendar.due(start, minutes)) - minutes) < 1e-6


@given(CALENDARS, MOMENTS, MINUTES, MINUTES)
def test_a_pause_changes_nothing(calendar, start, first, second):
    assert calendar.due(calendar.due(start, first), second) == calendar.due(start, first + second) or second == 0


@given(CALENDARS, MOMENTS, MINUTES, MINUTES)
def test_a_longer_promise_is_never_due_earlier(calendar, start, one, other):
    assert calendar.due(start, min(one, other)) <= calendar.due(start, max(one, other))


@given(CALENDARS, MOMENTS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_minutes_add_up(calendar, start, first, second):
    middle, end = start + timedelta(minutes=first), start + timedelta(minutes=first + second)
    whole = calendar.minutes(start, end)
    assert abs(whole - calendar.minutes(start, middle) - calendar.minutes(middle, end)) < 1e-6


@given(CALENDARS, MOMENTS, st.integers(0, 4_000))
def test_minutes_agree_with_counting_them_one_by_one(calendar, start, span):
    start = start.replace(second=0, microsecond=0)

    def works(moment):
        local = moment.astimezone(calendar.zone)
        free = calendar.country and local.date() in _holidays(calendar.country, local.year)
        return local.weekday() in calendar.weekdays and not free and calendar.opens <= local.time() < calendar.closes

    counted = sum(works(start + timedelta(minutes=minute)) for minute in range(span))
    assert calendar.minutes(start, start + timedelta(minutes=span)) == counted


def _holidays(country, year):
    import holidays

    return holidays.country_holidays(country, years=year)
