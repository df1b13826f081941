"""When people can meet, where clocks change and where they do not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_service.slots import GRID, Diary, Hours, Slot, common_slots, lies_within

BERLIN, NEW_YORK, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
OFFICE = Hours(9 * 60, 17 * 60, (1, 2, 3, 4, 5))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# The days around which clocks change there, or a whole day is left out; Kolkata's never do.
CLOCK_CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kolkata", date(2027, 3, 28)),
    ("Africa/Casablanca", date(2027, 2, 7)),
    ("Africa/Casablanca", date(2027, 3, 14)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
ZONES = sorted({zone for zone, _ in CLOCK_CHANGES})


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def slots(
    *diaries: Diary, since: datetime, until: date, minutes: int = 45, first_day: date = date(2000, 1, 1)
) -> Iterator[Slot]:
    return common_slots(diaries, length=timedelta(minutes=minutes), first_day=first_day, last_day=until, earliest=since)


def works_at(diary: Diary, moment: datetime) -> bool:
    """Written as one would ask a colleague: what does your clock say, and do you work then?"""
    there = moment.astimezone(diary.zone)
    minute, hours = there.hour * 60 + there.minute, diary.hours
    today, yesterday = there.isoweekday() in hours.weekdays, (there - DAY).isoweekday() in hours.weekdays
    if hours.starts < hours.ends:
        return today and hours.starts <= minute < hours.ends
    return hours.ends < hours.starts and ((today and minute >= hours.starts) or (yesterday and minute < hours.ends))


def minutes_of(slot: Slot) -> Iterator[datetime]:
    moment = slot.starts_at
    while moment < slot.ends_at:
        yield moment
        moment += MINUTE


weekdays = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
any_hours = st.builds(Hours, st.integers(0, 1439), st.integers(0, 1440), weekdays)
long_hours = st.builds(Hours, st.integers(0, 600), st.integers(900, 1440), st.just((1, 2, 3, 4, 5, 6, 7)))


@st.composite
def people_around_a_clock_change(draw: st.DrawFn) -> tuple[list[Diary], datetime]:
    """Two or three people's diaries, one of them where clocks change soon after the moment that comes with them."""
    zone, day = draw(st.sampled_from(CLOCK_CHANGES))
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=draw(st.integers(0, 72)))
    since += timedelta(minutes=draw(st.integers(0, 59)), seconds=draw(st.integers(0, 59)))
    zones = [zone, *draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))]
    meetings = st.lists(st.tuples(st.integers(0, 7 * 24 * 60), st.integers(1, 300)), max_size=6)
    diaries = []
    for name in zones:
        taken = tuple(Slot(since + minutes * MINUTE, since + (minutes + length) * MINUTE) for minutes, length in draw(meetings))
        diaries.append(Diary(ZoneInfo(name), draw(st.one_of(long_hours, any_hours)), taken))
    return diaries, since


