"""Second step: the inbox knows which events this consumer has handled; it is written in the very transaction of their effects.

Kafka may deliver an event again after a crash, a rebalance or a retried send; the second time it meets its own id here.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar
from uuid import UUID

from peerloom_service.storage.database import Connection, Database

KEPT_DAYS: Final = 35
"""Longer than any topic keeps its records, so that a full replay still finds every id."""

# In one order, so that consumers of the same events do not deadlock. Answers nothing where all are new: that is the rule.
REMEMBER: Final = """
    WITH new AS (
        INSERT INTO inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    SELECT CASE WHEN count(*) < cardinality($2) THEN coalesce(array_agg(event_id), '{}') END FROM new
"""
KNOWN: Final = "SELECT event_id FROM inbox WHERE consumer = $1 AND event_id = ANY($2)"
FORGET: Final = "DELETE FROM inbox WHERE handled_at < now() - make_interval(days => $1)"


class Identified(Protocol):
    """What carries the id of its event."""

    @property
    def event_id(self) -> UUID: ...


Delivered = TypeVar("Delivered", bound=Identified)


async def first_deliveries(connection: Connection, consumer: str, events: Sequence[Delivered]) -> Sequence[Delivered]:
    """Those not handled before, now remembered, each once even where `events` holds it twice; where another transaction is
    handling one, waits for its outcome.
    """
    new = await connection.fetchval(REMEMBER, consumer, [event.event_id for event in events])
    if new is None:
        return events
    left = set(new)
    first: list[Delivered] = []
    for event in events:
        if event.event_id in left:
            left.remove(event.event_id)
            first.append(event)
    return first


async def not_handled(database: Database, consumer: str, ids: Sequence[bytes]) -> set[bytes]:
    """Of these ids, as envelopes carry them, those of events that this consumer has not handled up to now. What is no id of
    ours cannot have been.
    """
    if not ids:
        return set()
    known = {str(row["event_id"]).encode() for row in await database.fetch(None, KNOWN, consumer, _uuids(ids))}
    return {id_ for id_ in ids if id_.lower() not in known}


def _uuids(ids: Sequence[bytes]) -> list[UUID]:
    found: list[UUID] = []
    for id_ in ids:
        with suppress(ValueError):
            found.append(UUID(id_.decode("ascii", errors="replace")))
    return found
