"""A relationship: from a confirmed match, session after session, to its close-out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import Conflict, Invalid, PreconditionFailed
from sessions_service.domain.people import Program
from sessions_service.domain.sessions import Session, SessionState

MISSED_IN_A_ROW: Final = 2
"""A relationship that misses so many sessions in a row is at risk."""


class TooFewPeople(Invalid):
    title = "A relationship needs at least two different people"


class RelationshipOver(Conflict):
    title = "This relationship has already been completed"


class NotOfTheRelationship(Invalid):
    title = "Somebody named is not a participant of this relationship"


class SessionPlanned(Conflict):
    title = "This relationship already has a session to come"


class RelationshipState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"


class Reason(StrEnum):
    """Why a relationship cannot have a session at present."""

    PARTICIPANTS_UNKNOWN = "participants_unknown"
    PROGRAM_UNKNOWN = "program_unknown"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    NO_COMMON_HOURS = "no_common_hours"
    PLANNING_FAILED = "planning_failed"
    ON_LEAVE = "on_leave"


class Risk(StrEnum):
    """Why a relationship may need help: its people are offered to close it, without blame."""

    MISSED_TWICE = "missed_twice"
    NO_DATE = "no_date"


class Ending(StrEnum):
    """Why a relationship was completed. The last four are given by its people or by HR."""

    PROGRAM_ENDED = "program_ended"
    PROGRAM_CLOSED = "program_closed"
    PARTICIPANT_LEFT = "participant_left"
    PARTICIPANT_WITHDREW = "participant_withdrew"
    GOALS_REACHED = "goals_reached"
    NO_TIME = "no_time"
    NOT_A_FIT = "not_a_fit"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Relationship:
    """People who agreed to meet: a confirmed match, whose id it has.

    It runs while it has a session to come, and otherwise waits for its next one; `reason` says why, once planning has been
    tried without success. `at_risk` lasts until its people meet again.
    """

    id: UUID
    version: int
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    begun_at: datetime
    state: RelationshipState = RelationshipState.WAITING
    reason: Reason | None = None
    at_risk: Risk | None = None
    ending: Ending | None = None
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if len(set(self.participant_ids)) < 2 or len(set(self.participant_ids)) < len(self.participant_ids):
            raise TooFewPeople(f"Match {self.id} names {len(set(self.participant_ids))} different people.")

    def waiting(self, reason: Reason | None = None) -> "Relationship":
        """It has no session to come."""
        if (self.state, self.reason) == (RelationshipState.WAITING, reason):
            return self
        return replace(self, version=self.version + 1, state=RelationshipState.WAITING, reason=reason)

    def running(self) -> "Relationship":
        """It has a session to come."""
        return replace(self, version=self.version + 1, state=RelationshipState.RUNNING, reason=None)

    def with_risk(self, risk: Risk | None) -> "Relationship":
        return self if self.at_risk is risk else replace(self, version=self.version + 1, at_risk=risk)

    def completed(self, ending: Ending, now: datetime) -> "Relationship":
        """Raises: RelationshipOver."""
        self.refuse_over()
        return replace(
            self,
            version=self.version + 1,
            state=RelationshipState.COMPLETED,
            reason=None,
            at_risk=None,
            ending=ending,
            ended_at=now,
        )

    def refuse_other_version(self, expected: ExpectedVersion) -> None:
        """Raises: PreconditionFailed where it has been changed since the caller read it."""
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This relationship is at version {self.version} now. Read it again, then decide.")

    def refuse_strangers(self, participant_id: UUID) -> None:
        """Raises: NotOfTheRelationship."""
        if participant_id not in self.participant_ids:
            raise NotOfTheRelationship(f"Its participants are {', '.join(map(str, self.participant_ids))}.")

    def refuse_over(self) -> None:
        """Raises: RelationshipOver."""
        if self.state is RelationshipState.COMPLETED:
            raise RelationshipOver("It has no more sessions. Its people can be matched again in another run.")

    def refuse_planned(self) -> None:
        """Raises: RelationshipOver, SessionPlanned."""
        self.refuse_over()
        if self.state is RelationshipState.RUNNING:
            raise SessionPlanned("Reschedule that session, or cancel it first.")


def risk_of(relationship: Relationship, program: Program, latest: Sequence[Session], now: datetime) -> Risk | None:
    """Whether a relationship needs help. `latest`: its last sessions, the newest first.

    At risk is one whose last two sessions were missed, or one that has had no date for longer than its cadence.
    """
    over = [session for session in latest if session.state in (SessionState.COMPLETED, SessionState.MISSED)]
    missed = over[:MISSED_IN_A_ROW]
    if len(missed) == MISSED_IN_A_ROW and all(session.state is SessionState.MISSED for session in missed):
        return Risk.MISSED_TWICE
    since = max((session.ends_at for session in latest), default=relationship.begun_at)
    if relationship.reason is Reason.NO_COMMON_HOURS and now - since > program.cadence:
        return Risk.NO_DATE
    return None