@settings(max_examples=150, deadline=None)
@given(people_around_a_clock_change(), st.integers(15, 240))
def test_a_slot_lies_in_everybodys_working_hours_and_in_nobodys_other_meeting(
    given_people: tuple[list[Diary], datetime], minutes: int
) -> None:
    diaries, since = given_people
    until = since.date() + 5 * DAY
    found = list(islice(slots(*diaries, since=since, until=until, minutes=minutes), 400))
    for slot in found:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert slot.starts_at >= since
        assert (slot.starts_at - utc(1970, 1, 1)) % GRID == timedelta(0)
        for diary in diaries:
            assert all(slot.ends_at <= taken.starts_at or taken.ends_at <= slot.starts_at for taken in diary.taken)
            assert lies_within(slot, diary.zone, date(2000, 1, 1), until)
    for slot in found[:: len(found) // 25 + 1]:
        assert all(works_at(diary, moment) for diary in diaries for moment in minutes_of(slot))
    assert found == sorted(set(found))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ZONES), any_hours), min_size=2, max_size=3),
    st.lists(st.tuples(st.integers(0, 3 * 24 * 60), st.integers(1, 300)), max_size=4),
    st.integers(0, 7 * 24 * 60),
)
def test_no_slot_is_overlooked_where_clocks_stand_still(
    people: list[tuple[str, Hours]], meetings: list[tuple[int, int]], offset: int
) -> None:
    since = utc(2026, 6, 1) + offset * MINUTE
    taken = tuple(Slot(since + begin * MINUTE, since + (begin + length) * MINUTE) for begin, length in meetings)
    diaries = [Diary(ZoneInfo(zone), hours, taken) for zone, hours in people]
    horizon = since + 3 * DAY
    quarters = [utc(2026, 6, 1) + number * GRID for number in range(10 * 96)]

    def can_meet(slot: Slot) -> bool:
        free = all(slot.ends_at <= other.starts_at or other.ends_at <= slot.starts_at for other in taken)
        return free and all(works_at(diary, moment) for diary in diaries for moment in minutes_of(slot))

    expected = [
        slot
        for slot in (Slot(start, start + timedelta(minutes=30)) for start in quarters if since <= start < horizon)
        if can_meet(slot) and not any(crosses_from_one_days_hours_to_the_next(diary, slot) for diary in diaries)
    ]

    found = [slot for slot in slots(*diaries, since=since, until=date(2026, 6, 30), minutes=30) if slot.starts_at < horizon]

    assert found == expected


def crosses_from_one_days_hours_to_the_next(diary: Diary, slot: Slot) -> bool:
    """Only where somebody works round the clock."""
    starts = [slot.starts_at.astimezone(diary.zone).date() + days * DAY for days in (0, 1)]
    begins = [
        datetime(day.year, day.month, day.day, diary.hours.starts // 60, diary.hours.starts % 60, tzinfo=diary.zone)
        for day in starts
    ]
    return any(slot.starts_at < begin < slot.ends_at for begin in begins)


def test_nine_oclock_in_berlin_comes_an_hour_earlier_once_summer_time_begins() -> None:
    colleagues = Diary(BERLIN, OFFICE), Diary(BERLIN, OFFICE)
    friday = next(slots(*colleagues, since=utc(2027, 3, 26), until=date(2027, 4, 30)))
    monday = next(slots(*colleagues, since=utc(2027, 3, 28), until=date(2027, 4, 30)))
    assert friday.starts_at == utc(2027, 3, 26, 8)
    assert monday.starts_at == utc(2027, 3, 29, 7)


def test_berlin_and_new_york_share_an_hour_more_while_only_one_has_changed_its_clocks() -> None:
    pair = Diary(BERLIN, OFFICE), Diary(NEW_YORK, OFFICE)

    def shared_hours(day: date) -> timedelta:
        found = list(slots(*pair, since=utc(day.year, day.month, day.day), until=day, minutes=15))
        return len(found) * GRID

    assert shared_hours(date(2027, 3, 10)) == timedelta(hours=2)
    assert shared_hours(date(2027, 3, 17)) == timedelta(hours=3)
    assert shared_hours(date(2027, 3, 31)) == timedelta(hours=2)


def test_hours_that_begin_while_clocks_jump_begin_when_the_clock_has_certainly_passed_them() -> None:
    early = Diary(BERLIN, Hours(2 * 60 + 30, 6 * 60, (7,)))
    first = next(slots(early, since=utc(2027, 3, 28), until=date(2027, 3, 28)))
    assert first.starts_at.astimezone(BERLIN).hour == 3


@pytest.mark.parametrize(
    ("one", "other"), [("Asia/Kolkata", "America/Los_Angeles"), ("Australia/Lord_Howe", "Africa/Casablanca")]
)
def test_people_whose_days_never_meet_get_no_slot(one: str, other: str) -> None:
    pair = Diary(ZoneInfo(one), OFFICE), Diary(ZoneInfo(other), OFFICE)
    assert list(slots(*pair, since=utc(2026, 11, 23), until=date(2036, 1, 1))) == []


def test_people_who_work_on_different_days_get_no_slot() -> None:
    pair = Diary(BERLIN, Hours(540, 1020, (1, 2))), Diary(BERLIN, Hours(540, 1020, (3, 4)))
    assert list(slots(*pair, since=utc(2026, 11, 23), until=date(2027, 6, 1))) == []


def test_hours_that_end_as_they_begin_are_no_hours() -> None:
    assert list(slots(Diary(BERLIN, Hours(540, 540, (1, 2, 3))), since=utc(2026, 11, 23), until=date(2027, 6, 1))) == []


def test_a_night_shift_goes_on_into_the_next_day() -> None:
    night, early = Diary(KOLKATA, Hours(22 * 60, 6 * 60, (1,))), Diary(KOLKATA, Hours(4 * 60, 12 * 60, (2,)))
    four_in_the_morning = datetime(2026, 11, 24, 4, 0, tzinfo=KOLKATA)
    for asked_at in (utc(2026, 11, 23), four_in_the_morning - 3 * 60 * MINUTE):
        assert next(slots(night, early, since=asked_at, until=date(2026, 12, 24))).starts_at == four_in_the_morning


def test_a_day_the_calendar_left_out_has_no_slot() -> None:
    samoan = Diary(ZoneInfo("Pacific/Apia"), Hours(540, 1020, (1, 2, 3, 4, 5, 6, 7)))
    days = [
        slot.starts_at.astimezone(samoan.zone).date()
        for slot in slots(samoan, since=utc(2011, 12, 29, 10), until=date(2012, 1, 1))
    ]
    assert sorted(set(days)) == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]


