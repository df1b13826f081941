"""What is done with programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from peerloom_events import ProgramLaunched
from peerloom_events.formats import OPTIONS_WITH_FIELDS
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service.domain import Program
from profile_service.options import checked


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


async def launch_program(tx: Transaction, command: LaunchProgram) -> Program:
    """Open a program: from now on people may be enrolled.

    Raises: ProgramDatesWrong, ProgramFormatWrong.
    """
    chosen = checked(command.format, command.options).model_dump(mode="json")
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
    )
