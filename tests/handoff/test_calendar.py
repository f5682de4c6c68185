"""Business time: exact across nights, weekends, holidays, changes of the clocks and the turn of a year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.calendar import Calendar
from handoff.models import Agreement

VIENNA = ZoneInfo("Europe/Vienna")
ten_to_six = Calendar(VIENNA, time(10), time(18), frozenset(range(5)))
#: Clocks that move by an hour, by half of one, at midnight, backwards in January; and one that once left out a day.
ZONES = [
    "UTC", "Europe/Vienna", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo",
    "Africa/Casablanca", "Pacific/Apia",
]  # fmt: skip
QUARTERS = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
DAYS = st.dates(date(2024, 12, 20), date(2028, 1, 10))
HOURS = st.tuples(QUARTERS, QUARTERS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: tuple(sorted(pair)))


@st.composite
def calendars(draw):
    opens, closes = draw(HOURS)
    return Calendar(
        ZoneInfo(draw(st.sampled_from(ZONES))),
        opens,
        draw(st.sampled_from([closes, time(0)])),
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        draw(st.sampled_from(["", "AT", "US", "DE-BY"])),
        draw(st.frozensets(DAYS, max_size=9)),
        tuple((day, *draw(HOURS)) for day in draw(st.lists(st.integers(0, 6), max_size=7, unique=True))),
    )


CALENDARS = calendars()
NEAR_A_CHANGE = st.sampled_from([datetime(2026, 3, 28, 20), datetime(2026, 10, 24, 20), datetime(2026, 12, 31, 12),
                                 datetime(2027, 4, 3, 1), datetime(2011, 12, 29, 12), datetime(2026, 4, 4, 12), datetime(2026, 4, 23, 20)])  # fmt: skip
MOMENTS = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.builds(
        lambda start, minutes: (start + timedelta(minutes=minutes)).replace(tzinfo=UTC),
        NEAR_A_CHANGE,
        st.integers(0, 900),
    ),
)
MINUTES = st.integers(0, 6_000)


def vienna(*when):
    return datetime(*when, tzinfo=VIENNA)


def test_ten_hours_from_wednesday_afternoon_end_on_thursday_evening():
    assert ten_to_six.due(vienna(2026, 11, 18, 15), 600) == vienna(2026, 11, 19, 17)


def test_ten_hours_from_wednesday_night_end_on_friday_noon():
    assert ten_to_six.due(vienna(2026, 11, 18, 20), 600) == vienna(2026, 11, 20, 12)


def test_the_night_in_which_the_clocks_change_costs_nobody_an_hour():
    round_the_clock = Calendar(VIENNA, time(0), time(0), frozenset(range(7)))
    assert round_the_clock.minutes(vienna(2026, 3, 29), vienna(2026, 3, 30)) == 23 * 60
    assert round_the_clock.minutes(vienna(2026, 10, 25), vienna(2026, 10, 26)) == 25 * 60


def test_hours_that_begin_while_the_clocks_are_moved_begin_at_that_moment():
    early = Calendar(VIENNA, time(2, 30), time(5), frozenset(range(7)))
    assert early.minutes(vienna(2026, 3, 29), vienna(2026, 3, 30)) == 120
    assert early.minutes(vienna(2026, 3, 30), vienna(2026, 3, 31)) == 150
    assert early.minutes(vienna(2026, 10, 25), vienna(2026, 10, 26)) == 210


def test_a_holiday_is_not_counted_and_neither_is_a_day_off_of_our_own():
    austrian = Calendar(VIENNA, time(10), time(18), frozenset(range(5)), "AT")
    assert austrian.due(vienna(2026, 12, 24, 17), 120) == vienna(2026, 12, 28, 11)
    outing = Calendar(VIENNA, time(10), time(18), frozenset(range(5)), "AT", frozenset([date(2026, 12, 28)]))
    assert outing.due(vienna(2026, 12, 24, 17), 120) == vienna(2026, 12, 29, 11)


def test_a_promise_goes_over_the_turn_of_the_year_by_the_clocks_of_its_own_zone():
    auckland = Calendar(ZoneInfo("Pacific/Auckland"), time(9), time(17), frozenset(range(7)))
    new_year = datetime(2027, 1, 1, 9, tzinfo=ZoneInfo("Pacific/Auckland"))
    assert new_year.astimezone(UTC).year == 2026
    assert auckland.due(datetime(2026, 12, 31, 16, tzinfo=new_year.tzinfo), 90) == new_year + timedelta(minutes=30)
    assert auckland.minutes(datetime(2024, 2, 28, tzinfo=UTC), datetime(2028, 2, 28, tzinfo=UTC)) == 1461 * 480


def test_a_weekday_may_have_hours_of_its_own():
    short_friday = Calendar(VIENNA, time(10), time(18), frozenset(range(5)), hours=((4, time(10), time(14)),))
    assert short_friday.due(vienna(2026, 11, 20, 13), 120) == vienna(2026, 11, 23, 11)
    assert "Fri 10:00-14:00" in str(short_friday)


def test_the_calendar_of_an_agreement_has_the_hours_of_each_of_its_weekdays():
    terms = Agreement(time_zone="Europe/Vienna", opens=time(10), closes=time(18), weekdays=[0, 2, 4])
    terms.hours = {"4": ["10:00", "14:00"], "2": ["12:00", "20:00"], "5": ["10:00", "12:00"]}
    calendar = Calendar.of(terms)
    assert str(calendar) == "Mon 10:00-18:00, Wed 12:00-20:00, Fri 10:00-14:00 Europe/Vienna"
    assert calendar.due(vienna(2026, 11, 18, 11), 600) == vienna(2026, 11, 20, 12)
    assert calendar.minutes(vienna(2026, 11, 20), vienna(2026, 11, 23, 11)) == 300  # a Saturday that is no working day
    assert (calendar.day, calendar.span(800)) == (400, timedelta(days=2))


def test_a_calendar_that_never_opens_long_enough_says_so():
    never = Calendar(VIENNA, time(10), time(18), frozenset([4]), off=frozenset(_fridays()))
    with pytest.raises(ValueError, match="never opens"):
        never.due(vienna(2026, 11, 18, 15), 60)
    with pytest.raises(ValueError, match="never opens"):
        never.due(vienna(2026, 11, 18, 15), 0)


def _fridays():
    day = date(2025, 1, 3)
    while day.year < 2040:
        yield day
        day += timedelta(days=7)


def test_two_hand_offs_of_one_agreement_share_a_calendar():
    agreement = Agreement.objects.in_force()
    assert Calendar.of(agreement) is Calendar.of(Agreement.objects.get(pk=agreement.pk))


@given(CALENDARS, MOMENTS, MINUTES)
def test_the_minutes_until_a_due_time_are_the_minutes_promised(calendar, start, minutes):
    assert calendar.minutes(start, calendar.due(start, minutes)) == minutes


@given(CALENDARS, MOMENTS, MINUTES)
def test_a_due_time_is_the_first_moment_with_so_much_behind_it(calendar, start, minutes):
    due = calendar.due(start, minutes + 1)
    assert calendar.worked(start, due - timedelta(microseconds=1)) < timedelta(minutes=minutes + 1)


@given(CALENDARS, MOMENTS, MINUTES, MINUTES)
def test_a_pause_changes_nothing(calendar, start, first, second):
    assert calendar.due(calendar.due(start, first), second) == calendar.due(start, first + second) or second == 0


@given(CALENDARS, MOMENTS, MINUTES, st.integers(0, 3_000), st.integers(0, 3_000))
def test_a_clock_that_rests_and_goes_on_has_run_as_long_as_was_promised(calendar, start, promised, until, rest):
    paused = min(start + timedelta(minutes=until), calendar.due(start, promised))
    used = calendar.worked(start, paused)
    resumed = paused + timedelta(minutes=rest)
    left = promised - used.total_seconds() / 60
    assert used + calendar.worked(resumed, calendar.due(resumed, left)) == timedelta(minutes=promised)


@given(CALENDARS, MOMENTS, MINUTES, MINUTES)
def test_a_longer_promise_is_never_due_earlier(calendar, start, one, other):
    assert calendar.due(start, min(one, other)) <= calendar.due(start, max(one, other))


@given(CALENDARS, MOMENTS, st.integers(0, 3_000_000_000), MINUTES)
def test_a_later_start_is_never_due_earlier(calendar, start, later, minutes):
    assert calendar.due(start, minutes) <= calendar.due(start + timedelta(microseconds=later), minutes)


@given(CALENDARS, MOMENTS, MOMENTS, MOMENTS)
def test_minutes_add_up(calendar, start, middle, end):
    assert calendar.worked(start, middle) + calendar.worked(middle, end) == calendar.worked(start, end)


@settings(max_examples=40)
@given(CALENDARS, MOMENTS, st.integers(0, 4_000))
def test_minutes_agree_with_counting_them_one_by_one(calendar, start, span):
    start = start.replace(second=0, microsecond=0)
    working = minute_by_minute(calendar, start, span)
    end = start + timedelta(minutes=span)
    assert calendar.minutes(start, end) == sum(working)
    assert sum((b - a for a, b in windows(calendar, start, end)), timedelta()) == timedelta(minutes=sum(working))


def windows(calendar, start, end):
    for opens, closes in calendar.windows(start):
        if opens >= end:
            return
        yield opens, min(closes, end)


def minute_by_minute(calendar, start, span):
    """Walk through time from two days earlier, looking at the wall clock every minute: an oracle that knows no sums.

    A day's hours begin when the clock first shows the opening time or later, and end when it first shows the closing
    time or later, or another day.
    """
    own = {weekday: (opens, closes) for weekday, opens, closes in calendar.hours}
    reached = {}
    working = []
    for minute in range(-2 * 24 * 60, span):
        moment = start + timedelta(minutes=minute)
        wall = moment.astimezone(calendar.zone)
        opens, closes = own.get(wall.weekday(), (calendar.opens, calendar.closes))
        opened, closed = reached.get(wall.date(), (False, False))
        opened = opened or wall.time() >= opens
        closed = closed or (closes != time(0) and wall.time() >= closes)
        reached[wall.date()] = opened, closed
        if minute >= 0:
            free = wall.date() in calendar.off or wall.date() in public(calendar.country, wall.year)
            working.append(wall.weekday() in calendar.weekdays and not free and opened and not closed)
    return working


def public(country, year):
    land, _dash, part = country.partition("-")
    return holidays.country_holidays(land, subdiv=part or None, years=year) if land else ()


@pytest.mark.parametrize(
    ("own", "reader", "day", "told"),
    [
        ("UTC", "Europe/Vienna", 1, "Mon-Fri 10:00-18:30 CET"),
        ("UTC", "Europe/Vienna", 7, "Mon-Fri 11:00-19:30 CEST"),
        ("Europe/Vienna", "Europe/Vienna", 7, "Mon-Fri 09:00-17:30 CEST"),
        ("UTC", "Asia/Tokyo", 1, "Mon-Fri 09:00-17:30 UTC; times are shown in JST"),
        ("UTC", "Pacific/Honolulu", 1, "Mon-Fri 09:00-17:30 UTC; times are shown in HST"),
    ],
)
def test_hours_are_told_in_the_zone_of_their_reader_once(own, reader, day, told):
    calendar = Calendar(ZoneInfo(own), time(9), time(17, 30), frozenset(range(5)))
    assert calendar.told(ZoneInfo(reader), datetime(2026, day, 12, tzinfo=UTC)) == told
