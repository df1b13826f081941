"""A record as it came from the broker: what every step of the consumer takes and hands on."""

from typing import NamedTuple

from aiokafka import ConsumerRecord


class Delivery(NamedTuple):
    """One record, with the place it has in its topic. A record without a key has the empty one."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def delivery_of(record: ConsumerRecord) -> Delivery:
    """The record of the Kafka client as a delivery."""
    return Delivery(record.topic, record.partition, record.offset, record.key or b"", record.value, tuple(record.headers))
