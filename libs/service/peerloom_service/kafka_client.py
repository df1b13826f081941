"""What aiokafka has no public way for: everything here is private to it, and nothing outside this module uses such a thing.

Written for the versions that pyproject.toml allows; `tests/chassis/test_private_parts.py` says when one of them has changed.
"""

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError


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
