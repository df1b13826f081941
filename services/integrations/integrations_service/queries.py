"""What integrations reads, by name."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from integrations_service.domain.events import BEGINNING, Cursor, Head, Logged, Wanted
from integrations_service.domain.webhooks import Delivery
from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction

SPAN: Final = 20_000
"""Numbers that one read looks at, at most: a reader of something rare gets on all the same, and nobody waits for long."""

HEAD: Final = "SELECT last_seq, day, floor_seq FROM log_head WHERE tenant_id = $1"
HEADS: Final = "SELECT tenant_id, last_seq FROM log_head WHERE tenant_id = ANY($1::uuid[])"
_LOGGED: Final = "seq, day, event_id, type, subject, people, program_id, document"
EVENTS: Final = f"""
    SELECT {_LOGGED} FROM event
    WHERE tenant_id = $1 AND day >= $2 AND seq > $3 AND seq <= $4
        AND ($5::text[] IS NULL OR type = ANY($5)) AND ($6::uuid IS NULL OR people @> ARRAY[$6]::uuid[])
        AND ($7::uuid IS NULL OR program_id = $7)
    ORDER BY seq LIMIT $8
"""
DOCUMENT: Final = "SELECT document FROM event WHERE tenant_id = $1 AND day = $2 AND seq = $3"
DAYS_BEFORE: Final = "SELECT DISTINCT day FROM log_day WHERE day < $1 ORDER BY day"
_DELIVERY: Final = (
    "id, version, webhook_id, event_id, event_type, subject, seq, day, document, state, attempts, next_attempt_at, created_at"
)
DUE_DELIVERIES: Final = f"""
    SELECT {_DELIVERY} FROM webhook_delivery
    WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'waiting' AND next_attempt_at <= now()
    ORDER BY seq LIMIT $3
"""
BUSY_SUBJECTS: Final = """
    SELECT DISTINCT subject FROM webhook_delivery
    WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'waiting' AND subject = ANY($3)
"""


def _head(row: asyncpg.Record | None) -> Head:
    return Head(BEGINNING, 0) if row is None else Head(Cursor(row["last_seq"], row["day"]), row["floor_seq"])


async def head(database: Database, tenant: UUID) -> Head:
    """How far an organisation's log reaches."""
    return _head(await database.fetchrow(tenant, HEAD, tenant))


async def head_in(tx: Transaction) -> Head:
    """The same inside a transaction."""
    return _head(await tx.fetchrow(HEAD, tx.tenant_id))


async def heads(database: Database, tenants: Collection[UUID]) -> dict[UUID, int]:
    """Number of the last event of each of these organisations that has any."""
    return {row["tenant_id"]: row["last_seq"] for row in await database.fetch(None, HEADS, [*tenants])}


async def events(
    database: Database, tenant: UUID, after: Cursor, wanted: Wanted, limit: int, last: Cursor
) -> tuple[list[Logged], Cursor]:
    """Events behind a place, in their order, and the place up to which that is all there is of what is wanted.

    `last`: the log's end, as `head` told it. It may take several reads to reach it.
    """
    until = min(after.seq + SPAN, last.seq)
    if until <= after.seq:
        return [], after
    rows = await database.fetch(
        tenant,
        EVENTS,
        tenant,
        after.day,
        after.seq,
        until,
        None if wanted.types is None else [*wanted.types],
        wanted.participant_id,
        wanted.program_id,
        limit,
    )
    found = [Logged(*row) for row in rows]
    if len(found) == limit:
        return found, found[-1].cursor
    if until == last.seq:
        return found, last
    return found, Cursor(until, found[-1].day if found else after.day)


async def document(database: Database, tenant: UUID, delivery: Delivery) -> bytes | None:
    """What a delivery delivers; None where that is no longer kept."""
    if delivery.document is not None:
        return delivery.document.encode()
    row = await database.fetchrow(tenant, DOCUMENT, tenant, delivery.day, delivery.seq)
    return None if row is None else bytes(row["document"])


async def days_before(database: Database, first: date) -> list[date]:
    """Days that have events and lie before this one, the oldest first."""
    return [row["day"] for row in await database.fetch(None, DAYS_BEFORE, first)]


async def busy_subjects(database: Database, tenant: UUID, webhook_id: UUID, subjects: Sequence[str]) -> set[str]:
    """Those of these subjects that a delivery waits for already: what is new of them has to wait behind it."""
    rows = await database.fetch(tenant, BUSY_SUBJECTS, tenant, webhook_id, [*subjects])
    return {row["subject"] for row in rows}
