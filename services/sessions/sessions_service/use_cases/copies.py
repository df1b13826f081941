"""The copies sessions keeps of people and programs."""

from dataclasses import asdict, dataclass
from uuid import UUID

from peerloom_service.use_cases.transaction import Transaction
from sessions_service import sql
from sessions_service.domain.people import Participant, Program


@dataclass(frozen=True, slots=True)
class KeepPeople:
    people: tuple[Participant, ...]


async def keep_people(tx: Transaction, command: KeepPeople) -> None:
    """Keep each person's newest facts, and plan again for relationships that wait for one of them."""
    newest: dict[UUID, Participant] = {}
    for person in command.people:
        if person.id not in newest or newest[person.id].version < person.version:
            newest[person.id] = person
    kept = sorted(newest.values(), key=lambda person: person.id.int)
    await tx.execute(
        sql.KEEP_PEOPLE,
        tx.tenant_id,
        [person.id for person in kept],
        [person.version for person in kept],
        [person.time_zone for person in kept],
        [asdict(person.working_hours) for person in kept],
        [person.leaving_on for person in kept],
        [person.on_leave for person in kept],
    )
    await tx.execute(sql.WAKE_BY_PEOPLE, tx.tenant_id, [person.id for person in kept])


@dataclass(frozen=True, slots=True)
class KeepProgram:
    program: Program


async def keep_program(tx: Transaction, command: KeepProgram) -> None:
    """Keep a program's newest facts, and plan again for relationships that wait for it."""
    program = command.program
    await tx.execute(
        sql.KEEP_PROGRAM,
        tx.tenant_id,
        program.id,
        program.version,
        program.session_minutes,
        program.cadence_days,
        program.starts_on,
        program.ends_on,
        program.format,
    )
    await tx.execute(sql.WAKE_BY_PROGRAM, tx.tenant_id, program.id)
