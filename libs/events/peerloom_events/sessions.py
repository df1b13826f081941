"""What sessions says: meetings of a match."""

from uuid import UUID

from pydantic import AwareDatetime

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


class SessionMissed(Event, type="io.peerloom.sessions.session.missed.v1", topic=SESSIONS, key="match_id"):
    """A meeting did not take place; `absent_ids` are those who did not come."""

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    absent_ids: tuple[UUID, ...]
