"""Follows events on Kafka and prints them: pip install aiokafka cloudevents; KAFKA=127.0.0.1:8192 python follow.py."""

import asyncio
import os

from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event


async def main() -> None:
    """Until interrupted. Offsets are committed by the client; an event may come twice."""
    consumer = AIOKafkaConsumer(
        "matching.matches.v1",
        bootstrap_servers=os.environ["KAFKA"],
        group_id=os.environ.get("GROUP", "warehouse.follow"),
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.value is None:
                continue  # a tombstone
            event = from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))
            print(event.get_type(), event.get_extension("tenantid"), event.get_data(), flush=True)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main())
