"""A service's consumer: reads as a member of its group, hands records to the chain, and commits offsets only after that."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.decoding import Received
from peerloom_service.consuming.delivery import Delivery, delivery_of
from peerloom_service.consuming.member import Member
from peerloom_service.consuming.progress import Progress
from peerloom_service.storage.database import TRANSIENT

BATCH: Final = 1000
"""Records that are handled together at most."""

_DECODED_AT_ONCE: Final = 50
_POLL_MS: Final = 500
_PAUSE_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 30.0
_WAITS: Final = "waits for its partitions"


class _Batch(NamedTuple):
    """Records read together, under an assignment with this number. `received` is None where one cannot be read."""

    deliveries: Sequence[Delivery]
    received: Sequence[Received] | None
    offsets: dict[TopicPartition, int]
    assignment: int
    oldest: float


class Consumer:
    """Reads for one chain, as one member of its group."""

    _patient = False

    def __init__(self, member: Member, chain: Chain, *, batch: int = BATCH) -> None:
        self._member = member
        self._chain = chain
        self._batch = batch
        self._trouble = _WAITS
        self._begun = -1
        self._beginning: asyncio.Future[None] | None = None
        self.progress = Progress(chain.group, patient=self._patient)
        chain.worked = self.progress.worked

    @property
    def hopeless(self) -> bool:
        """Whether it hangs over events, and only a new process may help."""
        return self.progress.hopeless and not self._chain.trouble

    @property
    def group(self) -> str:
        """The consumer group's name."""
        return self._chain.group

    @property
    def trouble(self) -> str:
        """What keeps it from its events; empty once it has its partitions and nothing does."""
        return self._chain.trouble or (self.progress.trouble if self._member.ready else self._trouble)

    async def run(self) -> None:
        """Until cancelled. Whatever it meets, it starts anew with a new client, behind the last commit."""
        while True:
            try:
                async with self._member.joined() as client:
                    self._trouble = _WAITS
                    self.progress.joined(client)
                    self._begun = -1
                    await self._consume(client)
            except (KafkaError, *TRANSIENT) as error:
                self._trouble = f"starts anew: {type(error).__name__}"
                _log.warning("consumer starts anew", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a defect: no event is lost by it, and others wait
                self._trouble = f"starts anew: {type(error).__name__}"
                _log.exception("consumer failed and starts anew")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _consume(self, client: AIOKafkaConsumer) -> None:
        """Handle one batch after the other; while PostgreSQL works on one, the next is read."""
        reading = asyncio.ensure_future(self._read(client))
        try:
            while True:
                batch = await reading
                reading = asyncio.ensure_future(self._read(client))
                if batch.assignment != self._member.assignment:
                    _log.info("events read before a rebalance are left to whom it gives them", waiting=len(batch.deliveries))
                    continue
                self.progress.took(batch.oldest)
                with self._member.busy():
                    await self._handle(batch)
                    await self._member.commit(client, batch.offsets)
                self.progress.handled(batch.offsets)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _handle(self, batch: _Batch) -> None:
        await self._chain.handle(batch.deliveries, batch.received)

    async def _read(self, client: AIOKafkaConsumer) -> _Batch:
        # During a rebalance this waits, and then returns records of the new assignment. The client begins that one behind the
        # last commit, so that only what it has returned for an assignment before may be passed over.
        while not (polled := await client.getmany(timeout_ms=_POLL_MS, max_records=self._batch)):
            self._look_up()
        assignment = self._member.assignment
        await self.progress.read(polled)
        deliveries = [delivery_of(record) for records in polled.values() for record in records]
        offsets = {partition: records[-1].offset + 1 for partition, records in polled.items()}
        oldest = min(records[0].timestamp for records in polled.values())
        return _Batch(deliveries, await self._decoded_aside(deliveries), offsets, assignment, oldest)

    def _look_up(self) -> None:
        """Nothing has come for a moment: look where a new assignment begins, and whether the broker is there.

        Raises: ConnectionError after a long silence: a new client may be answered.
        """
        if self._member.settled and self._begun != self._member.assignment:
            self._begun = self._member.assignment
            if self._beginning is not None:
                self._beginning.cancel()
            self._beginning = asyncio.ensure_future(self.progress.begin())
        if self.progress.silent_seconds > _SILENCE_SECONDS:
            raise ConnectionError("the broker says nothing")

    async def _decoded_aside(self, deliveries: Sequence[Delivery]) -> list[Received] | None:
        """The events in them; None where one cannot be read. A few at a time: statements of the batch before go first."""
        received: list[Received] = []
        for start in range(0, len(deliveries), _DECODED_AT_ONCE):
            await asyncio.sleep(0)
            try:
                received += self._chain.decoder.all(deliveries[start : start + _DECODED_AT_ONCE])
            except Exception:  # noqa: BLE001 - which and why comes out when it is handled
                return None
        return received


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
