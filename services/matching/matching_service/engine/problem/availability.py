"""When somebody works, as 168 bits: one for each hour of a week in UTC, Monday 00:00 first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOURS_PER_WEEK = 168
_MINUTES_PER_DAY = 24 * 60
_MINUTES_PER_WEEK = 7 * _MINUTES_PER_DAY
MONDAY_TO_FRIDAY = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Local working hours: minutes after local midnight, on ``weekdays`` (Monday is 0).

    An ``end`` at or before ``start`` lies on the next day (a night shift).
    """

    start: int = 9 * 60
    end: int = 17 * 60
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY

    def __post_init__(self) -> None:
        if not (0 <= self.start < _MINUTES_PER_DAY and 0 <= self.end <= _MINUTES_PER_DAY):
            raise ValueError(f"Working hours {self.start}-{self.end} are not minutes of a day (0 to 1440).")
        if self.start == self.end:
            raise ValueError(f"Working hours that start and end at minute {self.start} leave open what is meant.")
        if not self.weekdays <= frozenset(range(7)):
            raise ValueError(f"Weekdays {sorted(self.weekdays)} are not within 0 (Monday) to 6 (Sunday).")


OFFICE_HOURS = WorkingHours()


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises: ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError(f"Unknown time zone {name!r}; an IANA name such as 'Europe/Berlin' is expected.") from unknown


@lru_cache(maxsize=4096)
def weekly_hours(time_zone: str, hours: WorkingHours, week_of: date) -> int:
    """The UTC hours of the week around ``week_of`` that lie wholly within somebody's working hours.

    Returns a 168-bit number: bit h is the h-th hour after Monday 00:00 UTC. An hour counts when every minute of it is
    worked, so in a zone that is half an hour off UTC an eight-hour day gives seven: an hour is never promised that is
    not there. Summer time is followed, even where clocks change within an hour.
    """
    place = zone(time_zone)
    working = _working_minutes(hours)
    monday = datetime(week_of.year, week_of.month, week_of.day, tzinfo=UTC) - timedelta(days=week_of.weekday())
    mask = 0
    for hour in range(HOURS_PER_WEEK):
        begins = (monday + timedelta(hours=hour)).astimezone(place)
        ends = (monday + timedelta(hours=hour, minutes=59)).astimezone(place)
        first = _minute_of_week(begins)
        if begins.utcoffset() == ends.utcoffset():
            minutes = [(first + later) % _MINUTES_PER_WEEK for later in range(60)]
        else:
            moments = (monday + timedelta(hours=hour, minutes=later) for later in range(60))
            minutes = [_minute_of_week(moment.astimezone(place)) for moment in moments]
        if all(working[minute] for minute in minutes):
            mask |= 1 << hour
    return mask


def _minute_of_week(local: datetime) -> int:
    return local.weekday() * _MINUTES_PER_DAY + local.hour * 60 + local.minute


def _working_minutes(hours: WorkingHours) -> bytearray:
    """One byte for each minute of a local week, Monday 00:00 first: 1 where somebody works."""
    length = (hours.end - hours.start) % _MINUTES_PER_DAY or _MINUTES_PER_DAY
    working = bytearray(_MINUTES_PER_WEEK)
    for weekday in hours.weekdays:
        begin = weekday * _MINUTES_PER_DAY + hours.start
        for minute in range(begin, begin + length):
            working[minute % _MINUTES_PER_WEEK] = 1
    return working
