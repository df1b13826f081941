"""What people do with a session that has a time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from peerloom_events import SessionCompleted, SessionMissed
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries, sql
from sessions_service.domain import Program, Session, SlotTaken
from sessions_service.use_cases.planning import scheduled


@dataclass(frozen=True, slots=True)
class CompleteSession:
    session_id: UUID


async def complete(tx: Transaction, command: CompleteSession) -> Session:
    """A session took place.

    Raises: NotFound, SessionOver, NotStartedYet.
    """
    session = await tx.lock(Session, command.session_id)
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
    """A session did not take place because somebody did not come. Everybody's time is free again.

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
    """Move a session to another time. It may lie outside working hours: its people decide.

    Raises: NotFound, SessionOver, AlreadyStarted, InThePast, OutsideProgram, SlotTaken (everybody keeps their other sessions).
    """
    session = await tx.lock(Session, command.session_id)
    moved = session.moved_to(command.starts_at.astimezone(UTC), await clock.now(tx))
    people = await queries.lock_people(tx, session.participant_ids)
    program = await tx.get(Program, session.program_id)
    program.refuse_outside(moved.slot, people.values())
    await tx.save(moved)
    try:
        await tx.execute(sql.MOVE, tx.tenant_id, moved.id, moved.starts_at, moved.ends_at)
    except asyncpg.ExclusionViolationError as error:
        raise SlotTaken("Choose another time. The relationship's slots show which times are free.") from error
    tx.publish(scheduled(moved))
    return moved
