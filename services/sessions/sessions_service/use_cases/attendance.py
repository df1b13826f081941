"""What became of a session: whether it took place, and who came."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_events import SessionCompleted, SessionMissed
from peerloom_service.context import ANY_VERSION, ExpectedVersion
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries
from sessions_service.domain.sessions import Session, SessionState
from sessions_service.use_cases import bookings


@dataclass(frozen=True, slots=True)
class CompleteSession:
    session_id: UUID
    expected: ExpectedVersion = ANY_VERSION


async def complete(tx: Transaction, command: CompleteSession) -> Session:
    """A session took place, and everybody came.

    Raises: NotFound, PreconditionFailed, SessionOver, NotStartedYet.
    """
    session = await queries.lock_with_relationship(tx, command.session_id)
    session.refuse_other_version(command.expected)
    return await _record(tx, session.completed(await clock.now(tx)))


@dataclass(frozen=True, slots=True)
class MissSession:
    session_id: UUID
    absent_ids: tuple[UUID, ...]
    expected: ExpectedVersion = ANY_VERSION


async def miss(tx: Transaction, command: MissSession) -> Session:
    """A session did not take place because somebody did not come. Everybody's time is free again.

    Raises: NotFound, PreconditionFailed, SessionOver, NotEndedYet, NotOfTheSession.
    """
    session = await queries.lock_with_relationship(tx, command.session_id)
    session.refuse_other_version(command.expected)
    return await _record(tx, session.missed(command.absent_ids, await clock.now(tx)))


@dataclass(frozen=True, slots=True)
class RecordAttendance:
    session_id: UUID
    present_ids: tuple[UUID, ...]
    expected: ExpectedVersion = ANY_VERSION


async def record_attendance(tx: Transaction, command: RecordAttendance) -> Session:
    """Who came: with two people or more the session took place, otherwise it was missed.

    Raises: NotFound, PreconditionFailed, SessionOver, NotStartedYet, NotEndedYet, NotOfTheSession.
    """
    session = await queries.lock_with_relationship(tx, command.session_id)
    session.refuse_other_version(command.expected)
    return await _record(tx, session.attended(command.present_ids, await clock.now(tx)))


async def _record(tx: Transaction, session: Session) -> Session:
    """Write and publish that a session is over, and have the next one planned."""
    await tx.save(session)
    if session.state is SessionState.MISSED:
        await bookings.give_back(tx, session)
        tx.publish(
            SessionMissed(
                version=session.version,
                session_id=session.id,
                match_id=session.match_id,
                program_id=session.program_id,
                participant_ids=session.participant_ids,
                absent_ids=session.absent_ids,
            )
        )
    else:
        tx.publish(
            SessionCompleted(
                version=session.version,
                session_id=session.id,
                match_id=session.match_id,
                program_id=session.program_id,
                participant_ids=session.participant_ids,
                completed_at=await clock.now(tx),
                absent_ids=session.absent_ids,
            )
        )
    await bookings.plan_next(tx, session)
    return session
