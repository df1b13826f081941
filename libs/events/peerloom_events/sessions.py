"""What sessions publishes: meetings of a match, and what becomes of the relationship."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from peerloom_events.event import Event
from peerloom_events.topics import SESSIONS


class SessionScheduled(Event, type="io.peerloom.sessions.session.scheduled.v1", topic=SESSIONS, key="match_id"):
    """A meeting has a time both can keep. Instants in UTC. `version` is the session's."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class SessionCompleted(Event, type="io.peerloom.sessions.session.completed.v1", topic=SESSIONS, key="match_id"):
    """A meeting took place."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    completed_at: AwareDatetime
    absent_ids: tuple[UUID, ...] = Field(default=(), description="Who did not come although the others met.")


class SessionMissed(Event, type="io.peerloom.sessions.session.missed.v1", topic=SESSIONS, key="match_id"):
    """A meeting did not take place; `absent_ids` are those who did not come."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    absent_ids: tuple[UUID, ...]


class SessionRescheduled(Event, type="io.peerloom.sessions.session.rescheduled.v1", topic=SESSIONS, key="match_id"):
    """A meeting was moved to another time; SessionScheduled with the same version carries the new time too."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    previously_starts_at: AwareDatetime
    participant_id: UUID | None = Field(description="Who asked for it; null: not stated.")


class SessionCancelled(Event, type="io.peerloom.sessions.session.cancelled.v1", topic=SESSIONS, key="match_id"):
    """A meeting will not take place; everybody's time is free again."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    starts_at: AwareDatetime
    participant_id: UUID | None = Field(description="Who asked for it; null: not stated.")


class CheckInRecorded(Event, type="io.peerloom.sessions.check_in.recorded.v1", topic=SESSIONS, key="match_id"):
    """A participant told how it goes between meetings. `mood` 1 (not well) to 5 (very well). `version` is the check-in's."""

    check_in_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    mood: int = Field(ge=1, le=5)
    recorded_at: AwareDatetime


class RelationshipAtRisk(Event, type="io.peerloom.sessions.relationship.at_risk.v1", topic=SESSIONS, key="match_id"):
    """A relationship may need help: `missed_twice` or `no_date`. Its people may be offered to close it, without blame.

    `version` is the relationship's.
    """

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    reason: str
    noticed_at: AwareDatetime


class RelationshipCompleted(Event, type="io.peerloom.sessions.relationship.completed.v1", topic=SESSIONS, key="match_id"):
    """A relationship ended: its program did (`program_ended`), or its people closed it. `version` is the relationship's."""

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    sessions_completed: int = Field(ge=0)
    sessions_missed: int = Field(ge=0)
    reason: str
    completed_at: AwareDatetime
