"""The outbox: events written in the transaction that made them true, waiting for the relay.

Rows are spread over a fixed number of shards by their key, so that several relays can share the work while the events of
one aggregate always pass through the same one, in order.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Final
from uuid import UUID
from zlib import crc32

import asyncpg

from peerloom_events import Envelope, Event
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.producer import Record
from peerloom_service.publishing.record_batch import before_value, encoded_headers, varint
from peerloom_service.storage.database import Connection

SHARDS: Final = 8

LARGEST_EVENT: Final = 900_000
"""Bytes. Kafka refuses a record over 1 MiB, and one that can never be sent would hold up its shard for ever."""

_UUID_LENGTH: Final = 36

_COPIED: Final = 50
"""From so many rows on PostgreSQL's COPY is faster, twice as fast for a thousand; for few its round trips cost more."""

_APPEND: Final = """
    INSERT INTO outbox (shard, topic, key, encoded_headers, value)
    SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
    RETURNING pg_current_xact_id()::text
"""
# One statement deletes what was acknowledged and reads what is to be sent next. Rows on their way ($3) are left out one by one,
# not by `seq > last`: a transaction that commits late has a lower number. The deleted ones ($2) have to be among them, because
# both halves of the statement see the table as it was before. At most so many rows ($4) and bytes ($5), but always one row.
# Topics that are held back ($6) wait, and so do keys of which a row was set aside.
NEXT: Final = """
    WITH deleted AS (
        DELETE FROM outbox USING unnest($2::int8multirange) AS run WHERE seq >= lower(run) AND seq < upper(run)
    ), waiting AS (
        SELECT seq, topic, key, encoded_headers, headers, value, created_at
        FROM outbox
        WHERE shard = ANY($1::smallint[]) AND NOT seq <@ $3::int8multirange AND topic <> ALL($6::text[]) AND set_aside IS NULL
          AND (topic, key) NOT IN (SELECT topic, key FROM outbox WHERE set_aside IS NOT NULL)
        ORDER BY seq LIMIT $4
    )
    SELECT seq, topic, key, encoded_headers, headers, value, date_part('epoch', clock_timestamp() - created_at) AS age
    FROM (
        SELECT *, sum(octet_length(value)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(value) AS before
        FROM waiting
    ) AS measured
    WHERE before < $5
    ORDER BY seq
"""

# The rows of one topic that wait, the first of each key: what is sent one by one to find out which of them cannot be.
FIRST_OF_KEYS: Final = """
    SELECT seq, topic, key, encoded_headers, headers, value FROM (
        SELECT *, row_number() OVER (PARTITION BY key ORDER BY seq) AS place FROM (
            SELECT * FROM outbox WHERE shard = ANY($1::smallint[]) AND topic = $2 AND set_aside IS NULL
              AND (topic, key) NOT IN (SELECT topic, key FROM outbox WHERE set_aside IS NOT NULL)
            ORDER BY seq LIMIT $3
        ) AS waiting
    ) AS numbered
    WHERE place = 1 ORDER BY seq
"""
FORGET_SENT: Final = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"
SET_ASIDE: Final = "UPDATE outbox SET set_aside = $2 WHERE seq = $1"
SET_ASIDE_KEYS: Final = """
    SELECT aside.topic, aside.key, min(aside.set_aside) AS reason, min(aside.created_at) AS since,
           (SELECT count(*) FROM outbox AS waiting WHERE (waiting.topic, waiting.key) = (aside.topic, aside.key)) AS events
    FROM outbox AS aside WHERE set_aside IS NOT NULL GROUP BY aside.topic, aside.key ORDER BY since
"""
SEND_AGAIN: Final = "UPDATE outbox SET set_aside = NULL WHERE topic = $1 AND key = $2 AND set_aside IS NOT NULL"
STANDING: Final = """
    SELECT (SELECT count(*) FROM outbox WHERE set_aside IS NULL) AS depth,
           (SELECT count(DISTINCT (topic, key)) FROM outbox WHERE set_aside IS NOT NULL) AS set_aside,
           oldest.seq, oldest.topic, date_part('epoch', clock_timestamp() - oldest.created_at) AS age
    FROM (VALUES (1)) AS one LEFT JOIN LATERAL (
        SELECT seq, topic, created_at FROM outbox WHERE set_aside IS NULL
          AND (topic, key) NOT IN (SELECT topic, key FROM outbox WHERE set_aside IS NOT NULL)
        ORDER BY seq LIMIT 1
    ) AS oldest ON true
"""
WAITING_TOPICS: Final = """
    SELECT topic, count(*) AS events, min(created_at) AS since FROM outbox WHERE set_aside IS NULL GROUP BY topic ORDER BY topic
"""


