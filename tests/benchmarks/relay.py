"""relay_vs_send_batch: the relay draining an outbox beside aiokafka sending the same records out of memory.

`python -m tests.benchmarks.relay` is one contestant for one round, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import asyncpg
import uvloop
from aiokafka.record.memory_records import MemoryRecords

from peerloom_events import ParticipantRegistered
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.outbox import LARGEST_EVENT, OutboxRows
from peerloom_service.publishing.producer import Record, Sender
from peerloom_service.publishing.record_batch import RecordBatch
from peerloom_service.publishing.relay import Relay
from peerloom_service.storage.database import Database
from peerloom_service.use_cases.runtime import Runtime
from profile_service.main import service
from tests.benchmarks.events import people_registered
from tests.benchmarks.figures import Effort, Measured, Pace, Stopwatch, median_ratio, paces, spread_of_ratio
from tests.benchmarks.processes import contestant, runtime_of
from tests.support.log import envelope_of
from tests.support.services import Surroundings

KEYS = ("relay_vs_send_batch",)

_KEEP = "CREATE TABLE bench_event AS SELECT seq, shard, topic, key, encoded_headers, value FROM outbox"
_FILL = """
    INSERT INTO outbox (shard, topic, key, encoded_headers, value)
    SELECT shard, topic, key, encoded_headers, value FROM bench_event ORDER BY seq LIMIT $1
"""
_KEPT = "SELECT key, encoded_headers, value FROM bench_event ORDER BY seq LIMIT $1"
_TOPIC = ParticipantRegistered.topic.name
_LEFT = "SELECT 1 FROM outbox ORDER BY seq LIMIT 1"  # by the index: the table is full of what was deleted
_WARM_UP = 1000
_RAW_BATCH = 500


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """Rounds of both in turn, over the same events of profile's outbox."""
    async with surroundings.migrated(service) as settings:
        async with Database.opened(settings.database_url, name="bench") as database:
            await _keep_events(database, effort.events)
        seen: dict[str, list[Pace]] = {"relay": [], "send_batch": []}
        for _ in range(effort.rounds):
            for name, rounds in seen.items():
                rounds.append(
                    Pace(
                        **await contestant("tests.benchmarks.relay", {"who": name, "events": effort.events}, settings=settings)
                    )
                )
    ours, theirs = ([pace.rate for pace in rounds] for rounds in seen.values())
    return [
        Measured(
            KEYS[0],
            median_ratio(ours, theirs),
            f"median of {effort.rounds} interleaved rounds of {effort.events:,} events ({spread_of_ratio(ours, theirs)})",
            [paces(name, rounds) for name, rounds in seen.items()],
        )
    ]


async def _keep_events(database: Database, count: int) -> None:
    """`count` registered people as profile's outbox would hold them, kept to fill it with again and again."""
    tenant_id, rows = new_id(), OutboxRows()
    for event in people_registered(count):
        rows.add(envelope_of(event, tenant_id), event)
    async with database.connection(None) as connection:
        await rows.write(connection)
    await database.execute(None, _KEEP)
    await database.execute(None, "TRUNCATE outbox")


class _CountingSender(Sender):
    """The chassis's sender, counting what the broker has acknowledged."""

    sent = 0

    async def send(self, records: Sequence[Record]) -> None:
        await super().send(records)
        self.sent += len(records)


async def _relay(runtime: Runtime, events: int) -> Pace:
    """Pace of the relay, from a full outbox to an empty one."""
    database = runtime.database
    sender = _CountingSender(runtime.settings.kafka_bootstrap, idempotent=True)
    running = asyncio.ensure_future(Relay(database, sender, runtime.wake_relay).run())
    for count in (_WARM_UP, events):
        sender.sent = 0
        await database.execute(None, _FILL, count)
        watch = Stopwatch()
        while sender.sent < count or await database.fetchrow(None, _LEFT):  # noqa: ASYNC110 - the relay tells nobody
            await asyncio.sleep(0.001)
        pace = watch.pace(count)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return pace


async def _raw(runtime: Runtime, events: int) -> Pace:
    """Pace of aiokafka with the sender's own producer; batches wait for each other only as aiokafka makes them."""
    rows = await runtime.database.fetch(None, _KEPT, events)
    kept = list(_decoded(rows))
    sender = Sender(runtime.settings.kafka_bootstrap, idempotent=True)
    producer = await sender._started()
    partitions = len(await producer.partitions_for(_TOPIC))
    for some in (kept[:_WARM_UP], kept):
        watch = Stopwatch()
        acknowledgements = []
        number = 0
        for start in range(0, len(some), _RAW_BATCH):
            waiting = some[start : start + _RAW_BATCH]
            while waiting:
                batch = producer.create_batch()
                fitted = 0
                for key, value, headers in waiting:
                    if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                        break
                    fitted += 1
                batch.close()
                acknowledgements.append(await producer.send_batch(batch, _TOPIC, partition=number % partitions))
                waiting = waiting[fitted:]
                number += 1
        for acknowledgement in acknowledgements:
            await acknowledgement
        pace = watch.pace(len(some))
    await sender.close()
    return pace


def _decoded(rows: Sequence[asyncpg.Record]) -> Iterator[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    """Key, value and headers of the records these rows become."""
    for row in rows:
        batch = RecordBatch(LARGEST_EVENT)
        batch.add(row["key"].encode(), row["value"], row["encoded_headers"])
        (record,) = MemoryRecords(bytes(batch._build())).next_batch()
        yield record.key, record.value, record.headers


async def _contestant(task: dict[str, Any]) -> Pace:
    compete = {"relay": _relay, "send_batch": _raw}[task["who"]]
    async with runtime_of(service) as runtime:
        return await compete(runtime, task["events"])


if __name__ == "__main__":
    json.dump(asdict(uvloop.run(_contestant(json.load(sys.stdin)))), sys.stdout)
