"""What aiokafka has no public way for: everything here is private to it, and nothing outside this module uses such a thing.

Written for the versions that pyproject.toml allows; `tests/chassis/test_private_parts.py` says when one of them has changed.
"""

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from peerloom_service.publishing.record_batch import RecordBatch


async def close_connections(client: AIOKafkaConsumer) -> None:
    """Close the connections of a consumer whose `stop` failed: that leaves them open."""
    await client._client.close()  # noqa: SLF001


async def abandon(producer: AIOKafkaProducer) -> None:
    """End a producer at once. Its `stop` would send on what it holds, late and for as long as an outage lasts, while a new
    producer is sending the same.
    """
    sending = producer._sender.sender_task  # noqa: SLF001
    while sending is not None and not sending.done():
        sending.cancel()  # the first time it only stops taking batches, and waits for its requests to be answered
        await asyncio.sleep(0)
    with suppress(KafkaError, OSError):
        await producer.client.close()
    producer._closed = True  # noqa: SLF001 - or it warns, when it is collected, that it was not stopped


class PreparedBatch:
    """Stands in for aiokafka's `BatchBuilder`, whose methods `send_batch` and the sender behind it call."""

    def __init__(self, most_bytes: int) -> None:
        self._batch = RecordBatch(most_bytes)
        self._producer: tuple[int, int, int] | None = None
        self.add = self._batch.add

    def record_count(self) -> int:
        return self._batch.count()

    def closed(self) -> bool:
        """Always: aiokafka adds nothing of its own, and does not wait for more."""
        return True

    def close(self) -> None:
        """It is."""

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = producer_id, producer_epoch, base_sequence

    def _build(self) -> bytes:
        return self._batch.build(*([self._producer] if self._producer else []))
