"""Participants raise concerns, and those who look after a program see to them."""

from dataclasses import dataclass
from uuid import UUID

from feedback_service.domain.concerns import Concern, ConcernState
from feedback_service.domain.relationships import Relationship
from peerloom_events import ConcernRaised
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RaiseConcern:
    match_id: UUID
    participant_id: UUID
    text: str


async def raise_concern(tx: Transaction, command: RaiseConcern) -> Concern:
    """A participant tells the owner of the program in private. The event says neither who nor about which match.

    Raises: NotFound, NotOfThisRelationship.
    """
    relationship = await tx.get(Relationship, command.match_id)
    relationship.admit(command.participant_id)
    concern = Concern(
        id=new_id(),
        version=1,
        match_id=relationship.id,
        program_id=relationship.program_id,
        participant_id=command.participant_id,
        text=command.text,
        state=ConcernState.OPEN,
        raised_at=await tx.now(),
    )
    tx.add(concern)
    tx.publish(
        ConcernRaised(
            version=concern.version, concern_id=concern.id, program_id=concern.program_id, raised_at=concern.raised_at
        )
    )
    return concern


@dataclass(frozen=True, slots=True)
class MoveConcern:
    concern_id: UUID
    state: ConcernState
    expected: ExpectedVersion


async def move_concern(tx: Transaction, command: MoveConcern) -> Concern:
    """It is taken in hand, closed, or open again.

    Raises: NotFound, PreconditionFailed.
    """
    concern = await tx.lock(Concern, command.concern_id)
    moved = concern.moved(command.expected, state=command.state)
    await tx.save(moved)
    return moved
