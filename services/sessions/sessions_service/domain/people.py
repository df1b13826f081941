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
    """A person, as far as sessions needs to know: when they work."""

    id: UUID
    version: int
    time_zone: str
    working_hours: Hours

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

    def refuse_outside(self, slot: Slot, people: Iterable[Participant]) -> None:
        """Raises: OutsideProgram where the slot is not within the program's days on somebody's own calendar."""
        if not all(lies_within(slot, person.zone, self.starts_on, self.ends_on) for person in people):
            raise OutsideProgram(f"The program runs from {self.starts_on} to {self.ends_on}. Choose a time between these days.")
