"""The one way a person's facts are written, whichever way they arrive: state and event together, and only what differs.

`upsert_person` writes one person and knows which one it is; `upsert_people` writes thousands in one statement and finds them by
their employee numbers. A fact that was not given stays as it is; a new person then has its usual value.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import asyncpg

from peerloom_events import ParticipantFacts, ParticipantRegistered, ParticipantUpdated
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service import sql
from profile_service.domain import Participant, PersonFacts
from profile_service.person_text import BREAK, PersonText


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Upserted:
    """The person as they are kept now, and what that took."""

    person: Participant
    outcome: Outcome


async def upsert_person(tx: Transaction, facts: PersonFacts, *, known: Participant | None) -> Upserted:
    """Write what is said of one person. `known` is the person as locked by this transaction; None: a new one, whose facts
    without a usual value must all be given.

    Raises: EmployeeNumberTaken, EmailTaken.
    """
    if known is None:
        person = Participant(id=new_id(), version=1, **facts.given())
        tx.add(person)
        tx.publish(ParticipantRegistered(version=1, participant_id=person.id, facts=published_facts(person)))
        return Upserted(person, Outcome.CREATED)
    given = facts.given()
    if all(getattr(known, name) == value for name, value in given.items()):
        return Upserted(known, Outcome.UNCHANGED)
    person = known.changed(ExpectedVersion(None), **given)
    await tx.save(person)
    tx.publish(ParticipantUpdated(version=person.version, participant_id=person.id, facts=published_facts(person)))
    return Upserted(person, Outcome.CHANGED)


class Counts(NamedTuple):
    """How many people a batch created, changed and left as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


async def upsert_people(tx: Transaction, people: Sequence[PersonText], *, absent: Set[str] = frozenset()) -> Counts:
    """Write what is said of many people, none twice. `absent` names facts nobody gave: each person's value of them is what a
    new person has, and what fills a fact that is empty.

    Raises: asyncpg.UniqueViolationError where somebody else has one of the e-mail addresses.
    """
    if not people:
        return Counts()
    stays = [name in absent for name in sql.FACTS]
    written = await tx.fetch(sql.UPSERT_PEOPLE, tx.tenant_id, *map(BREAK.join, zip(*people, strict=True)), stays)
    by_number = {person.employee_number: person for person in people}
    created = [_event(row, by_number[row["employee_number"]].facts()) for row in written if row["version"] == 1]
    changed = [row for row in written if row["version"] > 1]
    if absent and changed:  # what stayed is known to the database alone
        kept = await tx.find(Participant, "id = ANY($2::uuid[])", [row["id"] for row in changed])
        facts = {one.employee_number: published_facts(one).model_dump_json().encode() for one in kept}
    else:
        facts = {row["employee_number"]: by_number[row["employee_number"]].facts() for row in changed}
    tx.publish_many(ParticipantRegistered, created)
    tx.publish_many(ParticipantUpdated, [_event(row, facts[row["employee_number"]]) for row in changed])
    return Counts(len(created), len(changed), len(people) - len(written))


def published_facts(person: Participant) -> ParticipantFacts:
    """What other services may know of a person."""
    """What the other services may know of a person."""
    return ParticipantFacts.model_validate(person, from_attributes=True)


def _event(written: asyncpg.Record, facts: bytes) -> tuple[UUID, bytes]:
    """The event's aggregate and JSON, `ParticipantRegistered` and `ParticipantUpdated` alike."""
    id_, _, version = written
    return id_, b'{"version":%d,"participant_id":"%s","facts":%s}' % (version, str(id_).encode(), facts)
