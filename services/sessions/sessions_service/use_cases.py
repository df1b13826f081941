"""What sessions does: each function is one transaction, or a part of the one an event is handled in."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

import asyncpg

from peerloom_events import SessionCompleted, SessionMissed, SessionScheduled
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, sql
from sessions_service.domain import (
    FactsMissing,
    Participant,
    Program,
    Reason,
    Relationship,
    Session,
    SlotTaken,
    first_session,
    first_slot,
    free_slots,
)
from sessions_service.slots import Slot

# -- copies -----------------------------------------------------------------------------------------------------------


async def keep_people(tx: Transaction, people: Sequence[Participant]) -> None:
    """Keep the newest of what is said of people, and look again at relationships that wait for one of them."""
    newest: dict[UUID, Participant] = {}
    for person in people:
        if person.id not in newest or newest[person.id].version < person.version:
            newest[person.id] = person
    kept = sorted(newest.values(), key=lambda person: person.id.int)
    await tx.execute(
        sql.KEEP_PEOPLE,
        tx.tenant_id,
        [person.id for person in kept],
        [person.version for person in kept],
        [person.time_zone for person in kept],
        [
            {
                "starts": person.working_hours.starts,
                "ends": person.working_hours.ends,
                "weekdays": person.working_hours.weekdays,
            }
            for person in kept
        ],
    )
    await tx.execute(sql.WAKE_BY_PEOPLE, tx.tenant_id, [person.id for person in kept])


async def keep_program(tx: Transaction, program: Program) -> None:
    """Keep what is said of a program, and look again at the relationships that wait for it."""
    await tx.execute(
        sql.KEEP_PROGRAM,
        tx.tenant_id,
        program.id,
        program.version,
        program.session_minutes,
        program.cadence_days,
        program.starts_on,
        program.ends_on,
    )
    await tx.execute(sql.WAKE_BY_PROGRAM, tx.tenant_id, program.id)


# -- relationships and their first sessions -----------------------------------------------------------------------------


async def begin_relationship(tx: Transaction, relationship: Relationship) -> None:
    """People agreed to meet: begin their relationship, once however often that is said, and schedule their first session."""
    begun = await tx.execute(
        sql.BEGIN_RELATIONSHIP,
        tx.tenant_id,
        relationship.id,
        relationship.version,
        relationship.program_id,
        relationship.participant_ids,
        relationship.begun_at,
        relationship.state,
        relationship.reason,
    )
    if begun == "INSERT 0 1":
        await _schedule_first_sessions(tx, [relationship])


async def schedule_due(tx: Transaction, most: int) -> int:
    """Schedule the first sessions of relationships that are due, or find out what each waits for. Returns how many."""
    due = await tx.find(Relationship, sql.DUE, most)
    return await _schedule_first_sessions(tx, due) if due else 0


async def _schedule_first_sessions(tx: Transaction, relationships: Sequence[Relationship]) -> int:
    """Plan these relationships one after the other, write all in one go, and say what was scheduled.

    A few statements however many they are. Those left out, because somebody is being booked elsewhere this very moment, stay
    due. Returns how many were not left out.
    """
    now = await clock.now(tx)
    everybody = {person for relationship in relationships for person in relationship.participant_ids}
    programs = await _by_id(tx, Program, {relationship.program_id for relationship in relationships})
    people = {person.id: person for person in await tx.find(Participant, sql.FREE_PEOPLE, list(everybody))}
    known = everybody if len(people) == len(everybody) else await _known(tx, everybody)
    taken = await _taken(tx, people, now)

    planned: list[tuple[Relationship, Session]] = []
    waiting: list[Relationship] = []
    for relationship in relationships:
        program = programs.get(relationship.program_id)
        if program is None:
            waiting.append(relationship.waiting(Reason.PROGRAM_UNKNOWN))
        elif not known.issuperset(relationship.participant_ids):
            waiting.append(relationship.waiting(Reason.PARTICIPANTS_UNKNOWN))
        elif people.keys() >= set(relationship.participant_ids):
            slot = first_slot(program, [people[id_] for id_ in relationship.participant_ids], taken, now)
            if isinstance(slot, Reason):
                waiting.append(relationship.waiting(slot))
            else:
                planned.append((relationship.running(), first_session(relationship, new_id(), slot)))
                for person in relationship.participant_ids:
                    taken[person].append(slot)

    running = await _book(tx, planned)
    await _settle(tx, [*running, *waiting])
    return len(running) + len(waiting)


async def _book(tx: Transaction, planned: Sequence[tuple[Relationship, Session]]) -> list[Relationship]:
    """Make the planned sessions and say so. Returns their relationships: without those whose time turned out to be taken."""
    if not planned:
        return []
    rows = await tx.fetch(sql.SCHEDULE, tx.tenant_id, [asdict(session) for _, session in planned])
    made = {row["id"] for row in rows}
    lost = [session.id for _, session in planned if session.id not in made]
    if lost:
        await tx.execute(sql.RELEASE, tx.tenant_id, lost)
    for _, session in planned:
        if session.id in made:
            tx.publish(_scheduled(session))
    return [relationship for relationship, session in planned if session.id in made]


async def _settle(tx: Transaction, relationships: Sequence[Relationship]) -> None:
    """Write what became of relationships."""
    await tx.execute(
        sql.SETTLE,
        tx.tenant_id,
        [relationship.id for relationship in relationships],
        [relationship.version for relationship in relationships],
        [relationship.state for relationship in relationships],
        [relationship.reason for relationship in relationships],
    )


@dataclass(frozen=True, slots=True)
class FreeSlots:
    relationship_id: UUID
    limit: int


async def next_free_slots(tx: Transaction, command: FreeSlots) -> list[Slot]:
    """When the people of a relationship can meet, soonest first.

    Raises: NotFound, FactsMissing, TimeZoneUnknown.
    """
    relationship = await tx.get(Relationship, command.relationship_id)
    program = (await _by_id(tx, Program, {relationship.program_id})).get(relationship.program_id)
    people = await _by_id(tx, Participant, relationship.participant_ids)
    if program is None or len(people) < len(relationship.participant_ids):
        raise FactsMissing("Ask again in a moment.")
    now = await clock.now(tx)
    taken = await _taken(tx, people, now)
    return list(islice(free_slots(program, list(people.values()), taken, now), command.limit))


# -- sessions -----------------------------------------------------------------------------------------------------------


async def complete(tx: Transaction, session_id: UUID) -> Session:
    """A session took place.

    Raises: NotFound, SessionOver, NotStartedYet.
    """
    session = await tx.lock(Session, session_id)
    now = await clock.now(tx)
    completed = session.completed(now)
    await tx.save(completed)
    tx.publish(
        SessionCompleted(
            version=completed.version,
            session_id=completed.id,
            match_id=completed.match_id,
            program_id=completed.program_id,
            participant_ids=completed.participant_ids,
            completed_at=now,
        )
    )
    return completed


@dataclass(frozen=True, slots=True)
class MissSession:
    session_id: UUID
    absent_ids: tuple[UUID, ...]


async def miss(tx: Transaction, command: MissSession) -> Session:
    """A session did not take place because somebody did not come. Their time is theirs again.

    Raises: NotFound, SessionOver, NotEndedYet, NotOfTheSession.
    """
    session = await tx.lock(Session, command.session_id)
    missed = session.missed(command.absent_ids, await clock.now(tx))
    await tx.save(missed)
    await tx.execute(sql.LET_GO, tx.tenant_id, missed.id)
    tx.publish(
        SessionMissed(
            version=missed.version,
            session_id=missed.id,
            match_id=missed.match_id,
            program_id=missed.program_id,
            participant_ids=missed.participant_ids,
            absent_ids=missed.absent_ids,
        )
    )
    return missed


@dataclass(frozen=True, slots=True)
class RescheduleSession:
    session_id: UUID
    starts_at: datetime


async def reschedule(tx: Transaction, command: RescheduleSession) -> Session:
    """Move a session to another time, inside working hours or not: that is for its people to say.

    Raises: NotFound, SessionOver, AlreadyStarted, InThePast, OutsideProgram, SlotTaken (everybody keeps their other sessions).
    """
    session = await tx.lock(Session, command.session_id)
    moved = session.moved_to(command.starts_at.astimezone(UTC), await clock.now(tx))
    people = await tx.find(Participant, sql.LOCKED_PEOPLE, session.participant_ids)
    program = await tx.get(Program, session.program_id)
    program.refuse_outside(moved.slot, people)
    await tx.save(moved)
    try:
        await tx.execute(sql.MOVE, tx.tenant_id, moved.id, moved.starts_at, moved.ends_at)
    except asyncpg.ExclusionViolationError as error:
        raise SlotTaken("Take another time; the relationship's slots show which are free.") from error
    tx.publish(_scheduled(moved))
    return moved


def _scheduled(session: Session) -> SessionScheduled:
    return SessionScheduled(
        version=session.version,
        session_id=session.id,
        match_id=session.match_id,
        program_id=session.program_id,
        participant_ids=session.participant_ids,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )


# -- reading ------------------------------------------------------------------------------------------------------------

_Copy = TypeVar("_Copy", Participant, Program)


async def _by_id(tx: Transaction, kind: type[_Copy], ids: Iterable[UUID]) -> dict[UUID, _Copy]:
    return {one.id: one for one in await tx.find(kind, "id = ANY($2::uuid[])", list(ids))}


async def _known(tx: Transaction, people: Iterable[UUID]) -> set[UUID]:
    return {row["id"] for row in await tx.fetch(sql.KNOWN_PEOPLE, tx.tenant_id, list(people))}


async def _taken(tx: Transaction, people: Iterable[UUID], since: datetime) -> dict[UUID, list[Slot]]:
    taken: dict[UUID, list[Slot]] = {person: [] for person in people}
    for row in await tx.fetch(sql.TAKEN, tx.tenant_id, list(taken), since):
        taken[row["participant_id"]].append(Slot(row["starts_at"], row["ends_at"]))
    return taken
