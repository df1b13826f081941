"""What is done with people one by one."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from profile_service.domain import Participant, PersonFacts, UnknownManager
from profile_service.use_cases.upsert import upsert_person


@dataclass(frozen=True, slots=True)
class RegisterParticipant:
    """`facts` has every fact a new person needs."""

    facts: PersonFacts


@dataclass(frozen=True, slots=True)
class ChangeParticipant:
    """`facts` has what is to be different; the rest stays."""

    participant_id: UUID
    expected: ExpectedVersion
    facts: PersonFacts


async def register_participant(tx: Transaction, command: RegisterParticipant) -> Participant:
    """Make a person known.

    Raises: EmployeeNumberTaken, EmailTaken, UnknownManager.
    """
    await _check_manager(tx, command.facts)
    return (await upsert_person(tx, command.facts, known=None)).person


async def change_participant(tx: Transaction, command: ChangeParticipant) -> Participant:
    """Change facts of a person. One that changes nothing leaves the version and publishes nothing.

    Raises: NotFound, PreconditionFailed, EmailTaken, UnknownManager.
    """
    known = await tx.lock(Participant, command.participant_id)
    known.check_version(command.expected)
    await _check_manager(tx, command.facts)
    return (await upsert_person(tx, command.facts, known=known)).person


async def _check_manager(tx: Transaction, facts: PersonFacts) -> None:
    manager_id = facts.manager_id
    if isinstance(manager_id, UUID):
        try:
            await tx.get(Participant, manager_id)
        except NotFound as error:
            raise UnknownManager(f"There is no participant {manager_id} who could be the manager.") from error
