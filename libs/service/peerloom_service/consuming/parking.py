"""Fifth step: where an event goes that cannot be handled, together with the later events of its key.

The record goes to the table `parked_event` and, in the same transaction, unchanged into the outbox for its dead-letter topic,
with headers that say why: whatever keeps the dead letter from being sent, the key is parked and all others flow on. Later
events of the same key are parked behind it, in order. Once the cause is mended, `release` handles them in order; `discard`
drops the first one, for a record that can never be handled.
"""

import asyncio
import base64
from collections.abc import Sequence
from typing import Final

import asyncpg
import structlog

from peerloom_events import dead_letter_topic
from peerloom_service import telemetry
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.publishing.outbox import LARGEST_EVENT, OutboxRows
from peerloom_service.publishing.record_batch import encoded_headers
from peerloom_service.storage.database import Connection, Database

PARK: Final = """
    INSERT INTO parked_event (consumer, topic, key, partition_number, record_offset, headers, value, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (consumer, topic, partition_number, record_offset) DO NOTHING
    RETURNING true
"""
PARK_BEHIND: Final = """
    INSERT INTO parked_event (consumer, topic, key, partition_number, record_offset, headers, value, reason)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM (
        SELECT 1 FROM parked_event WHERE consumer = $1 AND topic = $2 AND key = $3
        ORDER BY record_offset DESC LIMIT 1 FOR UPDATE
    ) AS last
    ON CONFLICT (consumer, topic, partition_number, record_offset) DO UPDATE SET reason = parked_event.reason
"""
PARKED_KEYS: Final = "SELECT DISTINCT topic, key FROM parked_event WHERE consumer = $1 AND topic = ANY($2) AND key = ANY($3)"
ANY_PARKED: Final = "SELECT EXISTS (SELECT 1 FROM parked_event WHERE consumer = $1)"
OVERVIEW: Final = """
    SELECT topic, encode(key, 'escape') AS key, count(*) AS events, min(parked_at) AS since,
           (array_agg(reason ORDER BY record_offset))[1] AS reason
    FROM parked_event WHERE consumer = $1 GROUP BY topic, key ORDER BY since
"""
PARKED_COUNTS: Final = "SELECT consumer, topic, count(DISTINCT key) AS keys FROM parked_event GROUP BY consumer, topic"
FIRST: Final = """
    SELECT topic, partition_number, record_offset, key, headers, value FROM parked_event
    WHERE consumer = $1 AND topic = $2 AND key = $3 ORDER BY record_offset LIMIT 1
"""
UNPARK: Final = "DELETE FROM parked_event WHERE consumer = $1 AND topic = $2 AND partition_number = $3 AND record_offset = $4"


class Parking:
    """A consumer's parked keys, and the dead letters about them."""

    def __init__(self, group: str, database: Database, wake_relay: asyncio.Event) -> None:
        self._group = group
        self._database = database
        self._wake_relay = wake_relay

    async def holds_any(self, connection: Connection, deliveries: Sequence[Delivery]) -> bool:
        """Whether something is parked under the key of one of these records."""
        if not await connection.fetchval(ANY_PARKED, self._group):
            return False
        topics, keys = list({delivery.topic for delivery in deliveries}), list({delivery.key for delivery in deliveries})
        found = {(row["topic"], row["key"]) for row in await connection.fetch(PARKED_KEYS, self._group, topics, keys)}
        return any((delivery.topic, delivery.key) in found for delivery in deliveries)

    async def parked_behind(self, delivery: Delivery) -> bool:
        """Park a record behind those of its key; False where its key is not parked, or has been released in this moment."""
        async with self._database.connection(None) as connection:
            return await self.holds_any(connection, [delivery]) and await _park_behind(connection, self._group, delivery)

    async def park(self, delivery: Delivery, error: Exception, attempts: int) -> None:
        """Give up on an event: its row and its dead letter are there together. One that is delivered again is parked once.

        Raises: errors of the database.
        """
        reason = _storable(f"{type(error).__name__}: {error}")
        async with self._database.connection(None) as connection, connection.transaction():
            if await connection.fetchval(PARK, *_row(self._group, delivery, reason)):
                await _dead_letter(self._group, delivery, reason, attempts).write(connection)
        self._wake_relay.set()
        telemetry.dead_lettered.add(1)
        _log.error("event parked", topic=delivery.topic, partition=delivery.partition, offset=delivery.offset, reason=reason)


def _dead_letter(group: str, delivery: Delivery, reason: str, attempts: int) -> OutboxRows:
    """The record with its bytes unchanged, and headers that say why it is here and where it comes from. Where that would be
    more than a broker takes, its body is left out, and its headers if need be: the record is parked whole.
    """
    why = {
        "dlt_reason": reason[:1000],
        "dlt_topic": delivery.topic,
        "dlt_partition": str(delivery.partition),
        "dlt_offset": str(delivery.offset),
        "dlt_attempts": str(attempts),
    }
    headers, value = delivery.headers, delivery.value or b""
    if len(value) + _size(headers) > LARGEST_EVENT:
        why["dlt_body_left_out"] = f"{len(value)} bytes"
        value = b""
    if _size(headers) > LARGEST_EVENT:
        why["dlt_headers_left_out"] = f"{_size(headers)} bytes"
        headers = ()
    key = _storable(delivery.key.decode(errors="backslashreplace"))
    if key.encode() != delivery.key:
        why["dlt_key_base64"] = base64.b64encode(delivery.key).decode()
    encoded = encoded_headers([*headers, *((name, text.encode()) for name, text in why.items())])
    rows = OutboxRows()
    rows.add_record(key, dead_letter_topic(group, delivery.topic), encoded, value)
    return rows


def _size(headers: Sequence[tuple[str, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


async def _park_behind(connection: Connection, consumer: str, delivery: Delivery) -> bool:
    tag = await connection.execute(PARK_BEHIND, *_row(consumer, delivery, "an earlier event of its key is parked"))
    return tag != "INSERT 0 0"


def _row(consumer: str, delivery: Delivery, reason: str) -> tuple[object, ...]:
    headers = [[name, base64.b64encode(value).decode()] for name, value in delivery.headers]
    place = (delivery.key, delivery.partition, delivery.offset)
    return (consumer, delivery.topic, *place, headers, delivery.value, reason[:2000])


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


def _storable(text: str) -> str:
    """Text that both a Kafka header and PostgreSQL take: an error's message may quote any part of a bad event."""
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
