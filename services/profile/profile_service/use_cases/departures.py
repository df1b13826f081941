"""People who leave: on the day, their enrolments end and the other services are told; before it, only the date is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from peerloom_events import (
    EmploymentChanged,
    ParticipantDeactivated,
    ParticipantFacts,
    ParticipantUpdated,
    ParticipantWithdrawn,
)
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Employment, Enrolment, Participant, Withdrawal


@dataclass(frozen=True, slots=True)
class LeaveToday:
    """Their leaving dates have come."""

    participant_ids: tuple[UUID, ...]


async def leave_today(tx: Transaction, command: LeaveToday) -> int:
    """Act on leaving dates that have come; those it was done for already, or whose date was moved, are passed over."""
    today = (await tx.now()).date()
    people = await tx.find(Participant, queries.STILL_LEAVING, list(command.participant_ids), today)
    await let_go(tx, people, {person.id: person.leaving_on or today for person in people})
    return len(people)


async def let_go(tx: Transaction, people: Sequence[Participant], on: Mapping[UUID, date]) -> None:
    """Locked people have left, each on their day: their address is free, their enrolments end, and everybody is told."""
    if not people:
        return
    gone = [replace(one, version=one.version + 1, leaving_on=on[one.id], has_left=True) for one in people]
    columns = zip(*((one.id, one.version, one.leaving_on) for one in gone), strict=True)
    await tx.execute(sql.LET_GO, tx.tenant_id, *map(list, columns))
    for person in gone:
        publish_departure(tx, person)
        publish_employment(tx, person, on[person.id])
        tx.publish(ParticipantUpdated(version=person.version, participant_id=person.id, facts=published(person)))
    await withdraw_all(tx, [person.id for person in gone])


def published(person: Participant) -> ParticipantFacts:
    """What the other services may know of a person."""
    return ParticipantFacts.model_validate(person, from_attributes=True)


def publish_departure(tx: Transaction, person: Participant) -> None:
    """Tell everybody that somebody has left."""
    assert person.leaving_on is not None
    tx.publish(ParticipantDeactivated(version=person.version, participant_id=person.id, left_on=person.leaving_on))


def publish_employment(tx: Transaction, person: Participant, today: date) -> None:
    """Tell everybody since when, or from when on, somebody works here or does not."""
    left = person.leaving_on is not None
    tx.publish(
        EmploymentChanged(
            version=person.version,
            participant_id=person.id,
            status=Employment.LEFT if left else person.status(today),
            effective_on=person.leaving_on or max(today, person.hired_on),
            hired_on=person.hired_on,
            leaving_on=person.leaving_on,
        )
    )


async def withdraw_all(tx: Transaction, participant_ids: Sequence[UUID]) -> None:
    """End the enrolments of people who have left."""
    now = await tx.now()
    ended = [
        one.withdrawn(Withdrawal.LEFT, now) for one in await tx.find(Enrolment, queries.ENROLMENTS_OF, list(participant_ids))
    ]
    if not ended:
        return
    columns = zip(*((one.id, one.version) for one in ended), strict=True)
    await tx.execute(sql.WITHDRAW, tx.tenant_id, *map(list, columns), Withdrawal.LEFT, now)
    for one in ended:
        tx.publish(
            ParticipantWithdrawn(
                version=one.version,
                participant_id=one.participant_id,
                program_id=one.program_id,
                enrolment_id=one.id,
                reason=Withdrawal.LEFT,
            )
        )
