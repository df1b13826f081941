"""consumer_vs_getmany: a service's consumer with inbox and effect beside aiokafka reading the same records.

`python -m tests.benchmarks.consumer` is one contestant for one round, in a process of its own. The clock of both starts when
the first batch is done with, so that joining the group is not counted, and counts the records after it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from matching_service.main import service
from peerloom_events import ParticipantRegistered
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.consumer import Consumer
from peerloom_service.consuming.decoding import Received
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.consuming.member import Member, Membership
from peerloom_service.consuming.retry import RetryPolicy
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.producer import Sender
from peerloom_service.settings import read_settings
from peerloom_service.use_cases.runtime import Runtime
from tests.benchmarks.events import records
from tests.benchmarks.figures import Effort, Measured, Pace, Stopwatch, median_ratio, paces, spread_of_ratio
from tests.benchmarks.processes import contestant, runtime_of
from tests.support.services import Surroundings

KEYS = ("consumer_vs_getmany",)

AnyChain = TypeVar("AnyChain", bound=Chain)

_TOPIC = ParticipantRegistered.topic.name
_BATCH = 1000
_FEED = 2000


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """Rounds of both in turn; every round has a group of its own that starts where the events begin."""
    async with surroundings.migrated(service) as settings:
        bootstrap = settings.kafka_bootstrap
        starts = await ends(bootstrap)
        await _feed(bootstrap, effort.events)
        seen: dict[str, list[Pace]] = {"consumer": [], "getmany": []}
        for number in range(effort.rounds):
            for name, rounds in seen.items():
                group = f"bench-{name}-{new_id().hex}-{number}"
                await start_at(bootstrap, group, starts)
                task = {"who": name, "group": group, "events": effort.events}
                rounds.append(Pace(**await contestant("tests.benchmarks.consumer", task, settings=settings)))
    ours, theirs = ([pace.rate for pace in rounds] for rounds in seen.values())
    return [
        Measured(
            KEYS[0],
            median_ratio(ours, theirs),
            f"median of {effort.rounds} interleaved rounds of {effort.events:,} events "
            f"({spread_of_ratio(ours, theirs)}); batches of up to {_BATCH}",
            [paces(name, rounds) for name, rounds in seen.items()],
        )
    ]


async def _feed(bootstrap: str, count: int) -> None:
    sender, waiting = Sender(bootstrap, idempotent=True), list(records(count, new_id()))
    for start in range(0, count, _FEED):
        await sender.send(waiting[start : start + _FEED])
    await sender.close()


async def ends(bootstrap: str) -> dict[int, int]:
    """Where each partition ends now: given brokers may hold what others have sent."""
    client = AIOKafkaConsumer(_TOPIC, bootstrap_servers=bootstrap)
    await client.start()
    try:
        return {partition.partition: end for partition, end in (await client.end_offsets(client.assignment())).items()}
    finally:
        await client.stop()


async def start_at(bootstrap: str, group: str, starts: dict[int, int]) -> None:
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await client.start()
    try:
        offsets = {TopicPartition(_TOPIC, partition): offset for partition, offset in starts.items()}
        client.assign(list(offsets))
        await client.commit(offsets)
    finally:
        await client.stop()


class _Clock:
    """Counts records from the end of the first batch to the end of the last."""

    def __init__(self, events: int) -> None:
        self._left, self._counted = events, 0
        self._watch: Stopwatch | None = None
        self.pace: asyncio.Future[Pace] = asyncio.get_running_loop().create_future()

    def done(self, count: int) -> None:
        self._left -= count
        if self._watch is None:
            self._watch = Stopwatch()
            return
        self._counted += count
        if self._left <= 0 and not self.pace.done():
            self.pace.set_result(self._watch.pace(self._counted))


class _TimedChain(Chain):
    """The chassis's chain with a clock that ticks after each batch."""

    clock: _Clock

    async def handle(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None = None) -> None:
        await super().handle(deliveries, received)
        self.clock.done(len(deliveries))


async def _consumer(task: dict[str, Any]) -> Pace:
    async with runtime_of(service) as runtime:
        database = runtime.database
        await database.execute(None, "TRUNCATE member, inbox")
        chain, consumer = consumer_of(_TimedChain, runtime, task["group"])
        chain.clock = _Clock(task["events"])
        running = asyncio.ensure_future(consumer.run())
        pace = await chain.clock.pace
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        remembered = await database.fetchrow(None, "SELECT count(*) FROM member")
        assert remembered is not None
        assert remembered[0] == task["events"], f"{remembered[0]} of {task['events']} people are remembered"
    return pace


def consumer_of(kind: type[AnyChain], runtime: Runtime, group: str) -> tuple[AnyChain, Consumer]:
    """Matching's consumer as a member of `group`, subscribed to ParticipantRegistered alone, and its chain."""
    bootstrap = runtime.settings.kafka_bootstrap
    chain = kind(
        group=group,
        subscribes={ParticipantRegistered: service.subscribes[ParticipantRegistered]},
        database=runtime.database,
        storages=runtime.storages,
        sender=Sender(bootstrap, idempotent=True),
        wake_relay=runtime.wake_relay,
        retry=RetryPolicy(),
    )
    return chain, Consumer(Member(group, bootstrap, [_TOPIC], Membership()), chain)


async def _raw(task: dict[str, Any]) -> Pace:
    bootstrap = read_settings(service.settings, service.name).kafka_bootstrap
    client = AIOKafkaConsumer(
        _TOPIC,
        bootstrap_servers=bootstrap,
        group_id=task["group"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    clock = _Clock(task["events"])
    await client.start()
    try:
        while not clock.pace.done():
            polled = await client.getmany(timeout_ms=500, max_records=_BATCH)
            if polled:
                await client.commit({partition: some[-1].offset + 1 for partition, some in polled.items()})
                clock.done(sum(map(len, polled.values())))
    finally:
        await client.stop()
    return await clock.pace


if __name__ == "__main__":
    task = json.load(sys.stdin)
    json.dump(asdict(uvloop.run({"consumer": _consumer, "getmany": _raw}[task["who"]](task))), sys.stdout)
