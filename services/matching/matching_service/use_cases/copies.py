"""Copies of what profile publishes: people, programs, and who takes part in which. The newest version of each is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson

from matching_service import sql
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeepPerson:
    """`facts`: JSON of `participant_copy.Facts`."""

    id: UUID
    version: int
    facts: bytes


@dataclass(frozen=True, slots=True)
class KeepProgram:
    """`trio_when_odd`, `junior_up_to_level`, `seats_per_senior`: the options as the release before reads them."""

    id: UUID
    version: int
    format: str
    options: dict[str, Any]
    answer_within_seconds: int
    trio_when_odd: bool
    junior_up_to_level: int | None
    seats_per_senior: int
    starts_on: date
    ends_on: date
    session_minutes: int
    ask_again_after_days: int


@dataclass(frozen=True, slots=True)
class KeepEnrolment:
    id: UUID
    version: int
    program_id: UUID
    participant_id: UUID


async def keep_people(tx: Transaction, people: Sequence[KeepPerson]) -> None:
    """Keep the newest facts of each person."""
    kept = _newest(people)
    await tx.execute(
        sql.KEEP_PEOPLE,
        tx.tenant_id,
        [person.id for person in kept],
        [person.version for person in kept],
        [orjson.Fragment(person.facts) for person in kept],
    )


async def keep_programs(tx: Transaction, programs: Sequence[KeepProgram]) -> None:
    """Keep what a run needs of each program."""
    kept = _newest(programs)
    await tx.execute(
        sql.KEEP_PROGRAMS,
        tx.tenant_id,
        [program.id for program in kept],
        [program.version for program in kept],
        [program.format for program in kept],
        [program.options for program in kept],
        [program.answer_within_seconds for program in kept],
        [program.trio_when_odd for program in kept],
        [program.junior_up_to_level for program in kept],
        [program.seats_per_senior for program in kept],
        [program.starts_on for program in kept],
        [program.ends_on for program in kept],
        [program.session_minutes for program in kept],
        [program.ask_again_after_days for program in kept],
    )


async def keep_enrolments(tx: Transaction, enrolments: Sequence[KeepEnrolment]) -> None:
    """Keep who takes part in what, for the first time or again."""
    kept = _newest(enrolments)
    await tx.execute(
        sql.KEEP_ENROLMENTS,
        tx.tenant_id,
        [enrolment.id for enrolment in kept],
        [enrolment.version for enrolment in kept],
        [enrolment.program_id for enrolment in kept],
        [enrolment.participant_id for enrolment in kept],
    )


class _Versioned(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def version(self) -> int: ...


_Copy = TypeVar("_Copy", bound=_Versioned)


def _newest(copies: Sequence[_Copy]) -> list[_Copy]:
    """Of each id the copy with the highest version."""
    newest: dict[UUID, _Copy] = {}
    for copy in copies:
        if copy.id not in newest or newest[copy.id].version < copy.version:
            newest[copy.id] = copy
    return list(newest.values())
