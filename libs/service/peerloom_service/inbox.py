"""The inbox: which events this consumer has handled, remembered in the very transaction of their effects.

Kafka may deliver an event again after a crash, a rebalance or a retried send; the second time it meets its own id here.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final
from uuid import UUID

from peerloom_service.database import Connection

KEPT_DAYS: Final = 35
"""Longer than any topic keeps its records, so that a full replay still finds every id."""

_REMEMBER: Final = """
    INSERT INTO inbox (consumer, event_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id
"""
FORGET: Final = "DELETE FROM inbox WHERE handled_at < now() - make_interval(days => $1)"


async def not_seen(connection: Connection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Ids not handled before, now remembered; where another transaction is handling one, waits for its outcome."""
    rows = await connection.fetch(_REMEMBER, consumer, sorted(event_ids, key=attrgetter("int")))  # in one order: no deadlocks
    if len(rows) == len(event_ids):
        return set(event_ids)
    return {UUID(int=row["event_id"].int) for row in rows}
