"""Relationships begin, and their sessions are planned, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from peerloom_events import RelationshipAtRisk
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, queries, sql
from sessions_service.domain.people import Program
from sessions_service.domain.planning import next_session, next_slot
from sessions_service.domain.relationships import Ending, Reason, Relationship, RelationshipState, risk_of
from sessions_service.domain.sessions import Session
from sessions_service.slots import Slot
from sessions_service.use_cases import bookings
from sessions_service.use_cases.closing import publish_completed


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
        await _plan(tx, [relationship], {})


@dataclass(frozen=True, slots=True)
class ScheduleDue:
    relationship_ids: tuple[UUID, ...]


async def schedule_due(tx: Transaction, command: ScheduleDue) -> int:
    """Schedule the next sessions of these relationships, record what each waits for, or complete those whose program ends.

    Passes over those that are no longer due or that another worker holds. Returns how many it was not prevented from planning.
    """
    due = await queries.lock_due(tx, command.relationship_ids)
    if not due:
        return 0
    return await _plan(tx, due, await queries.latest_sessions(tx, [relationship.id for relationship in due]))


@dataclass(frozen=True, slots=True)
class PutOff:
    relationship_id: UUID


async def put_off(tx: Transaction, command: PutOff) -> None:
    """Planning for this relationship failed with a defect: record it, and try again after its pause."""
    await tx.execute(sql.PUT_OFF, tx.tenant_id, command.relationship_id, Reason.PLANNING_FAILED)


async def _plan(tx: Transaction, relationships: Sequence[Relationship], latest: Mapping[UUID, Sequence[Session]]) -> int:
    """Plan these relationships one after the other, write all in one go, and publish what came of it.

    A few statements however many they are. Those left out, because somebody is being booked elsewhere this very moment, stay
    due. Returns how many were not left out. `latest`: their last sessions, the newest first.
    """
    now = await clock.now(tx)
    everybody = {person for relationship in relationships for person in relationship.participant_ids}
    programs = await queries.programs(tx, {relationship.program_id for relationship in relationships})
    people = await queries.lock_free_people(tx, everybody)
    known = everybody if len(people) == len(everybody) else await queries.known_people(tx, everybody)
    taken = await queries.taken(tx, people, since=now)

    planned: list[tuple[Relationship, Session]] = []
    others: list[Relationship] = []
    for relationship in relationships:
        program, last = programs.get(relationship.program_id), next(iter(latest.get(relationship.id, ())), None)
        if program is None:
            others.append(relationship.waiting(Reason.PROGRAM_UNKNOWN))
        elif not known.issuperset(relationship.participant_ids):
            others.append(relationship.waiting(Reason.PARTICIPANTS_UNKNOWN))
        elif people.keys() >= set(relationship.participant_ids):
            match next_slot(program, [people[id_] for id_ in relationship.participant_ids], taken, last, now):
                case Slot() as slot:
                    planned.append((relationship.running(), next_session(relationship, new_id(), slot, last)))
                    for person in relationship.participant_ids:
                        taken[person].append(slot)
                case Reason() as reason:
                    others.append(relationship.waiting(reason))
                case Ending() as ending:
                    others.append(relationship.completed(ending, now))

    settled = _with_risks(tx, [*await _book(tx, planned), *others], programs, latest, now)
    await _record(tx, settled)
    await publish_completed(tx, [one for one in settled if one.state is RelationshipState.COMPLETED])
    return len(settled)


async def _book(tx: Transaction, planned: Sequence[tuple[Relationship, Session]]) -> list[Relationship]:
    """Make the planned sessions. Returns their relationships: without those whose time turned out to be taken."""
    if not planned:
        return []
    made = await bookings.make(tx, [session for _, session in planned])
    return [relationship for relationship, session in planned if session.id in made]


def _with_risks(
    tx: Transaction,
    relationships: Sequence[Relationship],
    programs: Mapping[UUID, Program],
    latest: Mapping[UUID, Sequence[Session]],
    now: datetime,
) -> list[Relationship]:
    """These relationships with what puts them at risk; publishes each risk when it is new."""
    settled: list[Relationship] = []
    for relationship in relationships:
        program = programs.get(relationship.program_id)
        if program is None or relationship.state is RelationshipState.COMPLETED:
            settled.append(relationship)
            continue
        risk = risk_of(relationship, program, latest.get(relationship.id, ()), now)
        assessed = relationship.with_risk(risk)
        settled.append(assessed)
        if risk is not None and assessed is not relationship:
            tx.publish(
                RelationshipAtRisk(
                    version=assessed.version,
                    match_id=assessed.id,
                    program_id=assessed.program_id,
                    participant_ids=assessed.participant_ids,
                    reason=risk,
                    noticed_at=now,
                )
            )
    return settled


async def _record(tx: Transaction, relationships: Sequence[Relationship]) -> None:
    """Write what became of relationships that were planned for."""
    await tx.execute(
        sql.RECORD_PLANNING,
        tx.tenant_id,
        [relationship.id for relationship in relationships],
        [relationship.version for relationship in relationships],
        [relationship.state for relationship in relationships],
        [relationship.reason for relationship in relationships],
        [relationship.at_risk for relationship in relationships],
        [relationship.ending for relationship in relationships],
        [relationship.ended_at for relationship in relationships],
    )
