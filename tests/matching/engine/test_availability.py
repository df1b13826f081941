"""When people work, hour by hour in UTC: summer time, half hours, night shifts, and the far side of the date line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.engine import Population, WorkingHours
from matching_service.engine.problem.availability import HOURS_PER_WEEK, MONDAY_TO_FRIDAY, weekly_hours, zone
from tests.matching.engine.people import person

WINTER = date(2026, 1, 14)
SUMMER = date(2026, 7, 15)
BETWEEN_AMERICAN_AND_EUROPEAN_SUMMER_TIME = date(2026, 3, 18)
CLOCKS_CHANGE_IN_EUROPE_ON_SUNDAY = date(2026, 3, 25)
MONDAY, SATURDAY, SUNDAY = 0, 5, 6


def hours_of(mask: int) -> list[tuple[int, int]]:
    """(day, hour) in UTC of every bit."""
    return [divmod(hour, 24) for hour in range(HOURS_PER_WEEK) if mask >> hour & 1]


def on(day: int, start: int, end: int) -> WorkingHours:
    return WorkingHours(start * 60, end * 60, frozenset({day}))


def test_office_hours_in_london_are_utc_in_winter_and_an_hour_earlier_in_summer() -> None:
    monday = on(MONDAY, 9, 17)

    assert hours_of(weekly_hours("Europe/London", monday, WINTER)) == [(0, hour) for hour in range(9, 17)]
    assert hours_of(weekly_hours("Europe/London", monday, SUMMER)) == [(0, hour) for hour in range(8, 16)]


def test_new_york_and_berlin_share_an_hour_more_while_only_america_has_summer_time() -> None:
    def common(week: date) -> int:
        offices = (weekly_hours(place, WorkingHours(), week) for place in ("Europe/Berlin", "America/New_York"))
        return (next(offices) & next(offices)).bit_count()

    assert common(WINTER) == common(SUMMER) == 5 * 2
    assert common(BETWEEN_AMERICAN_AND_EUROPEAN_SUMMER_TIME) == 5 * 3


@pytest.mark.parametrize(
    ("place", "hours"),
    [
        ("Asia/Kolkata", range(4, 11)),  # +5:30: 03:30 to 11:30
        ("Asia/Kathmandu", range(4, 11)),  # +5:45: 03:15 to 11:15
        ("America/St_Johns", range(13, 20)),  # -3:30 in winter: 12:30 to 20:30
    ],
)
def test_only_hours_that_lie_wholly_within_the_working_day_count(place: str, hours: range) -> None:
    assert hours_of(weekly_hours(place, on(MONDAY, 9, 17), WINTER)) == [(0, hour) for hour in hours]


def test_two_zones_with_the_same_half_hour_share_their_whole_hours() -> None:
    kolkata = weekly_hours("Asia/Kolkata", WorkingHours(), WINTER)
    adelaide = weekly_hours("Australia/Adelaide", WorkingHours(), WINTER)  # +10:30 in January

    assert kolkata.bit_count() == adelaide.bit_count() == 35
    assert (kolkata & adelaide).bit_count() == 5 * 2  # 03:30 to 06:30 holds the hours from 4 and 5


def test_a_monday_morning_in_auckland_is_a_sunday_evening_in_utc() -> None:
    mask = weekly_hours("Pacific/Auckland", on(MONDAY, 9, 17), WINTER)  # +13 in January

    assert hours_of(mask) == [(0, hour) for hour in range(4)] + [(6, hour) for hour in range(20, 24)]


def test_a_night_shift_ends_on_the_next_day_and_a_sunday_night_on_monday() -> None:
    mask = weekly_hours("UTC", WorkingHours(22 * 60, 2 * 60, frozenset({MONDAY, SUNDAY})), WINTER)

    assert hours_of(mask) == [(0, 0), (0, 1), (0, 22), (0, 23), (1, 0), (1, 1), (6, 22), (6, 23)]


def test_on_the_day_the_clocks_change_hours_follow_the_wall_clock() -> None:
    mask = weekly_hours("Europe/Berlin", WorkingHours(0, 6 * 60, frozenset({SUNDAY})), CLOCKS_CHANGE_IN_EUROPE_ON_SUNDAY)

    assert hours_of(mask) == [(5, 23), (6, 0), (6, 1), (6, 2), (6, 3)]  # 02:00 to 03:00 does not exist that day


def test_clocks_may_change_in_the_middle_of_an_hour() -> None:
    newfoundland_goes_back = date(2026, 10, 28)  # on Sunday 1 November at 04:30 UTC, from 02:00 to 01:00
    until_two, from_two = on(SUNDAY, 0, 2), on(SUNDAY, 2, 4)

    assert hours_of(weekly_hours("America/St_Johns", until_two, newfoundland_goes_back)) == [(6, 3), (6, 4)]
    assert hours_of(weekly_hours("America/St_Johns", from_two, newfoundland_goes_back)) == [(6, 6)]
    assert weekly_hours("America/St_Johns", WorkingHours(0, 1440, frozenset(range(7))), WINTER).bit_count() == 168


@settings(max_examples=25, deadline=None)
@given(
    place=st.sampled_from(
        [
            "UTC",
            "Asia/Kathmandu",
            "America/St_Johns",
            "Pacific/Chatham",
            "Pacific/Kiritimati",
            "Europe/Berlin",
            "America/Caracas",
        ]
    ),
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    weekdays=st.frozensets(st.integers(0, 6)),
    week=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_an_hour_counts_exactly_when_every_minute_of_it_is_worked(
    place: str, start: int, length: int, weekdays: frozenset[int], week: date
) -> None:
    end = (start + length) % 1440
    monday = datetime(week.year, week.month, week.day, tzinfo=UTC) - timedelta(days=week.weekday())

    def worked(hour: int, minute: int) -> bool:
        local = (monday + timedelta(hours=hour, minutes=minute)).astimezone(zone(place))
        now = local.hour * 60 + local.minute
        yesterday = (local.weekday() - 1) % 7
        if start < end:
            return local.weekday() in weekdays and start <= now < end
        return (local.weekday() in weekdays and now >= start) or (yesterday in weekdays and now < end)

    mask = weekly_hours(place, WorkingHours(start, end, weekdays), week)

    assert [bool(mask >> hour & 1) for hour in range(HOURS_PER_WEEK)] == [
        all(worked(hour, minute) for minute in range(60)) for hour in range(HOURS_PER_WEEK)
    ]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe/Berlin\x00", "europe", "x" * 10_000])
def test_an_unknown_time_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="Unknown time zone"):
        Population.of([person(0, time_zone=name)], WINTER)


@pytest.mark.parametrize(("start", "end", "weekdays"), [(540, 540, {0}), (-1, 60, {0}), (0, 1441, {0}), (0, 60, {7})])
def test_working_hours_that_mean_nothing_are_refused(start: int, end: int, weekdays: set[int]) -> None:
    with pytest.raises(ValueError, match=r"Working hours|Weekdays"):
        WorkingHours(start, end, frozenset(weekdays))


def test_nobody_works_without_working_days() -> None:
    assert weekly_hours("UTC", WorkingHours(weekdays=frozenset()), WINTER) == 0
    assert frozenset(range(5)) == MONDAY_TO_FRIDAY
