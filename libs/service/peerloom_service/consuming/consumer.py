"""A service's consumer: decode → dedupe → handle → retry → park, with offsets committed only after the effects.

A polled batch is handled in one database transaction together with its inbox rows. When that fails the batch is taken apart:
each event gets a transaction and a few tries of its own, and the one that cannot be handled is parked with its key while all
others flow on. Errors of the database itself are waited out: they say nothing about the event.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from peerloom_events import dead_letter_topic
from peerloom_service import telemetry
from peerloom_service.consuming.decoding import Decoder, Handler, InBatches, Received, Subscriptions, Undecodable
from peerloom_service.consuming.inbox import first_deliveries
from peerloom_service.consuming.parking import Delivery, park, park_behind, parked_keys, unpark
from peerloom_service.context import Cause
from peerloom_service.publishing.producer import Record, Sender, SendFailed
from peerloom_service.publishing.shutdown import ended
from peerloom_service.storage.database import TRANSIENT, Connection, Database
from peerloom_service.storage.tables import Storage
from peerloom_service.use_cases.transaction import Transaction

_BATCH: Final = 1000
_DECODED_AT_ONCE: Final = 50
_POLL_MS: Final = 500
_TRIES: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.1
_OUTAGE_PAUSE_SECONDS: Final = 1.0
_COMMIT_SECONDS: Final = 10.0
_DRAIN_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 10.0
_REBALANCE_MS: Final = 60_000


class _Batch(NamedTuple):
    """Records read together, under an assignment with this number. `received` is None where one cannot be read."""

    deliveries: Sequence[Delivery]
    received: Sequence[Received] | None
    offsets: dict[TopicPartition, int]
    assignment: int


class Consumer:
    """One member of the service's consumer group. `assigned` is true once the broker gave it its partitions."""

    def __init__(
        self,
        *,
        group: str,
        bootstrap: str,
        subscribes: Subscriptions,
        database: Database,
        storages: dict[type, Storage[Any]],
        sender: Sender,
        wake_relay: asyncio.Event,
        session_ms: int = 45_000,
    ) -> None:
        self._session_ms = session_ms
        self.group = group
        self._bootstrap = bootstrap
        self._subscriptions = subscribes
        self._decoder = Decoder(subscribes)
        self._database = database
        self._storages = storages
        self._sender = sender
        self._wake_relay = wake_relay
        self._assignment = _Assignment()

    @property
    def assigned(self) -> bool:
        """Whether the group has settled with this member in it."""
        return self._assignment.settled

    async def run(self) -> None:
        """Until cancelled. A client that broke is replaced by a new one."""
        try:
            while True:
                try:
                    await self._consume()
                except (KafkaError, SendFailed, *TRANSIENT) as error:
                    _log.warning("consumer starts anew", error=type(error).__name__)
                    await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)
        finally:
            await self._sender.close()

    async def _consume(self) -> None:
        """Handle one batch after the other; while PostgreSQL works on one, the next is read."""
        async with self._member() as client:
            reading = asyncio.ensure_future(self._read(client))
            try:
                while True:
                    batch = await reading
                    reading = asyncio.ensure_future(self._read(client))
                    if batch.assignment != self._assignment.number:
                        _log.info(
                            "events read before a rebalance are left to whom it gives them", waiting=len(batch.deliveries)
                        )
                        continue
                    with self._assignment.busy():
                        await self.handle(batch.deliveries, batch.received)
                        await commit(client, batch.offsets)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, client: AIOKafkaConsumer) -> "_Batch":
        # During a rebalance this waits, and then returns records of the new assignment. The client begins that one behind the
        # last commit, so that only what it has returned for an assignment before may be passed over.
        while not (polled := await client.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)):
            pass
        assignment = self._assignment.number
        deliveries = [delivery_of(record) for records in polled.values() for record in records]
        offsets = {partition: records[-1].offset + 1 for partition, records in polled.items()}
        return _Batch(deliveries, await self._decoded_aside(deliveries), offsets, assignment)

    async def _decoded_aside(self, deliveries: Sequence[Delivery]) -> list[Received] | None:
        """The events in them; None where one cannot be read. A few at a time: statements of the batch before go first."""
        received: list[Received] = []
        for start in range(0, len(deliveries), _DECODED_AT_ONCE):
            await asyncio.sleep(0)
            try:
                received += self._decoder.all(deliveries[start : start + _DECODED_AT_ONCE])
            except Exception:  # noqa: BLE001 - which and why comes out when it is handled
                return None
        return received

    @asynccontextmanager
    async def _member(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A started client that is a member of the group; leaves it at the end."""
        client = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(StickyPartitionAssignor,),
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=min(3_000, self._session_ms // 3),
            rebalance_timeout_ms=_REBALANCE_MS,
            request_timeout_ms=_REBALANCE_MS + 10_000,
            fetch_max_wait_ms=100,
        )
        self._assignment = _Assignment()
        client.subscribe(sorted({kind.topic.name for kind in self._subscriptions}), listener=self._assignment)
        try:
            # A member that was killed holds the group up until its session ends. Who gives up sooner leaves another dead
            # member behind, and the group would never come to an end of it.
            async with asyncio.timeout((self._session_ms + 2 * _REBALANCE_MS) / 1000):
                await client.start()
            yield client
        finally:
            self._assignment.settled = False
            if not await ended(client.stop(), within=_STOP_SECONDS):
                await ended(client._client.close(), within=_STOP_SECONDS)  # noqa: SLF001 - its connections, which it left open

    async def handle(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None = None) -> None:
        """Give every event its effect exactly once, whatever has been delivered before; waits out a database outage.

        `received`: what is in them, where that has been decoded already.
        """
        while True:
            try:
                try:
                    await self._handle_together(deliveries, received)
                except TRANSIENT:
                    raise
                except Exception:  # noqa: BLE001 - one of them is bad: find out which
                    for delivery in deliveries:
                        await self._handle_alone(delivery)
                return
            except TRANSIENT as error:
                _log.warning("consumer waits for its database", error=type(error).__name__)
                await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)

    async def _handle_together(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None) -> None:
        if received is None:
            received = self._decoder.all(deliveries)
        async with self._database.connection(None) as connection:
            parked = await parked_keys(connection, self.group, deliveries)
            if parked:
                raise _SomeAreParked
            if received:
                await self._apply(connection, received)

    async def _handle_alone(self, delivery: Delivery) -> None:
        async with self._database.connection(None) as connection:
            if await parked_keys(connection, self.group, [delivery]) and await park_behind(connection, self.group, delivery):
                return
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, _TRIES + 1):
            try:
                received = self._decoder.one(delivery)
                if received is not None:
                    async with self._database.connection(None) as connection:
                        await self._apply(connection, [received])
                return
            except TRANSIENT:
                raise
            except Undecodable as error:
                await self._give_up(delivery, error, attempt)
                return
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is that event's own fault
                if attempt == _TRIES:
                    await self._give_up(delivery, error, attempt)
                    return
                await asyncio.sleep(pause)
                pause *= 3

    async def handle_parked(self, delivery: Delivery) -> None:
        """Handle a parked record and take it out of the parking table, in one transaction.

        Raises: Undecodable, or what its handler raises.
        """
        received = self._decoder.one(delivery)
        async with self._database.connection(None) as connection:
            await self._apply(connection, [] if received is None else [received], released=delivery)

    async def _apply(self, connection: Connection, received: Sequence[Received], released: Delivery | None = None) -> None:
        """Handle these events and remember them, in one transaction. `connection` serves the platform."""
        await connection.execute("BEGIN")
        try:
            new = await first_deliveries(connection, self.group, received)
            something_published = False
            for (kind, tenant_id), run in groupby(new, key=attrgetter("kind", "tenant_id")):
                handler = self._subscriptions[kind]
                await self._call(connection, handler, tenant_id, list(run))
                something_published |= not isinstance(handler, InBatches)
            if released is not None:
                await connection.serve(None)
                await unpark(connection, self.group, released)
            await connection.execute("COMMIT")
        except BaseException:
            connection.forget_tenant()
            if not connection.is_closed():
                with suppress(*TRANSIENT):
                    await connection.execute("ROLLBACK")
            raise
        if something_published:
            self._wake_relay.set()
        telemetry.consumed.add(len(new))
        if len(new) < len(received):
            telemetry.repeated.add(len(received) - len(new))

    async def _call(
        self, connection: Connection, handler: Handler | InBatches, tenant_id: UUID, run: Sequence[Received]
    ) -> None:
        await connection.serve(tenant_id)
        if isinstance(handler, InBatches):
            tx = self._transaction(connection, run[0])
            await handler.handler(tx, [one.event for one in run])
            await tx.flush()
            return
        for one in run:
            with telemetry.processing(
                one.envelope.traceparent, topic=one.delivery.topic, group=self.group, event_type=one.envelope.type
            ):
                tx = self._transaction(connection, one)
                await handler(tx, one.event)
                await tx.flush()

    def _transaction(self, connection: Connection, received: Received) -> Transaction:
        cause = Cause(
            correlation_id=received.envelope.correlationid,
            causation_id=received.envelope.id,
            traceparent=telemetry.current_traceparent() or received.envelope.traceparent,
        )
        return Transaction(connection, self._storages, tenant_id=received.tenant_id, cause=cause, begun=True)

    async def _give_up(self, delivery: Delivery, error: Exception, attempts: int) -> None:
        """Dead-letter topic first, then the table: a crash in between repeats the first and loses nothing."""
        reason = _keepable(f"{type(error).__name__}: {error}")
        why = {
            "dlt_reason": reason[:1000],
            "dlt_topic": delivery.topic,
            "dlt_partition": str(delivery.partition),
            "dlt_offset": str(delivery.offset),
            "dlt_attempts": str(attempts),
        }
        headers = [*delivery.headers, *((name, value.encode()) for name, value in why.items())]
        topic = dead_letter_topic(self.group, delivery.topic)
        await self._sender.send([Record(topic, delivery.key, delivery.value, headers)])
        async with self._database.connection(None) as connection:
            await park(connection, self.group, delivery, reason)
        telemetry.dead_lettered.add(1)
        _log.error("event parked", topic=delivery.topic, partition=delivery.partition, offset=delivery.offset, reason=reason)


class _SomeAreParked(Exception):
    """The batch holds events whose key is parked: take it apart."""


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Follows the group's rebalances, and lets the batch in hand finish before partitions are given away."""

    def __init__(self) -> None:
        self.settled = False
        self.number = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def busy(self) -> "_Busy":
        return _Busy(self._idle)

    async def on_partitions_revoked(self, _revoked: Iterable[TopicPartition]) -> None:
        self.settled = False
        self.number += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._idle.wait()

    async def on_partitions_assigned(self, _assigned: Iterable[TopicPartition]) -> None:
        self.settled = True


class _Busy:
    def __init__(self, idle: asyncio.Event) -> None:
        self._idle = idle

    def __enter__(self) -> None:
        self._idle.clear()

    def __exit__(self, *_error: object) -> None:
        self._idle.set()


async def commit(client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    """Commit what is still this member's; what a rebalance has taken away will be delivered again.

    Raises: TimeoutError. Who then starts anew is given these events again and commits them; going on would leave them
    uncommitted until their partition has another one.
    """
    mine = {partition: offset for partition, offset in offsets.items() if partition in client.assignment()}
    if not mine:
        return
    try:
        async with asyncio.timeout(_COMMIT_SECONDS):
            await client.commit(mine)
    except (CommitFailedError, IllegalStateError):
        _log.info("offsets not committed: the group is rebalancing; these events will come again")


def delivery_of(record: ConsumerRecord) -> Delivery:
    """A record in the chassis's own words."""
    return Delivery(record.topic, record.partition, record.offset, record.key or b"", record.value, tuple(record.headers))


def _keepable(text: str) -> str:
    """Text that both a Kafka header and PostgreSQL take: an error's message may quote any part of a bad event."""
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
