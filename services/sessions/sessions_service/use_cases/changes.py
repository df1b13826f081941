"""People choose when they meet: they book, move and cancel their sessions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from peerloom_events import SessionRescheduled
from peerloom_service.context import ANY_VERSION, ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries
from sessions_service.domain.people import FactsMissing
from sessions_service.domain.planning import chosen_slot, next_session
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.sessions import Session
from sessions_service.use_cases import bookings


@dataclass(frozen=True, slots=True)
class BookSession:
    """`by`: the participant who chose the time; None: not stated."""

    relationship_id: UUID
    starts_at: datetime
    by: UUID | None = None


async def book(tx: Transaction, command: BookSession) -> Session:
    """Book the next session of a relationship that has none to come. It may lie outside working hours: its people decide.

    Raises: NotFound, RelationshipOver, SessionPlanned, FactsMissing, InThePast, OutsideProgram, TimeZoneUnknown, SlotTaken,
    NotOfTheSession.
    """
    relationship = await tx.lock(Relationship, command.relationship_id)
    relationship.refuse_planned()
    latest = (await queries.latest_sessions(tx, [relationship.id])).get(relationship.id, [])
    program = (await queries.programs(tx, [relationship.program_id])).get(relationship.program_id)
    people = await queries.lock_people(tx, relationship.participant_ids)
    if program is None or len(people) < len(relationship.participant_ids):
        raise FactsMissing("Try again in a moment.")
    slot = chosen_slot(program, people.values(), command.starts_at.astimezone(UTC), await clock.now(tx))
    session = next_session(relationship, new_id(), slot, latest[0] if latest else None)
    session.refuse_strangers(_named(command.by))
    if session.id not in await bookings.make(tx, [session]):
        raise bookings.slot_taken()
    await tx.save(relationship.running())
    return session


@dataclass(frozen=True, slots=True)
class RescheduleSession:
    """`by`: the participant who asks for it; None: not stated."""

    session_id: UUID
    starts_at: datetime
    by: UUID | None = None
    expected: ExpectedVersion = ANY_VERSION


async def reschedule(tx: Transaction, command: RescheduleSession) -> Session:
    """Move a session to another time. It may lie outside working hours: its people decide.

    Raises: NotFound, PreconditionFailed, SessionOver, AlreadyStarted, InThePast, OutsideProgram, NotOfTheSession, SlotTaken
    (everybody keeps their other sessions).
    """
    session = await tx.lock(Session, command.session_id)
    session.refuse_other_version(command.expected)
    session.refuse_strangers(_named(command.by))
    moved = session.moved_to(command.starts_at.astimezone(UTC), await clock.now(tx))
    people = await queries.lock_people(tx, session.participant_ids)
    program = await queries.program(tx, session.program_id)
    program.refuse_outside(moved.slot, people.values())
    await bookings.move(tx, moved)
    tx.publish(
        SessionRescheduled(
            version=moved.version,
            session_id=moved.id,
            match_id=moved.match_id,
            program_id=moved.program_id,
            participant_ids=moved.participant_ids,
            starts_at=moved.starts_at,
            ends_at=moved.ends_at,
            previously_starts_at=session.starts_at,
            participant_id=command.by,
        )
    )
    return moved


@dataclass(frozen=True, slots=True)
class CancelSession:
    """`by`: the participant who asks for it; None: not stated."""

    session_id: UUID
    by: UUID | None = None
    expected: ExpectedVersion = ANY_VERSION


async def cancel(tx: Transaction, command: CancelSession) -> Session:
    """Cancel a session; everybody's time is free again, and the next one is planned.

    Raises: NotFound, PreconditionFailed, SessionOver, AlreadyStarted, NotOfTheSession.
    """
    session = await queries.lock_with_relationship(tx, command.session_id)
    session.refuse_other_version(command.expected)
    session.refuse_strangers(_named(command.by))
    cancelled = session.cancelled(await clock.now(tx))
    await bookings.cancel(tx, cancelled, command.by)
    await bookings.plan_next(tx, cancelled)
    return cancelled


def _named(person: UUID | None) -> tuple[UUID, ...]:
    return () if person is None else (person,)
