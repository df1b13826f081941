"""Events in: each is translated into a command for a use case."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from peerloom_events import MatchConfirmed, MatchEnded, ProgramLaunched, ProgramUpdated
from peerloom_service.use_cases.transaction import Transaction
from sessions_service.domain.people import Participant, Program
from sessions_service.slots import Hours
from sessions_service.use_cases import closing, copies, planning


class WorkingHours(Struct, frozen=True):
    """When somebody works, in minutes after midnight of their own zone."""

    starts: Annotated[int, Meta(ge=0, le=1440)]
    ends: Annotated[int, Meta(ge=0, le=1440)]
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)


class WorkingTime(Struct, frozen=True):
    """What is read of a participant's facts."""

    time_zone: str
    working_hours: WorkingHours
    leaving_on: date | None = None
    on_leave: bool = False


class WorkingPerson(Struct, frozen=True):
    """What is read of a participant."""

    version: Annotated[int, Meta(ge=1)]
    participant_id: UUID
    facts: WorkingTime


async def keep_people(tx: Transaction, people: Sequence[WorkingPerson]) -> None:
    """Profile published when people work."""
    command = copies.KeepPeople(tuple(_participant(person) for person in people))
    await copies.keep_people(tx, command)


def _participant(person: WorkingPerson) -> Participant:
    hours = person.facts.working_hours
    return Participant(
        id=person.participant_id,
        version=person.version,
        time_zone=person.facts.time_zone,
        working_hours=Hours(hours.starts, hours.ends, hours.weekdays),
        leaving_on=person.facts.leaving_on,
        on_leave=person.facts.on_leave,
    )


async def keep_program(tx: Transaction, event: ProgramLaunched | ProgramUpdated) -> None:
    """Profile published how long, how often and between which days a program's people meet."""
    program = Program(
        id=event.program_id,
        version=event.version,
        session_minutes=event.session_minutes,
        cadence_days=event.cadence_days,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        format=event.format,
    )
    await copies.keep_program(tx, copies.KeepProgram(program))


async def begin_relationship(tx: Transaction, event: MatchConfirmed) -> None:
    """People agreed to meet."""
    command = planning.BeginRelationship(
        match_id=event.match_id,
        program_id=event.program_id,
        participant_ids=event.participant_ids,
        confirmed_at=event.confirmed_at,
    )
    await planning.begin_relationship(tx, command)


async def end_relationship(tx: Transaction, event: MatchEnded) -> None:
    """A match is over: somebody left, or its people or HR ended it."""
    if event.was_confirmed:
        await closing.follow_match(tx, closing.FollowMatch(event.match_id, event.reason))
