"""Relationships end with a close-out."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from peerloom_events import RelationshipCompleted
from peerloom_service.context import ANY_VERSION, ExpectedVersion
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries
from sessions_service.domain.relationships import Ending, Relationship
from sessions_service.domain.sessions import SessionState
from sessions_service.use_cases import bookings


@dataclass(frozen=True, slots=True)
class CloseRelationship:
    relationship_id: UUID
    ending: Ending
    expected: ExpectedVersion = ANY_VERSION


async def close(tx: Transaction, command: CloseRelationship) -> Relationship:
    """Its people end a relationship. A session to come is cancelled.

    Raises: NotFound, PreconditionFailed, RelationshipOver.
    """
    relationship = await tx.lock(Relationship, command.relationship_id)
    relationship.refuse_other_version(command.expected)
    return await _end(tx, relationship, command.ending)


@dataclass(frozen=True, slots=True)
class FollowMatch:
    """A match ended; `ending` is why, in matching's words."""

    match_id: UUID
    ending: str


async def follow_match(tx: Transaction, command: FollowMatch) -> None:
    """End the relationship of a match that is over, unless there is none or it is over already."""
    found = await tx.find(Relationship, "id = $2 AND state <> 'completed' FOR UPDATE", command.match_id)
    for relationship in found:
        await _end(tx, relationship, Ending(command.ending) if command.ending in set(Ending) else Ending.OTHER)


async def _end(tx: Transaction, relationship: Relationship, ending: Ending) -> Relationship:
    now = await clock.now(tx)
    completed = relationship.completed(ending, now)
    for session in await queries.sessions_to_come(tx, relationship.id):
        if session.starts_at > now:
            await bookings.cancel(tx, session.cancelled(now), by=None)
    await tx.save(completed)
    await publish_completed(tx, [completed])
    return completed


async def publish_completed(tx: Transaction, relationships: Sequence[Relationship]) -> None:
    """Publish that these relationships were completed, with how many sessions they had."""
    if not relationships:
        return
    counts = await queries.session_counts(tx, [relationship.id for relationship in relationships])
    for relationship in relationships:
        assert relationship.ending is not None
        assert relationship.ended_at is not None
        tx.publish(
            RelationshipCompleted(
                version=relationship.version,
                match_id=relationship.id,
                program_id=relationship.program_id,
                participant_ids=relationship.participant_ids,
                sessions_completed=counts[relationship.id][SessionState.COMPLETED],
                sessions_missed=counts[relationship.id][SessionState.MISSED],
                reason=relationship.ending,
                completed_at=relationship.ended_at,
            )
        )
