"""Gives a running group the events it has passed by: those of a type it subscribes to only now, or of a time it wants again.

A reader of its own goes through the topics, from a time or from their beginning to where they ended when it started, and hands
what the group has not handled to the group's own chain. The inbox sees to it that nothing happens twice, also where the group
handles the same event at the same moment. Within a partition, and so within a key, records are handled in their order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from peerloom_events import Event
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.delivery import Delivery, delivery_of
from peerloom_service.consuming.inbox import not_handled
from peerloom_service.publishing.shutdown import stopped
from peerloom_service.storage.database import Database

_BATCH: Final = 1000
_POLL_MS: Final = 500
_PAUSE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 10.0
_REPORT_SECONDS: Final = 5.0
_FETCH_BYTES: Final = 256 * 1024
"""Of one partition at a time: what is read and not yet handled stays within some tens of megabytes, however many there are."""


@dataclass(slots=True)
class Progress:
    """Records of the topics that are to be read and that have been; events among them that were new to the group."""

    records: int = 0
    read: int = 0
    new: int = 0

    def __str__(self) -> str:
        return f"{self.read:,} of {self.records:,} record(s) read, {self.new:,} event(s) were new"


class Replay:
    """One pass over what a group has passed by. `progress` tells how far it is."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        bootstrap: str,
        kinds: Iterable[type[Event]],
    ) -> None:
        self._chain = chain
        self._database = database
        self._bootstrap = bootstrap
        chosen = list(kinds)
        self._types = {kind.type.encode() for kind in chosen}
        self._topics = sorted({kind.topic.name for kind in chosen})
        self.progress = Progress()
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}

    async def run(self, since: datetime | None) -> Progress:
        """Replay what was sent since then (None: everything the topics hold). Waits out outages of the broker and the database.

        Raises: KafkaError where the broker cannot be reached at the start.
        """
        async with self._reader() as client:
            await self._bounds(client, since)
        while self._left():
            try:
                async with self._reader() as client:
                    await self._read_on(client)
            except (KafkaError, TimeoutError, OSError) as error:
                _log.warning("replay waits for the broker", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)
        return self.progress

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A client that is in no group and has every partition of the topics."""
        client = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=100,
        )
        try:
            await client.start()
            yield client
        finally:
            await stopped(client.stop(), within=_STOP_SECONDS)

    async def _bounds(self, client: AIOKafkaConsumer, since: datetime | None) -> None:
        partitions = sorted(client.assignment())
        self._ends = await client.end_offsets(partitions)
        first = await client.beginning_offsets(partitions)
        if since is not None:
            asked = await client.offsets_for_times(dict.fromkeys(partitions, int(since.timestamp() * 1000)))
            # Nothing is as late as that: the partition is passed over as a whole.
            first |= {partition: found.offset if found else self._ends[partition] for partition, found in asked.items()}
        self._next = first
        self.progress.records = sum(self._ends[partition] - first[partition] for partition in partitions)

    def _left(self) -> list[TopicPartition]:
        return [partition for partition, end in self._ends.items() if self._next[partition] < end]

    async def _read_on(self, client: AIOKafkaConsumer) -> None:
        left = self._left()
        client.pause(*(self._ends.keys() - left))
        for partition in left:
            client.seek(partition, self._next[partition])
        while left:
            polled = await client.getmany(*left, timeout_ms=_POLL_MS, max_records=_BATCH)
            deliveries = [
                delivery_of(record)
                for partition, records in polled.items()
                for record in records
                if record.offset < self._ends[partition] and self._is_wanted(record.headers)
            ]
            new = await self._not_handled(deliveries)
            if new:
                await self._chain.handle(new)
            for partition in left:
                # The client's position also goes over what is no record: gaps, and marks of transactions.
                reached = min(await client.position(partition), self._ends[partition])
                self.progress.read += reached - self._next[partition]
                self._next[partition] = reached
            self.progress.new += len(new)
            left = self._left()
            client.pause(*(self._ends.keys() - left))

    def _is_wanted(self, headers: Sequence[tuple[str, bytes]]) -> bool:
        """Whether it is of a type that is replayed. What is no event at all the group has seen, and parked, already."""
        return any(name == "ce_type" and value in self._types for name, value in headers)

    async def _not_handled(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those whose event is not in the inbox. One that cannot be read is left to the chain, which parks it."""
        ids = [dict(delivery.headers).get("ce_id", b"") for delivery in deliveries]
        new = await not_handled(self._database, self._chain.group, ids)
        return [delivery for delivery, id_ in zip(deliveries, ids, strict=True) if id_ in new]


async def show(replay: Replay, since: datetime | None) -> None:
    """Run it, with a line about its progress every few seconds."""
    running = asyncio.ensure_future(replay.run(since))
    try:
        while not running.done():
            await asyncio.wait([running], timeout=_REPORT_SECONDS)
            print(replay.progress, flush=True)
        await running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
