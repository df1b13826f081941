"""The event log as another service sees it: events are fed into it and heard from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, KafkaError

from peerloom_events import TOPICS, Envelope, Event, MalformedEnvelope, event_types, rfc3339
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.producer import Record, Sender
from peerloom_service.publishing.topics import ensure_topics
from tests.support.waiting import eventually

AnyEvent = TypeVar("AnyEvent", bound=Event)


@dataclass(frozen=True, slots=True)
class Overheard:
    """A record somebody sent since the log was opened, and what it says."""

    record: ConsumerRecord
    envelope: Envelope
    event: Event


class EventLog:
    """Feeds events and hears, from all topics of the platform, what was sent since it was opened."""

    def __init__(self, bootstrap: str, *, idempotent: bool) -> None:
        self.bootstrap = bootstrap
        self._sender = Sender(bootstrap, idempotent=idempotent)
        self._overheard: list[Overheard] = []
        self._reached: dict[TopicPartition, int] = {}

    @classmethod
    @asynccontextmanager
    async def opened(cls, bootstrap: str, *, idempotent: bool) -> AsyncIterator[Self]:
        """Make the platform's topics and listen."""
        await ensure_topics(bootstrap, TOPICS, replication=1)
        log = cls(bootstrap, idempotent=idempotent)
        client = await _reader(bootstrap)
        await client.seek_to_end()
        for partition in client.assignment():
            log._reached[partition] = await client.position(partition)
        listening = asyncio.ensure_future(log._listen(client))
        try:
            yield log
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, KafkaError):
                await listening
            await client.stop()
            await log._sender.close()

    async def feed(self, *events: Event, tenant: UUID, **attributes: str) -> list[Envelope]:
        """Send events in this order, as the services that own them would; returns when the broker has them.

        `attributes` change the envelope: `id="…"` twice makes a duplicate, `traceparent="…"` continues a trace.
        """
        envelopes = [envelope_of(event, tenant, **attributes) for event in events]
        await self.feed_records(
            *(
                Record(event.topic.name, str(event.key).encode(), event.to_json(), envelope.headers())
                for event, envelope in zip(events, envelopes, strict=True)
            )
        )
        return envelopes

    async def feed_records(self, *records: Record) -> None:
        """Send any records, in this order: the way to feed what is no event at all."""
        await self._sender.send(records)

    async def heard(self, kind: type[AnyEvent], tenant: UUID, count: int = 1, *, within: float = 15.0) -> list[AnyEvent]:
        """The organisation's events of one type so far, in the order of each aggregate, once there are `count` of them.

        Raises: AssertionError when there are fewer after `within` seconds.
        """

        def enough() -> list[AnyEvent]:
            found = self.so_far(kind, tenant)
            assert len(found) >= count, f"{count} {kind.__name__} expected within {within:g} s, heard {len(found)}"
            return found

        return await eventually(enough, within=within) if count else self.so_far(kind, tenant)

    def so_far(self, kind: type[AnyEvent], tenant: UUID) -> list[AnyEvent]:
        """The organisation's events of one type heard up to now."""
        return [one.event for one in self.overheard(kind, tenant)]  # type: ignore[misc]

    def overheard(self, kind: type[Event] | None, tenant: UUID) -> list[Overheard]:
        """The same with their envelopes and records; kind None: events of every type."""
        return [
            one
            for one in self._overheard
            if one.envelope.tenantid == str(tenant) and (kind is None or isinstance(one.event, kind))
        ]

    async def lag(self, group: str, topics: Iterable[str]) -> int:
        """How many records of these topics the consumer group has not committed yet."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        client = await _reader(self.bootstrap, sorted(topics))
        try:
            await admin.start()
            ends = await self._ends(client)
            starts = await client.beginning_offsets(client.assignment())
            committed = await admin.list_consumer_group_offsets(group, partitions=list(ends))
        finally:
            await admin.close()
            await client.stop()

        def position(partition: TopicPartition) -> int:
            kept = committed.get(partition)
            return int(kept.offset) if kept is not None and kept.offset >= 0 else int(starts[partition])

        return sum(end - position(partition) for partition, end in ends.items())

    async def start_at_the_end(self, group: str, topics: Iterable[str]) -> None:
        """Let a new consumer group begin with what comes from now on, not with what other tests have said. Members that were
        killed stay in it until their session ends; so long nobody else may commit for it.
        """
        client = await _reader(self.bootstrap, sorted(topics), group_id=group)

        async def committed() -> bool:
            try:
                await client.commit(await self._ends(client))
            except CommitFailedError as error:
                raise AssertionError(f"the group {group} has members") from error
            return True

        try:
            await eventually(committed, within=90, every=1.0)
        finally:
            await client.stop()

    async def records(self, topic: str) -> list[ConsumerRecord]:
        """Everything in a topic, from its beginning."""
        client = await _reader(self.bootstrap, [topic])
        try:
            await client.seek_to_beginning()
            ends = await client.end_offsets(client.assignment())
            found: list[ConsumerRecord] = []
            while [partition for partition, end in ends.items() if await client.position(partition) < end]:
                for records in (await client.getmany(timeout_ms=200)).values():
                    found += records
            return found
        finally:
            await client.stop()

    async def heard_all(self) -> None:
        """Return when everything was heard that is in the log now."""
        client = await _reader(self.bootstrap)
        try:
            await self._ends(client)
        finally:
            await client.stop()

    async def _ends(self, client: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """Offset behind the last record of each partition, once that was heard. As far as a log that listens has read: the
        embedded broker tells the offset behind the first record of the last batch instead, and a batch is read whole.
        """
        told: dict[TopicPartition, int] = await client.end_offsets(client.assignment())
        if not self._reached:
            return told
        await eventually(lambda: all(self._reached[partition] >= end for partition, end in told.items()))
        return {partition: self._reached[partition] for partition in told}

    async def _listen(self, client: AIOKafkaConsumer) -> None:
        while True:
            try:
                polled = await client.getmany(timeout_ms=200)
            except KafkaError:  # the broker may be down because a test wants it so
                await asyncio.sleep(0.2)
                continue
            for partition, records in polled.items():
                self._overheard += [heard for record in records if (heard := _decoded(record)) is not None]
                self._reached[partition] = records[-1].offset + 1


def envelope_of(event: Event, tenant: UUID, **attributes: str) -> Envelope:
    """The envelope its own service would send an event in, with these attributes changed."""
    key = str(event.key)
    usual: dict[str, Any] = {
        "id": str(new_id()),
        "source": f"/{event.service()}",
        "type": event.type,
        "time": rfc3339(datetime.now(UTC)),
        "subject": key,
        "dataschema": event.dataschema(),
        "partitionkey": key,
        "tenantid": str(tenant),
        "correlationid": new_id().hex,
    }
    return Envelope(**(usual | attributes))


def _decoded(record: ConsumerRecord) -> Overheard | None:
    try:
        envelope = Envelope.from_headers(record.headers)
        return Overheard(record, envelope, event_types()[envelope.type].from_json(record.value or b""))
    except (MalformedEnvelope, KeyError, ValueError):
        return None  # fed on purpose by a test


async def _reader(bootstrap: str, topics: Iterable[str] | None = None, group_id: str | None = None) -> AIOKafkaConsumer:
    """A consumer assigned all partitions of the topics (None: the platform's); a member of no group."""
    client = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await client.start()
    assigned: list[TopicPartition] = []
    for topic in [topic.name for topic in TOPICS] if topics is None else topics:
        # The client learns of a topic it is not subscribed to by asking for its metadata.
        await client._client._wait_on_metadata(topic)
        assigned += [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]
    client.assign(assigned)
    return client
