"""The one way a person's facts are written, whichever way they arrive: state and event together, and only what differs.

`upsert_person` writes one person and knows which one it is; `upsert_people` writes thousands in one statement and finds them by
their employee numbers. A fact that was not given stays as it is; a new person then has its usual value.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import asyncpg

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service import sql
from profile_service.domain import Employment, Participant, PersonFacts
from profile_service.person_text import BREAK, PersonText
from profile_service.use_cases.departures import publish_departure, publish_employment, published, withdraw_all


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
    without a usual value must all be given. Who leaves today, or has left, ends what they take part in.

    Raises: EmployeeNumberTaken, EmailTaken, EmploymentDatesWrong.
    """
    given = facts.given()
    if known is None:
        person = Participant(id=new_id(), version=1, **given).with_sound_dates()
        tx.add(person)
        tx.publish(ParticipantRegistered(version=1, participant_id=person.id, facts=published(person)))
        return Upserted(person, Outcome.CREATED)
    if all(getattr(known, name) == value for name, value in given.items()):
        return Upserted(known, Outcome.UNCHANGED)
    today = (await tx.now()).date()
    person = known.changed(ExpectedVersion(None), **given).with_sound_dates()
    person = replace(person, has_left=person.status(today, has_left=False) is Employment.LEFT)
    await tx.save(person)
    if person.has_left and not known.has_left:
        publish_departure(tx, person)
    if person.employed() != known.employed():
        publish_employment(tx, person, today)
    tx.publish(ParticipantUpdated(version=person.version, participant_id=person.id, facts=published(person)))
    if person.has_left and not known.has_left:
        await withdraw_all(tx, [person.id])
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
    employment = [row["id"] for row in changed if row["employment_changed"]]
    kept = await _kept(tx, [row["id"] for row in changed] if absent else employment)
    if employment:
        today = (await tx.now()).date()
        for id_ in employment:
            publish_employment(tx, kept[id_], today)
    facts = {id_: published(one).model_dump_json().encode() for id_, one in kept.items()}
    tx.publish_many(ParticipantRegistered, created)
    tx.publish_many(
        ParticipantUpdated, [_event(row, facts.get(row["id"]) or by_number[row["employee_number"]].facts()) for row in changed]
    )
    return Counts(len(created), len(changed), len(people) - len(written))


async def _kept(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Participant]:
    """People as they are now: what stayed as it was is known to the database alone."""
    return {one.id: one for one in await tx.find(Participant, "id = ANY($2::uuid[])", list(ids))} if ids else {}


def _event(written: asyncpg.Record, facts: bytes) -> tuple[UUID, bytes]:
    """The event's aggregate and JSON, `ParticipantRegistered` and `ParticipantUpdated` alike."""
    id_, _, version, _ = written
    return id_, b'{"version":%d,"participant_id":"%s","facts":%s}' % (version, str(id_).encode(), facts)