def test_slots_lie_within_the_programs_days_on_everybodys_own_calendar() -> None:
    round_the_clock = Hours(0, 1440, (1, 2, 3, 4, 5, 6, 7))
    pair = Diary(ZoneInfo("Pacific/Apia"), round_the_clock), Diary(ZoneInfo("America/New_York"), round_the_clock)
    day = date(2026, 12, 1)
    found = list(slots(*pair, since=utc(2026, 11, 23), first_day=day, until=day, minutes=30))
    assert found[0].starts_at == utc(2026, 12, 1, 5)  # New York's day begins
    assert found[-1].ends_at == utc(2026, 12, 1, 11)  # Apia's day ends


def test_a_meeting_in_the_middle_of_the_day_leaves_the_time_before_and_after_it() -> None:
    lunch = Slot(utc(2026, 12, 1, 9), utc(2026, 12, 1, 15))
    busy, free = Diary(BERLIN, OFFICE, (lunch,)), Diary(BERLIN, OFFICE)
    found = list(slots(busy, free, since=utc(2026, 12, 1), until=date(2026, 12, 1), minutes=60))
    assert found == [
        Slot(utc(2026, 12, 1, 8), utc(2026, 12, 1, 9)),
        Slot(utc(2026, 12, 1, 15), utc(2026, 12, 1, 16)),
    ]


def test_a_short_meeting_during_a_retreat_does_not_end_the_retreat() -> None:
    retreat, call = Slot(utc(2026, 12, 1, 8), utc(2026, 12, 2, 14)), Slot(utc(2026, 12, 1, 9), utc(2026, 12, 1, 10))
    first = next(slots(Diary(BERLIN, OFFICE, (retreat, call)), since=utc(2026, 12, 1), until=date(2026, 12, 2)))
    assert first.starts_at == retreat.ends_at


@pytest.mark.parametrize("until", [date.max, date(2999, 1, 1)])
def test_a_program_that_never_ends_does_not_make_the_search_endless(until: date) -> None:
    pair = Diary(KOLKATA, OFFICE), Diary(ZoneInfo("America/Los_Angeles"), OFFICE)
    assert list(slots(*pair, since=utc(2026, 11, 23), until=until)) == []


@pytest.mark.parametrize("first_day", [date.min, date.max])
def test_a_program_of_any_dates_can_be_asked_about(first_day: date) -> None:
    found = list(slots(Diary(BERLIN, OFFICE), since=utc(2026, 11, 23), first_day=first_day, until=date.max))
    assert bool(found) is (first_day == date.min)
