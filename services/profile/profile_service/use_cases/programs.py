"""What is done with programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from peerloom_events import ProgramClosed, ProgramLaunched, ProgramUpdated
from peerloom_events.formats import OPTIONS_WITH_FIELDS
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service.domain import Program
from profile_service.options import checked, chosen_anew, full


@dataclass(frozen=True, slots=True)
class LaunchProgram:
    name: str
    format: str
    goal: str
    metric: str
    expectations: str
    starts_on: date
    ends_on: date
    session_minutes: int
    cadence_days: int
    answer_within_seconds: int
    options: Mapping[str, Any]
    ask_again_after_days: int = 90


async def launch_program(tx: Transaction, command: LaunchProgram) -> Program:
    """Open a program: from now on people may be enrolled.

    Raises: ProgramDatesWrong, ProgramFormatWrong.
    """
    chosen = checked(command.format, chosen_anew(command.format, command.options)).model_dump(mode="json")
    with_fields = {name: chosen[name] for name in OPTIONS_WITH_FIELDS if name in chosen}
    facts = asdict(command) | with_fields | {"options": chosen}
    program = Program(id=new_id(), version=1, launched_at=await tx.now(), **facts)
    tx.add(program)
    tx.publish(launched(program))
    return program


def launched(program: Program) -> ProgramLaunched:
    """What is said of a program."""
    return ProgramLaunched(
        version=program.version,
        program_id=program.id,
        format=program.format,
        goal=program.goal,
        metric=program.metric,
        starts_on=program.starts_on,
        ends_on=program.ends_on,
        session_minutes=program.session_minutes,
        cadence_days=program.cadence_days,
        answer_within_seconds=program.answer_within_seconds,
        launched_at=program.launched_at,
        trio_when_odd=program.trio_when_odd,
        junior_up_to_level=program.junior_up_to_level,
        seats_per_senior=program.seats_per_senior,
        options=program.options,
        ask_again_after_days=program.ask_again_after_days,
    )


@dataclass(frozen=True, slots=True)
class ChangeProgram:
    """`changes` has what is to be different, by the names of `Program`'s fields; the rest stays."""

    program_id: UUID
    expected: ExpectedVersion
    changes: Mapping[str, Any]


async def change_program(tx: Transaction, command: ChangeProgram) -> Program:
    """Change dates, expectations or options of a program; what changes nothing publishes nothing.

    Raises: NotFound, PreconditionFailed, ProgramNotRunning, ProgramDatesWrong, ProgramFormatWrong.
    """
    program = await tx.lock(Program, command.program_id)
    program.check_version(command.expected)
    program.refuse_closed()
    changes = dict(command.changes)
    if "options" in changes:
        chosen = checked(program.format, full(program) | changes["options"]).model_dump(mode="json")
        changes |= {"options": chosen} | {name: chosen[name] for name in OPTIONS_WITH_FIELDS if name in chosen}
    if all(getattr(program, name) == value for name, value in changes.items()):
        return program
    changed = replace(program, version=program.version + 1, **changes)
    await tx.save(changed)
    tx.publish(
        ProgramUpdated(
            version=changed.version,
            program_id=changed.id,
            format=changed.format,
            goal=changed.goal,
            metric=changed.metric,
            starts_on=changed.starts_on,
            ends_on=changed.ends_on,
            session_minutes=changed.session_minutes,
            cadence_days=changed.cadence_days,
            answer_within_seconds=changed.answer_within_seconds,
            options=full(changed),
            ask_again_after_days=changed.ask_again_after_days,
        )
    )
    return changed


@dataclass(frozen=True, slots=True)
class CloseProgram:
    program_id: UUID
    expected: ExpectedVersion


async def close_program(tx: Transaction, command: CloseProgram) -> Program:
    """End a program before its time: nobody is enrolled or matched any more, and what is open ends.

    Raises: NotFound, PreconditionFailed, ProgramNotRunning.
    """
    program, now = await tx.lock(Program, command.program_id), await tx.now()
    program.check_version(command.expected)
    closed = program.closed(now)
    await tx.save(closed)
    tx.publish(ProgramClosed(version=closed.version, program_id=closed.id, closed_at=now))
    return closed
