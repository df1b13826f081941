"""People and programs, as far as sessions needs to know them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from peerloom_service.problems import Conflict, Invalid
from sessions_service.slots import Diary, Hours, Slot, lies_within


class FactsMissing(Conflict):
    title = "Some facts about the people or the program have not arrived yet"


class TimeZoneUnknown(Conflict):
    title = "A participant's time zone is not known to this release"


class OutsideProgram(Invalid):
    title = "A session must lie within the dates of its program"


@dataclass(frozen=True, slots=True)
class Participant:
    """A person, as far as sessions needs to know: when they work. From `leaving_on` on they no longer do; None: nobody knows.

    While `on_leave`, no session is planned for them.
    """

    id: UUID
    version: int
    time_zone: str
    working_hours: Hours
    leaving_on: date | None = None
    on_leave: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Raises: TimeZoneUnknown for a name that this machine's time zone data lacks."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise TimeZoneUnknown(f"{self.time_zone} is not in the time zone data. Correct it in the profile.") from error

    def diary(self, taken: Sequence[Slot] = ()) -> Diary:
        """Raises: TimeZoneUnknown."""
        return Diary(self.zone, self.working_hours, tuple(taken))


@dataclass(frozen=True, slots=True)
class Program:
    """A program, as far as sessions needs to know: how long and how often its people meet, and between which days.

    `format` is None for a program that was kept before its format was read.
    """

    id: UUID
    version: int
    session_minutes: int
    cadence_days: int
    starts_on: date
    ends_on: date
    format: str | None = None

    @property
    def session_length(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

    @property
    def cadence(self) -> timedelta:
        """From one session to the next."""
        return timedelta(days=self.cadence_days)

    def is_over(self, now: datetime) -> bool:
        """Whether its last day has ended everywhere on Earth (UTC-12 is the last zone to end it)."""
        return (now - timedelta(hours=12)).date() > self.ends_on

    def last_day_with(self, people: Iterable[Participant]) -> date:
        """The last day on which these people can meet in it: all of them still work here."""
        leaving = [person.leaving_on - timedelta(days=1) for person in people if person.leaving_on is not None]
        return min([self.ends_on, *leaving])

    def refuse_outside(self, slot: Slot, people: Iterable[Participant]) -> None:
        """Raises: OutsideProgram where the slot is not within the program's days on somebody's own calendar, or behind the
        last day of somebody who leaves.
        """
        people = list(people)
        last_day = self.last_day_with(people)
        if not all(lies_within(slot, person.zone, self.starts_on, last_day) for person in people):
            raise OutsideProgram(f"They can meet from {self.starts_on} to {last_day}. Choose a time between these days.")
