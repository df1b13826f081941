"""Sending records to Kafka in batches, with a producer that is rebuilt whenever it breaks.

One topic that cannot be sent to, because it is gone, refuses us or has no leader, does not keep back the records of the others.

After a whole-cluster outage aiokafka's idempotent producer fails for good (OutOfOrderSequenceNumber), and its `send` and `stop`
may then never end. So each step has a deadline, any error means a new producer, and the caller sends the batch again: what
arrived twice is absorbed by the consumers' inbox. A send that timed out is unknown, never failed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from peerloom_service.kafka_client import PreparedBatch, abandon
from peerloom_service.publishing.record_batch import encoded_headers
from peerloom_service.publishing.shutdown import stopped

_SEND_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 5.0
_STRAGGLER_SECONDS: Final = 5.0
_METADATA_SECONDS: Final = 3.0
_BATCH_BYTES: Final = 262_144
_LINGER_MS: Final = 0


RECORD_REFUSED: Final = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTimestampError,
    CorruptRecordException,
    PolicyViolationError,
)
"""What a broker says to a record it will never take."""

_TOPIC_REFUSED: Final = (*RECORD_REFUSED, UnknownTopicOrPartitionError, TopicAuthorizationFailedError, InvalidTopicError)


class SendFailed(Exception):
    """The broker did not acknowledge everything; nobody knows what else arrived. Send the same again.

    `topics`: those it is known to be the fault of, each with its error. `acknowledged`: those whose records all arrived.
    """

    def __init__(
        self, reason: str, topics: Mapping[str, Exception] | None = None, acknowledged: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(reason)
        self.topics = dict(topics or {})
        self.acknowledged = acknowledged


class Record(NamedTuple):
    """One Kafka record to send. `value` None is a tombstone; `headers` may be encoded already, as the outbox keeps them."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | bytes


class Sender:
    """Sends batches of records in order; opened lazily, closed at the end."""

    def __init__(self, bootstrap: str, *, idempotent: bool) -> None:
        self._bootstrap = bootstrap
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None

    async def send(self, records: Sequence[Record]) -> None:
        """Return when the broker has acknowledged every record. Records of one key keep their order.

        Raises: SendFailed. The producer has then been thrown away.
        """
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                producer = await self._started()
                await self._send(producer, records)
        except SendFailed:
            await self._abandon()
            raise
        except (KafkaError, TimeoutError, OSError) as error:
            await self._abandon()
            raise SendFailed(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:
            await self._abandon()
            raise

    async def close(self) -> None:
        """Stop the producer, within a few seconds."""
        if self._producer is not None:
            await stopped(self._producer.stop(), within=_STOP_SECONDS)
            await self._abandon()

    async def _abandon(self) -> None:
        """End the producer at once; the next send makes a new one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            options: dict[str, Any] = {"enable_idempotence": True} if self._idempotent else {}
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                request_timeout_ms=8_000,
                linger_ms=_LINGER_MS,
                max_batch_size=_BATCH_BYTES,
                **options,
            )
            await self._producer.start()
        return self._producer

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        """Frame the records of each partition in as few batches as hold them, and wait for all."""
        partitions = await _partitions(producer, list(dict.fromkeys([record.topic for record in records])))
        filling: dict[tuple[str, int], PreparedBatch] = {}
        batches: list[tuple[str, int, PreparedBatch]] = []
        for topic, key, value, headers in records:
            count = partitions[topic]
            if isinstance(count, Exception):
                continue
            # librdkafka's `consistent` partitioner; aiokafka's, murmur2 in Python, would cost half of what the relay spends.
            place = topic, crc32(key or b"") % count
            encoded = headers if isinstance(headers, bytes) else encoded_headers(headers)
            batch = filling.get(place)
            if batch is None or not batch.add(key, value, encoded):
                batch = filling[place] = PreparedBatch(_BATCH_BYTES)
                batch.add(key, value, encoded)
                batches.append((*place, batch))
        errors = {topic: found for topic, found in partitions.items() if isinstance(found, Exception)}
        sent = [(topic, await producer.send_batch(batch, topic, partition=partition)) for topic, partition, batch in batches]
        errors |= await _unacknowledged(sent)
        if errors:
            raise _failed(errors, frozenset(partitions) - errors.keys())


async def _partitions(producer: AIOKafkaProducer, topics: Sequence[str]) -> dict[str, int | Exception]:
    """How many partitions each topic has, or why that is not known."""

    async def one(topic: str) -> int | Exception:
        try:
            async with asyncio.timeout(_METADATA_SECONDS):
                found: set[int] = await producer.partitions_for(topic)
                return len(found)
        except TimeoutError:
            return UnknownTopicOrPartitionError(topic)  # type: ignore[no-any-return]
        except TopicAuthorizationFailedError:
            return TopicAuthorizationFailedError(topic)  # type: ignore[no-any-return]

    return dict(zip(topics, await asyncio.gather(*map(one, topics)), strict=True))


async def _unacknowledged(sent: Sequence[tuple[str, "asyncio.Future[Any]"]]) -> dict[str, Exception]:
    """The topics of which a batch was not acknowledged, each with an error. Where others were, none is waited for long."""
    waiting = {acknowledgement for _, acknowledgement in sent}
    while waiting:
        done, waiting = await asyncio.wait(waiting, timeout=_STRAGGLER_SECONDS)
        if not done and any(acknowledgement.done() for _, acknowledgement in sent):
            break
    errors: dict[str, Exception] = {}
    for topic, acknowledgement in sent:
        error = acknowledgement.exception() if acknowledgement.done() else TimeoutError("it does not acknowledge")
        if isinstance(error, Exception):
            errors.setdefault(topic, error)
    return errors


def _failed(errors: Mapping[str, Exception], acknowledged: frozenset[str]) -> SendFailed:
    """A topic is at fault where the broker says so, and where it acknowledged others in the same moment."""
    at_fault = {topic: error for topic, error in errors.items() if acknowledged or isinstance(error, _TOPIC_REFUSED)}
    told = "; ".join(f"{topic}: {type(error).__name__}: {error}" for topic, error in errors.items())
    return SendFailed(told, at_fault, acknowledged)
