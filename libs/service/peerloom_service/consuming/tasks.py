"""Long work that comes as events: one task at a time, its offset committed only when it is done.

The lag of the group is the work that waits: what an autoscaler looks at. While a task runs the member keeps polling with its
partitions paused, so that it stays in its group for as long as the task takes. A task may be delivered twice, to two workers at
once even: it must guard itself, and be safe to start again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from peerloom_events import Event
from peerloom_service.consuming.consumer import Consumer, commit, delivery_of
from peerloom_service.consuming.decoding import Undecodable
from peerloom_service.context import Cause
from peerloom_service.publishing.producer import Sender
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime

Task = Callable[[Runtime, Any, UUID, Cause], Awaitable[None]]
"""Takes the runtime, the event, its organisation and what to give as cause of what follows."""

Tasks = Mapping[type[Event], Task]

_POLL_MS: Final = 500
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 1.0


class TaskConsumer(Consumer):
    """A member of the group `<service>.tasks`, working off one event at a time outside any transaction."""

    def __init__(self, *, group: str, tasks: Tasks, runtime: Runtime, sender: Sender) -> None:
        super().__init__(
            group=group,
            bootstrap=runtime.settings.kafka_bootstrap,
            subscribes=dict.fromkeys(tasks, _not_in_a_transaction),
            database=runtime.database,
            storages=runtime.storages,
            sender=sender,
            wake_relay=runtime.wake_relay,
            session_ms=runtime.settings.kafka_session_ms,
        )
        self._tasks = tasks
        self._runtime = runtime

    async def _consume(self) -> None:
        async with self._member() as client:
            while True:
                polled = await client.getmany(timeout_ms=_POLL_MS, max_records=1)
                for partition, records in polled.items():
                    await self._keep_membership(client, asyncio.ensure_future(self._work_off(records[0])))
                    await commit(client, {partition: records[0].offset + 1})

    async def _keep_membership(self, client: AIOKafkaConsumer, task: "asyncio.Future[None]") -> None:
        """Poll without taking anything until the task is done."""
        try:
            while not task.done():
                client.pause(*client.assignment())
                for partition, records in (await client.getmany(timeout_ms=_POLL_MS)).items():
                    _put_back(client, partition, records[0])  # a rebalance brought a partition that was not paused
                await asyncio.wait([task], timeout=_POLL_MS / 1000)
            task.result()
        finally:
            task.cancel()
            client.resume(*client.assignment())

    async def _work_off(self, record: ConsumerRecord) -> None:
        delivery = delivery_of(record)
        for attempt in range(1, _TRIES + 1):
            try:
                received = self._decoder.one(delivery)
                if received is not None:
                    cause = Cause(received.envelope.correlationid, received.envelope.id, received.envelope.traceparent)
                    await self._tasks[received.kind](self._runtime, received.event, received.tenant_id, cause)
                return
            except TRANSIENT:
                raise  # the client starts anew behind the last commit, and the task comes again
            except Undecodable as error:
                await self._give_up(delivery, error, attempt)
                return
            except Exception as error:  # noqa: BLE001 - whatever a task raises is that task's own fault
                if attempt == _TRIES:
                    await self._give_up(delivery, error, attempt)
                    return
                await asyncio.sleep(_PAUSE_SECONDS)


def _put_back(client: AIOKafkaConsumer, partition: TopicPartition, record: ConsumerRecord) -> None:
    client.seek(partition, record.offset)


async def _not_in_a_transaction(*_arguments: object) -> None:
    raise TypeError("a task is worked off outside any transaction")
