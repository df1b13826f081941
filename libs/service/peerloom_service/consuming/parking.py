"""Where an event goes that cannot be handled, together with the later events of its key.

The record goes unchanged to the dead-letter topic, with headers that say why, and to the table `parked_event`. From then on
later events of the same key are parked behind it, in order, while every other key flows on. Once the cause is mended,
`release` handles them in order; `discard` drops the first one, for a record that can never be handled.
"""

import base64
from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from peerloom_service.storage.database import Connection, Database

PARK: Final = """
    INSERT INTO parked_event (consumer, topic, key, partition_number, record_offset, headers, value, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (consumer, topic, partition_number, record_offset) DO UPDATE SET reason = excluded.reason
"""
PARK_BEHIND: Final = """
    INSERT INTO parked_event (consumer, topic, key, partition_number, record_offset, headers, value, reason)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM (
        SELECT 1 FROM parked_event WHERE consumer = $1 AND topic = $2 AND key = $3
        ORDER BY record_offset DESC LIMIT 1 FOR UPDATE
    ) AS last
    ON CONFLICT (consumer, topic, partition_number, record_offset) DO UPDATE SET reason = excluded.reason
"""
PARKED_KEYS: Final = "SELECT DISTINCT topic, key FROM parked_event WHERE consumer = $1 AND topic = ANY($2) AND key = ANY($3)"
ANY_PARKED: Final = "SELECT EXISTS (SELECT 1 FROM parked_event WHERE consumer = $1)"
OVERVIEW: Final = """
    SELECT topic, encode(key, 'escape') AS key, count(*) AS events, min(parked_at) AS since,
           (array_agg(reason ORDER BY record_offset))[1] AS reason
    FROM parked_event WHERE consumer = $1 GROUP BY topic, key ORDER BY since
"""
FIRST: Final = """
    SELECT topic, partition_number, record_offset, key, headers, value FROM parked_event
    WHERE consumer = $1 AND topic = $2 AND key = $3 ORDER BY record_offset LIMIT 1
"""
UNPARK: Final = "DELETE FROM parked_event WHERE consumer = $1 AND topic = $2 AND partition_number = $3 AND record_offset = $4"


class Delivery(NamedTuple):
    """A record as it came from the broker."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def park(connection: Connection, consumer: str, delivery: Delivery, reason: str) -> None:
    """Keep a record until its key is released."""
    await connection.execute(PARK, *_row(consumer, delivery, reason))


async def park_behind(connection: Connection, consumer: str, delivery: Delivery) -> bool:
    """Keep a record behind those of its key; False when they have been released in this very moment."""
    tag = await connection.execute(PARK_BEHIND, *_row(consumer, delivery, "an earlier event of its key is parked"))
    return tag != "INSERT 0 0"


def _row(consumer: str, delivery: Delivery, reason: str) -> tuple[object, ...]:
    headers = [[name, base64.b64encode(value).decode()] for name, value in delivery.headers]
    place = (delivery.key, delivery.partition, delivery.offset)
    return (consumer, delivery.topic, *place, headers, delivery.value, reason[:2000])


async def parked_keys(connection: Connection, consumer: str, deliveries: Sequence[Delivery]) -> set[tuple[str, bytes]]:
    """Which of these records' keys have something parked already."""
    if not await connection.fetchval(ANY_PARKED, consumer):
        return set()
    topics, keys = list({delivery.topic for delivery in deliveries}), list({delivery.key for delivery in deliveries})
    rows = await connection.fetch(PARKED_KEYS, consumer, topics, keys)
    return {(row["topic"], row["key"]) for row in rows}


async def overview(database: Database, consumer: str) -> list[asyncpg.Record]:
    """Each parked key with how many events wait behind it, since when and why."""
    return await database.fetch(None, OVERVIEW, consumer)


async def first_parked(database: Database, consumer: str, topic: str, key: bytes) -> Delivery | None:
    """The record a key is waiting for."""
    row = await database.fetchrow(None, FIRST, consumer, topic, key)
    if row is None:
        return None
    headers = tuple((name, base64.b64decode(value)) for name, value in row["headers"])
    return Delivery(row["topic"], row["partition_number"], row["record_offset"], row["key"], row["value"], headers)


async def unpark(connection: Connection, consumer: str, delivery: Delivery) -> None:
    """A parked record is done with."""
    await connection.execute(UNPARK, consumer, delivery.topic, delivery.partition, delivery.offset)
