"""When people can meet: the time they all work, less the time they are taken. Pure.

Working hours are wall time and a zone; they become instants in UTC here, day by day, before anything is compared or added:
arithmetic on local times is wrong by the shift whenever clocks change.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, reduce
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

GRID: Final = timedelta(minutes=15)
"""Slots start at whole quarters of an hour, which every zone of today shares."""

HORIZON: Final = timedelta(weeks=53)
"""How far ahead is looked: hours repeat every week and clock changes every year, so who finds nothing by then never will."""

_DAY: Final = timedelta(days=1)
_MINUTES_PER_DAY: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Slot(NamedTuple):
    """A span of time, both ends in UTC; the end is not part of it."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours in wall time of the person's zone: minutes after midnight, ISO weekdays they start on.

    An end before the start lies on the next day: a night shift.
    """

    starts: int
    ends: int
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Diary:
    """When somebody works, and when they are taken."""

    zone: ZoneInfo
    hours: Hours
    taken: tuple[Slot, ...] = ()


def common_slots(
    diaries: Sequence[Diary], *, length: timedelta, first_day: date, last_day: date, earliest: datetime
) -> Iterator[Slot]:
    """Every slot of that length in which all work and nobody is taken, in order of time, a quarter of an hour apart.

    None starts before `earliest` (aware). Each lies within the days `first_day` to `last_day`, both included, on everybody's
    own calendar, and within one day's hours of everybody.
    """
    shared = reduce(_overlap, (_working(diary, first_day, last_day, earliest) for diary in diaries))
    taken = sorted(slot for diary in diaries for slot in diary.taken)
    for free in _without(shared, taken):
        starts_at = _on_grid(max(free.starts_at, earliest))
        while starts_at + length <= free.ends_at:
            yield Slot(starts_at, starts_at + length)
            starts_at += GRID


def lies_within(slot: Slot, zone: ZoneInfo, first_day: date, last_day: date) -> bool:
    """Whether a slot lies within these days on the calendar of that zone."""
    last_moment = slot.ends_at - timedelta(microseconds=1)
    return first_day <= slot.starts_at.astimezone(zone).date() and last_moment.astimezone(zone).date() <= last_day


def _working(diary: Diary, first_day: date, last_day: date, since: datetime) -> Iterator[Slot]:
    """Somebody's working hours from the day before `since` on, cut to the days asked for."""
    today = since.astimezone(diary.zone).date()
    first_day, last_day = max(first_day, today), min(last_day, today + HORIZON)
    if first_day > last_day:
        return
    opens = _later(diary.zone, first_day, 0)
    closes = _earlier(diary.zone, last_day, _MINUTES_PER_DAY)
    day = first_day - _DAY  # a night shift of the day before reaches into the first
    while day <= last_day:
        if day.isoweekday() in diary.hours.weekdays:
            worked = _hours_of(diary.zone, diary.hours.starts, diary.hours.ends, day)
            starts_at, ends_at = max(worked.starts_at, opens), min(worked.ends_at, closes)
            if starts_at < ends_at:
                yield Slot(starts_at, ends_at)
        day += _DAY


@lru_cache(maxsize=32_768)
def _hours_of(zone: ZoneInfo, starts: int, ends: int, day: date) -> Slot:
    """One day's hours; empty or turned round where nothing is left of them. Cached: an organisation has few kinds of hours."""
    if ends < starts:
        ends += _MINUTES_PER_DAY
    return Slot(_later(zone, day, starts), _earlier(zone, day, ends))


def _later(zone: ZoneInfo, day: date, minute: int) -> datetime:
    # A wall time that clocks show twice, or skip, has two readings. The later one begins hours and the earlier one ends
    # them, so that what lies between is within the hours whichever is meant.
    return max(_readings(zone, day, minute))


def _earlier(zone: ZoneInfo, day: date, minute: int) -> datetime:
    return min(_readings(zone, day, minute))


def _readings(zone: ZoneInfo, day: date, minute: int) -> tuple[datetime, datetime]:
    days, minute = divmod(minute, _MINUTES_PER_DAY)
    wall = datetime.combine(day + days * _DAY, time(minute // 60, minute % 60), tzinfo=zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def _overlap(ours: Iterator[Slot], theirs: Iterator[Slot]) -> Iterator[Slot]:
    """What two ordered series of spans share."""
    our, their = next(ours, None), next(theirs, None)
    while our is not None and their is not None:
        starts_at, ends_at = max(our.starts_at, their.starts_at), min(our.ends_at, their.ends_at)
        if starts_at < ends_at:
            yield Slot(starts_at, ends_at)
        if our.ends_at <= their.ends_at:
            our = next(ours, None)
        else:
            their = next(theirs, None)


def _without(spans: Iterator[Slot], taken: Iterable[Slot]) -> Iterator[Slot]:
    """What is left of ordered spans; `taken` is ordered by start and may overlap itself."""
    coming = iter(taken)
    next_taken = next(coming, None)
    taken_until = datetime.min.replace(tzinfo=UTC)
    for span in spans:
        free_from = max(span.starts_at, taken_until)
        while next_taken is not None and next_taken.starts_at < span.ends_at:
            if free_from < next_taken.starts_at:
                yield Slot(free_from, next_taken.starts_at)
            taken_until = max(taken_until, next_taken.ends_at)
            free_from = max(free_from, taken_until)
            next_taken = next(coming, None)
        if free_from < span.ends_at:
            yield Slot(free_from, span.ends_at)


def _on_grid(moment: datetime) -> datetime:
    """The first quarter of an hour that is not before this moment."""
    return _EPOCH - (_EPOCH - moment) // GRID * GRID
