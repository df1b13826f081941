"""The rules of relationships and their sessions. Pure: no I/O, no clock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from peerloom_service.problems import Conflict, Invalid
from sessions_service.slots import Diary, Hours, Slot, common_slots, lies_within

LEAD_TIME: Final = timedelta(hours=24)
"""Nobody is booked for a meeting that starts sooner than this."""

Taken = Mapping[UUID, Sequence[Slot]]
"""When people are taken, by person."""


class SlotTaken(Conflict):
    title = "This time is taken: somebody already has another session"


class NotStartedYet(Conflict):
    title = "This session has not started yet"


class NotEndedYet(Conflict):
    title = "This session has not ended yet"


class AlreadyStarted(Conflict):
    title = "This session has already started"


class SessionOver(Conflict):
    title = "This session is already over"


class FactsMissing(Conflict):
    title = "Some facts about the people or the program have not arrived yet"


class TimeZoneUnknown(Conflict):
    title = "A participant's time zone is not known to this release"


class InThePast(Invalid):
    title = "A session can only be moved to a time in the future"


class OutsideProgram(Invalid):
    title = "A session must lie within the dates of its program"


class NotOfTheSession(Invalid):
    title = "Only participants of the session can be absent from it"


class TooFewPeople(Invalid):
    title = "A relationship needs at least two different people"


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
    """A program, as far as sessions needs to know: how long and how often its people meet, and between which days."""

    id: UUID
    version: int
    session_minutes: int
    cadence_days: int
    starts_on: date
    ends_on: date

    @property
    def session_length(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

    def refuse_outside(self, slot: Slot, people: Iterable[Participant]) -> None:
        """Raises: OutsideProgram where the slot is not within the program's days on somebody's own calendar."""
        if not all(lies_within(slot, person.zone, self.starts_on, self.ends_on) for person in people):
            raise OutsideProgram(f"The program runs from {self.starts_on} to {self.ends_on}. Choose a time between these days.")


class RelationshipState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"


class Reason(StrEnum):
    """Why a relationship cannot have a session at present."""

    PARTICIPANTS_UNKNOWN = "participants_unknown"
    PROGRAM_UNKNOWN = "program_unknown"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    NO_COMMON_HOURS = "no_common_hours"
    PLANNING_FAILED = "planning_failed"


@dataclass(frozen=True, slots=True)
class Relationship:
    """People who agreed to meet: a confirmed match, whose id it has.

    It waits for its first session; `reason` says why, once planning has been tried without success.
    """

    id: UUID
    version: int
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    begun_at: datetime
    state: RelationshipState = RelationshipState.WAITING
    reason: Reason | None = None

    def __post_init__(self) -> None:
        if len(set(self.participant_ids)) < 2 or len(set(self.participant_ids)) < len(self.participant_ids):
            raise TooFewPeople(f"Match {self.id} names {len(set(self.participant_ids))} different people.")

    def waiting(self, reason: Reason) -> "Relationship":
        return self if self.reason is reason else replace(self, version=self.version + 1, reason=reason)

    def running(self) -> "Relationship":
        return replace(self, version=self.version + 1, state=RelationshipState.RUNNING, reason=None)


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Session:
    """A meeting. Instants in UTC; `number` counts a relationship's sessions from 1."""

    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    number: int
    starts_at: datetime
    ends_at: datetime
    state: SessionState = SessionState.SCHEDULED
    absent_ids: tuple[UUID, ...] = ()

    def completed(self, now: datetime) -> "Session":
        """Raises: SessionOver, NotStartedYet."""
        self._still_scheduled()
        if not may_complete(self, now):
            raise NotStartedYet(f"It starts at {self.starts_at.isoformat()}; it is {now.isoformat()} now. Try again then.")
        return replace(self, version=self.version + 1, state=SessionState.COMPLETED)

    def missed(self, absent_ids: Sequence[UUID], now: datetime) -> "Session":
        """Raises: SessionOver, NotEndedYet, NotOfTheSession."""
        self._still_scheduled()
        if not may_miss(self, now):
            raise NotEndedYet(f"It ends at {self.ends_at.isoformat()}; it is {now.isoformat()} now. Try again then.")
        if not are_of(self, absent_ids):
            raise NotOfTheSession(f"Its participants are {', '.join(map(str, self.participant_ids))}.")
        absent = tuple(person for person in self.participant_ids if person in absent_ids)
        return replace(self, version=self.version + 1, state=SessionState.MISSED, absent_ids=absent)

    def moved_to(self, starts_at: datetime, now: datetime) -> "Session":
        """As long as before, at another time.

        Raises: SessionOver, AlreadyStarted, InThePast.
        """
        self._still_scheduled()
        if not may_reschedule(self, now):
            raise AlreadyStarted(f"It started at {self.starts_at.isoformat()}. Record instead whether it took place.")
        if starts_at <= now:
            raise InThePast(f"It is {now.isoformat()} now. Choose a later time.")
        ends_at = starts_at + (self.ends_at - self.starts_at)
        return replace(self, version=self.version + 1, starts_at=starts_at, ends_at=ends_at)

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    def _still_scheduled(self) -> None:
        if self.state is not SessionState.SCHEDULED:
            raise SessionOver(f"It has already been {self.state}.")


def may_complete(session: Session, now: datetime) -> bool:
    """A session can have taken place once it has started."""
    return session.state is SessionState.SCHEDULED and now >= session.starts_at


def may_miss(session: Session, now: datetime) -> bool:
    """A session can only have been missed once it has ended: until then somebody may still come."""
    return session.state is SessionState.SCHEDULED and now >= session.ends_at


def may_reschedule(session: Session, now: datetime) -> bool:
    """Either side may move a session until it starts."""
    return session.state is SessionState.SCHEDULED and now < session.starts_at


def are_of(session: Session, people: Iterable[UUID]) -> bool:
    """Absent can only be who was to come."""
    return set(people) <= set(session.participant_ids)


def free_slots(program: Program, people: Sequence[Participant], taken: Taken, earliest: datetime) -> Iterator[Slot]:
    """When these people can meet in this program, soonest first.

    Raises: TimeZoneUnknown.
    """
    return common_slots(
        [person.diary(taken.get(person.id, ())) for person in people],
        length=program.session_length,
        first_day=program.starts_on,
        last_day=program.ends_on,
        earliest=earliest,
    )


def first_slot(program: Program, people: Sequence[Participant], taken: Taken, now: datetime) -> Slot | Reason:
    """When a relationship's first session is, or why it cannot be."""
    try:
        return next(free_slots(program, people, taken, now + LEAD_TIME), Reason.NO_COMMON_HOURS)
    except TimeZoneUnknown:
        return Reason.TIME_ZONE_UNKNOWN


def first_session(relationship: Relationship, id_: UUID, slot: Slot) -> Session:
    """The session a relationship begins with."""
    return Session(
        id=id_,
        version=1,
        match_id=relationship.id,
        program_id=relationship.program_id,
        participant_ids=relationship.participant_ids,
        number=1,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
    )
