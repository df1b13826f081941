"""A session: a meeting of a relationship."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import Conflict, Invalid, PreconditionFailed
from sessions_service.slots import Slot

PEOPLE_TO_MEET: Final = 2
"""A session takes place when at least so many come."""


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


class InThePast(Invalid):
    title = "A session must lie in the future"


class NotOfTheSession(Invalid):
    title = "Somebody named is not a participant of this session"


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

    def attended(self, present_ids: Sequence[UUID], now: datetime) -> "Session":
        """Completed when two people or more came, otherwise missed; the others were absent.

        Raises: SessionOver, NotStartedYet, NotEndedYet, NotOfTheSession.
        """
        self.refuse_strangers(present_ids)
        absent = tuple(person for person in self.participant_ids if person not in present_ids)
        if len(self.participant_ids) - len(absent) < PEOPLE_TO_MEET:
            return self.missed(absent, now)
        return replace(self.completed(now), absent_ids=absent)

    def cancelled(self, now: datetime) -> "Session":
        """Raises: SessionOver, AlreadyStarted."""
        self._refuse_started(now)
        return replace(self, version=self.version + 1, state=SessionState.CANCELLED)

    def missed(self, absent_ids: Sequence[UUID], now: datetime) -> "Session":
        """Raises: SessionOver, NotEndedYet, NotOfTheSession."""
        self._still_scheduled()
        if not may_miss(self, now):
            raise NotEndedYet(f"It ends at {self.ends_at.isoformat()}; it is {now.isoformat()} now. Try again then.")
        self.refuse_strangers(absent_ids)
        absent = tuple(person for person in self.participant_ids if person in absent_ids)
        return replace(self, version=self.version + 1, state=SessionState.MISSED, absent_ids=absent)

    def moved_to(self, starts_at: datetime, now: datetime) -> "Session":
        """As long as before, at another time.

        Raises: SessionOver, AlreadyStarted, InThePast.
        """
        self._refuse_started(now)
        if starts_at <= now:
            raise InThePast(f"It is {now.isoformat()} now. Choose a later time.")
        ends_at = starts_at + (self.ends_at - self.starts_at)
        return replace(self, version=self.version + 1, starts_at=starts_at, ends_at=ends_at)

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    def refuse_other_version(self, expected: ExpectedVersion) -> None:
        """Raises: PreconditionFailed where it has been changed since the caller read it."""
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This session is at version {self.version} now. Read it again, then decide.")

    def refuse_strangers(self, people: Iterable[UUID]) -> None:
        """Raises: NotOfTheSession."""
        if not are_of(self, people):
            raise NotOfTheSession(f"Its participants are {', '.join(map(str, self.participant_ids))}.")

    def _refuse_started(self, now: datetime) -> None:
        self._still_scheduled()
        if not may_reschedule(self, now):
            raise AlreadyStarted(f"It started at {self.starts_at.isoformat()}. Record instead whether it took place.")

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
    """Either side may move or cancel a session until it starts."""
    return session.state is SessionState.SCHEDULED and now < session.starts_at


def are_of(session: Session, people: Iterable[UUID]) -> bool:
    """Only participants of a session can be present, absent, or change it."""
    return set(people) <= set(session.participant_ids)
