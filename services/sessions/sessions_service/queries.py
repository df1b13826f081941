"""What sessions reads, by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock
from sessions_service.domain import FactsMissing, Participant, Program, Relationship, free_slots
from sessions_service.slots import Slot

# -- people and programs ------------------------------------------------------------------------------------------------

KNOWN_PEOPLE: Final = "SELECT id FROM participant WHERE tenant_id = $1 AND id = ANY($2::uuid[])"

# Whoever books for people locks them first, always in the order of their ids. A scheduler leaves those alone who are being
# booked elsewhere: it has other relationships to go on with, and waiting for one while holding many would deadlock.
LOCKED_PEOPLE: Final = "id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE"
FREE_PEOPLE: Final = f"{LOCKED_PEOPLE} SKIP LOCKED"

TAKEN: Final = """
    SELECT participant_id, starts_at, ends_at FROM booking
    WHERE tenant_id = $1 AND participant_id = ANY($2::uuid[]) AND ends_at > $3 AND holds
"""


async def programs(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Program]:
    """Those of these programs that are known here, by id."""
    return {one.id: one for one in await tx.find(Program, "id = ANY($2::uuid[])", list(ids))}


async def people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """Those of these people who are known here, by id."""
    return {one.id: one for one in await tx.find(Participant, "id = ANY($2::uuid[])", list(ids))}


async def known_people(tx: Transaction, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these people are known here."""
    return {row["id"] for row in await tx.fetch(KNOWN_PEOPLE, tx.tenant_id, list(ids))}


async def lock_people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """Those of these people who are known here, locked; waits for whoever is booking for one of them."""
    return {one.id: one for one in await tx.find(Participant, LOCKED_PEOPLE, list(ids))}


async def lock_free_people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """The same, without those for whom somebody else is booking at this moment."""
    return {one.id: one for one in await tx.find(Participant, FREE_PEOPLE, list(ids))}


async def taken(tx: Transaction, ids: Iterable[UUID], *, since: datetime) -> dict[UUID, list[Slot]]:
    """When these people have sessions that end after `since`; an empty list for those who have none."""
    found: dict[UUID, list[Slot]] = {person: [] for person in ids}
    for row in await tx.fetch(TAKEN, tx.tenant_id, list(found), since):
        found[row["participant_id"]].append(Slot(row["starts_at"], row["ends_at"]))
    return found


# -- relationships ------------------------------------------------------------------------------------------------------

# The organisation that has waited longest comes first.
DUE: Final = """
    WITH first AS (SELECT tenant_id FROM relationship WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT 1)
    SELECT tenant_id, id FROM relationship JOIN first USING (tenant_id)
    WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT $1
"""
STILL_DUE: Final = "id = ANY($2::uuid[]) AND state = 'waiting' AND due_at <= now() ORDER BY id FOR UPDATE SKIP LOCKED"


@dataclass(frozen=True, slots=True)
class Due:
    """Relationships of one organisation that are to be planned for now."""

    tenant_id: UUID
    relationship_ids: tuple[UUID, ...]


async def due(database: Database, *, most: int) -> Due | None:
    """Up to `most` relationships to plan for; None where there are none."""
    rows = await database.fetch(None, DUE, most)
    return Due(rows[0]["tenant_id"], tuple(row["id"] for row in rows)) if rows else None


async def lock_due(tx: Transaction, ids: Iterable[UUID]) -> list[Relationship]:
    """Those of these relationships that are still due and that no other worker holds, locked."""
    return await tx.find(Relationship, STILL_DUE, list(ids))


@dataclass(frozen=True, slots=True)
class FreeSlots:
    relationship_id: UUID
    limit: int


async def common_free_slots(tx: Transaction, command: FreeSlots) -> list[Slot]:
    """When the people of a relationship can meet, soonest first.

    Raises: NotFound, FactsMissing, TimeZoneUnknown.
    """
    relationship = await tx.get(Relationship, command.relationship_id)
    program = (await programs(tx, {relationship.program_id})).get(relationship.program_id)
    members = await people(tx, relationship.participant_ids)
    if program is None or len(members) < len(relationship.participant_ids):
        raise FactsMissing("Try again in a moment.")
    now = await clock.now(tx)
    busy = await taken(tx, members, since=now)
    return list(islice(free_slots(program, list(members.values()), busy, now), command.limit))
