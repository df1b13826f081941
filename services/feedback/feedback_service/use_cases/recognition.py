"""Colleagues give each other kudos."""

from dataclasses import dataclass
from uuid import UUID

from feedback_service.domain.recognition import Kudos
from feedback_service.domain.relationships import Relationship
from peerloom_events import KudosGiven
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class GiveKudos:
    match_id: UUID
    giver_id: UUID
    receiver_id: UUID
    text: str


async def give_kudos(tx: Transaction, command: GiveKudos) -> Kudos:
    """A participant tells a colleague of the same relationship what they did well.

    Raises: NotFound, NotOfThisRelationship, KudosToOneself.
    """
    relationship = await tx.get(Relationship, command.match_id)
    relationship.admit(command.giver_id, command.receiver_id)
    kudos = Kudos(
        id=new_id(),
        version=1,
        match_id=relationship.id,
        program_id=relationship.program_id,
        giver_id=command.giver_id,
        receiver_id=command.receiver_id,
        text=command.text,
        shared=False,
        given_at=await tx.now(),
    )
    tx.add(kudos)
    tx.publish(
        KudosGiven(
            version=kudos.version,
            kudos_id=kudos.id,
            match_id=kudos.match_id,
            program_id=kudos.program_id,
            giver_id=kudos.giver_id,
            receiver_id=kudos.receiver_id,
            awarded_at=kudos.given_at,
        )
    )
    return kudos


@dataclass(frozen=True, slots=True)
class ShowKudos:
    """`shared`: whether others may see them from now on."""

    kudos_id: UUID
    shared: bool
    expected: ExpectedVersion


async def show_kudos(tx: Transaction, command: ShowKudos) -> Kudos:
    """Their receiver lets others see them, or no longer.

    Raises: NotFound, PreconditionFailed.
    """
    kudos = await tx.lock(Kudos, command.kudos_id)
    shown = kudos.shown(command.expected, shared=command.shared)
    await tx.save(shown)
    return shown