Runs = list["asyncpg.Range[int]"]


def runs(numbers: Sequence[int]) -> Runs:
    """Exactly these numbers, which come in order, as an `int8multirange`: those of a batch mostly follow each other."""
    breaks = [place for place, (one, behind) in enumerate(pairwise(numbers), start=1) if behind > one + 1]
    places = pairwise([0, *breaks, len(numbers)]) if numbers else ()
    return [asyncpg.Range(numbers[first], numbers[behind - 1] + 1) for first, behind in places]


def record_of(row: asyncpg.Record) -> Record:
    """A row as it is sent. Rows of a release before have headers that are not encoded yet."""
    encoded = row["encoded_headers"]
    if encoded is None:
        encoded = encoded_headers([(name, text.encode()) for name, text in row["headers"].items()])
    return Record(row["topic"], row["key"].encode(), row["value"], encoded)


class OutboxRows:
    """Outbox rows as columns, in the order they are to be sent."""

    COLUMNS: ClassVar = ("shard", "topic", "key", "encoded_headers", "value")
    TYPES: ClassVar = ("smallint", "text", "text", "bytea", "bytea")

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, str, bytes, bytes]] = []

    def add(self, envelope: Envelope, event: Event) -> None:
        """One event of one aggregate."""
        self.add_record(envelope.partitionkey, event.topic.name, encoded_headers(envelope.headers()), event.to_json())

    def add_many(self, like: Envelope, topic: str, values: Iterable[tuple[UUID, bytes]]) -> None:
        """Events by aggregate, as JSON, in envelopes that are `like` but for the event's id and the aggregate."""
        own = ("ce_id", "ce_subject", "ce_partitionkey")
        id_, subject, partitionkey = (before_value(name, _UUID_LENGTH) for name in own)
        same = [before_value(name, len(value)) + value for name, value in like.headers() if name not in own]
        beginning = varint(len(same) + len(own)) + b"".join(same)
        for aggregate, value in values:
            key = str(aggregate)
            about = key.encode()
            self.add_record(
                key, topic, b"".join((beginning, id_, str(new_id()).encode(), subject, about, partitionkey, about)), value
            )

    def add_record(self, key: str, topic: str, headers: bytes, value: bytes) -> None:
        """Any record, its headers encoded. Raises: ValueError where it is larger than a broker takes."""
        if len(value) > LARGEST_EVENT:
            raise ValueError(f"an event of {key} for {topic} has {len(value)} bytes; it may have at most {LARGEST_EVENT}")
        self._rows.append((crc32(key.encode()) % SHARDS, topic, key, headers, value))

    async def write(self, connection: Connection) -> str | None:
        """Into the outbox, in the connection's transaction. Returns that one's number, where it comes for nothing."""
        if len(self._rows) >= _COPIED:
            await connection.copy_records_to_table("outbox", records=self._rows, columns=self.COLUMNS)
            return None
        number: str = await connection.fetchval(_APPEND, *map(list, zip(*self._rows, strict=True)))
        return number

    def single(self) -> tuple[Any, ...]:
        """The only row's values."""
        (row,) = self._rows
        return row
