"""Sessions and the time they take of people: written together, and published."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import asyncpg

from peerloom_events import SessionCancelled, SessionScheduled
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import sql
from sessions_service.domain.sessions import Session, SlotTaken


async def make(tx: Transaction, sessions: Sequence[Session]) -> set[UUID]:
    """Make new sessions and publish them. Returns the ids of those made: without those whose time turned out to be taken."""
    rows = await tx.fetch(sql.SCHEDULE, tx.tenant_id, [asdict(session) for session in sessions])
    made = {row["id"] for row in rows}
    lost = [session.id for session in sessions if session.id not in made]
    if lost:
        await tx.execute(sql.RELEASE, tx.tenant_id, lost)
    for session in sessions:
        if session.id in made:
            tx.publish(_scheduled(session))
    return made


async def move(tx: Transaction, moved: Session) -> None:
    """Write a session's new time and publish it.

    Raises: SlotTaken.
    """
    await tx.save(moved)
    try:
        await tx.execute(sql.MOVE, tx.tenant_id, moved.id, moved.starts_at, moved.ends_at)
    except asyncpg.ExclusionViolationError as error:
        raise slot_taken() from error
    tx.publish(_scheduled(moved))


async def cancel(tx: Transaction, cancelled: Session, by: UUID | None) -> None:
    """Write that a session is cancelled, give its time back and publish it. `by`: the participant who asked for it."""
    await tx.save(cancelled)
    await give_back(tx, cancelled)
    tx.publish(
        SessionCancelled(
            version=cancelled.version,
            session_id=cancelled.id,
            match_id=cancelled.match_id,
            program_id=cancelled.program_id,
            participant_ids=cancelled.participant_ids,
            starts_at=cancelled.starts_at,
            participant_id=by,
        )
    )


async def give_back(tx: Transaction, session: Session) -> None:
    """Everybody's time is free again."""
    await tx.execute(sql.LET_GO, tx.tenant_id, session.id)


async def plan_next(tx: Transaction, over: Session) -> None:
    """A session is over: its relationship waits for the next one, which the planning job schedules at once."""
    await tx.execute(sql.PLAN_NEXT, tx.tenant_id, over.match_id)


def slot_taken() -> SlotTaken:
    """Somebody has another session at that time."""
    return SlotTaken("Choose another time. The relationship's slots show which times are free.")


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
