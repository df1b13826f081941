"""The outbox: events written in the transaction that made them true, waiting for the relay.

Rows are spread over a fixed number of shards by their key, so that several relays can share the work while the events of
one aggregate always pass through the same one, in order.
"""

from typing import Any, ClassVar, Final
from zlib import crc32

from peerloom_events import Envelope, Event

SHARDS: Final = 8

LARGEST_EVENT: Final = 900_000
"""Bytes. Kafka refuses a record over 1 MiB, and one that can never be sent would hold up its shard for ever."""

APPEND: Final = """
    INSERT INTO outbox (shard, topic, key, headers, value)
    SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[])
"""
# Rows on their way are left out one by one, not by `seq > last`: a transaction that commits late has a lower number.
NEXT: Final = """
    SELECT seq, topic, key, headers, value, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
    FROM outbox WHERE shard = ANY($1::smallint[]) AND seq <> ALL($2::bigint[]) ORDER BY seq LIMIT $3
"""
DELETE: Final = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"


class OutboxRows:
    """Outbox rows as columns, in the order they are to be sent."""

    COLUMNS: ClassVar = ("shard", "topic", "key", "headers", "value")
    TYPES: ClassVar = ("smallint", "text", "text", "jsonb", "bytea")

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, str, dict[str, str], bytes]] = []

    def add(self, envelope: Envelope, event: Event) -> None:
        """One event of one aggregate."""
        value = event.to_json()
        if len(value) > LARGEST_EVENT:
            raise ValueError(
                f"{type(event).__name__} {envelope.subject} has {len(value)} bytes; an event has at most {LARGEST_EVENT}"
            )
        headers = {name: value.decode() for name, value in envelope.headers()}
        key = envelope.partitionkey
        self._rows.append((crc32(key.encode()) % SHARDS, event.topic.name, key, headers, value))

    def columns(self) -> list[list[Any]]:
        """Parameters of `APPEND`."""
        return [list(column) for column in zip(*self._rows, strict=True)]

    def single(self) -> tuple[Any, ...]:
        """The only row's values."""
        (row,) = self._rows
        return row
