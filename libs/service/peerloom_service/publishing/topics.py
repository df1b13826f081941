"""Creates the Kafka topics before any consumer starts, and checks that they are what was asked for.

`create_topics` returns error codes instead of raising, and a replication of one on three brokers silently makes `acks=all`
one broker's word, so both are looked at.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from peerloom_events import Topic

_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.5
_ALREADY_EXISTS: Final = 36
_MILLISECONDS_A_DAY: Final = 86_400_000


class TopicRefused(Exception):
    """The broker would not create a topic, or it exists in another shape."""


async def ensure_topics(bootstrap: str, topics: Sequence[Topic], *, replication: int) -> None:
    """Create what is missing; calls are repeated while the broker is coming up or changing leaders.

    Raises: TopicRefused, naming the topic; KafkaError when the broker cannot be reached for ten seconds.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            await _ensure(bootstrap, topics, replication)
            return
        except (KafkaError, OSError, TimeoutError) as error:
            if attempt == _TRIES:
                raise
            _log.info("waiting for the broker", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)


async def _ensure(bootstrap: str, topics: Sequence[Topic], replication: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    async with asyncio.timeout(30):
        await admin.start()
        try:
            existing = set(await admin.list_topics())
            missing = [topic for topic in topics if topic.name not in existing]
            if missing:
                answer = await admin.create_topics([_new(topic, replication) for topic in missing])
                for name, code, *rest in answer.topic_errors:
                    if code not in (0, _ALREADY_EXISTS):
                        raise TopicRefused(f"topic {name} was not created: error {code} {rest[0] if rest else ''}".rstrip())
            await _check(admin, topics, replication)
        finally:
            await admin.close()


def _new(topic: Topic, replication: int) -> NewTopic:
    config = {"retention.ms": str(topic.retention_days * _MILLISECONDS_A_DAY)}
    if replication > 1:
        config["min.insync.replicas"] = str(replication // 2 + 1)
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=config)


async def _check(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication: int) -> None:
    described: list[dict[str, Any]] = await admin.describe_topics([topic.name for topic in topics])
    found = {entry["topic"]: entry["partitions"] for entry in described}
    for topic in topics:
        partitions = found.get(topic.name, [])
        if not partitions:
            raise UnknownTopicOrPartitionError(topic.name)  # the broker asked does not know yet what was just created
        if len(partitions) < topic.partitions:
            raise TopicRefused(f"topic {topic.name} has {len(partitions)} partitions, {topic.partitions} are needed")
        copies = min((len(partition["replicas"]) for partition in partitions), default=0)
        if copies < replication:
            raise TopicRefused(f"topic {topic.name} keeps {copies} copies, {replication} were asked for")


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
