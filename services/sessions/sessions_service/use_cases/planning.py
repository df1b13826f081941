"""Relationships begin, and their first sessions are planned."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from peerloom_events import SessionScheduled
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries, sql
from sessions_service.domain import Reason, Relationship, Session, first_session, first_slot


@dataclass(frozen=True, slots=True)
class BeginRelationship:
    """A confirmed match becomes a relationship under the same id."""

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    confirmed_at: datetime


async def begin_relationship(tx: Transaction, command: BeginRelationship) -> None:
    """Begin the relationship of a confirmed match and schedule its first session; a match confirmed twice begins one.

    Raises: TooFewPeople.
    """
    relationship = Relationship(
        id=command.match_id,
        version=1,
        program_id=command.program_id,
        participant_ids=command.participant_ids,
        begun_at=command.confirmed_at,
    )
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


@dataclass(frozen=True, slots=True)
class ScheduleDue:
    relationship_ids: tuple[UUID, ...]


async def schedule_due(tx: Transaction, command: ScheduleDue) -> int:
    """Schedule the first sessions of these relationships, or record what each waits for.

    Passes over those that are no longer due or that another worker holds. Returns how many it was not prevented from planning.
    """
    due = await queries.lock_due(tx, command.relationship_ids)
    return await _schedule_first_sessions(tx, due) if due else 0


@dataclass(frozen=True, slots=True)
class PutOff:
    relationship_id: UUID


async def put_off(tx: Transaction, command: PutOff) -> None:
    """Planning for this relationship failed with a defect: record it, and try again after its pause."""
    await tx.execute(sql.PUT_OFF, tx.tenant_id, command.relationship_id, Reason.PLANNING_FAILED)


async def _schedule_first_sessions(tx: Transaction, relationships: Sequence[Relationship]) -> int:
    """Plan these relationships one after the other, write all in one go, and publish what was scheduled.

    A few statements however many they are. Those left out, because somebody is being booked elsewhere this very moment, stay
    due. Returns how many were not left out.
    """
    now = await clock.now(tx)
    everybody = {person for relationship in relationships for person in relationship.participant_ids}
    programs = await queries.programs(tx, {relationship.program_id for relationship in relationships})
    people = await queries.lock_free_people(tx, everybody)
    known = everybody if len(people) == len(everybody) else await queries.known_people(tx, everybody)
    taken = await queries.taken(tx, people, since=now)

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
    await _record(tx, [*running, *waiting])
    return len(running) + len(waiting)


async def _book(tx: Transaction, planned: Sequence[tuple[Relationship, Session]]) -> list[Relationship]:
    """Make the planned sessions and publish them. Returns their relationships: without those whose time turned out to be
    taken."""
    if not planned:
        return []
    rows = await tx.fetch(sql.SCHEDULE, tx.tenant_id, [asdict(session) for _, session in planned])
    made = {row["id"] for row in rows}
    lost = [session.id for _, session in planned if session.id not in made]
    if lost:
        await tx.execute(sql.RELEASE, tx.tenant_id, lost)
    for _, session in planned:
        if session.id in made:
            tx.publish(scheduled(session))
    return [relationship for relationship, session in planned if session.id in made]


async def _record(tx: Transaction, relationships: Sequence[Relationship]) -> None:
    """Write what became of relationships that were planned for."""
    await tx.execute(
        sql.RECORD_PLANNING,
        tx.tenant_id,
        [relationship.id for relationship in relationships],
        [relationship.version for relationship in relationships],
        [relationship.state for relationship in relationships],
        [relationship.reason for relationship in relationships],
    )


def scheduled(session: Session) -> SessionScheduled:
    """The event that a session has this time."""
    return SessionScheduled(
        version=session.version,
        session_id=session.id,
        match_id=session.match_id,
        program_id=session.program_id,
        participant_ids=session.participant_ids,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )
