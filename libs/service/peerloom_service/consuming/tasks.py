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
from peerloom_service import telemetry
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.consumer import Consumer
from peerloom_service.consuming.decoding import Undecodable
from peerloom_service.consuming.delivery import Delivery, delivery_of
from peerloom_service.consuming.member import Member
from peerloom_service.consuming.retry import GivenUp, RetryPolicy, retried
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

Task = Callable[[Runtime, Any, UUID, Cause], Awaitable[None]]
"""Takes the runtime, the event, its organisation and what to give as cause of what follows."""

Tasks = Mapping[type[Event], Task]

RETRY: Final = RetryPolicy(tries=3, first_pause=1.0, factor=1.0)

_POLL_MS: Final = 500


class TaskConsumer(Consumer):
    """A member of the group `<service>.tasks`, working off one event at a time outside any transaction.

    Of the chain it uses the first step and the last two: a task guards itself against being delivered twice.
    """

    _patient = True

    def __init__(self, member: Member, chain: Chain, *, tasks: Tasks, runtime: Runtime, retry: RetryPolicy = RETRY) -> None:
        super().__init__(member, chain, batch=1)
        self._tasks = tasks
        self._runtime = runtime
        self._retry = retry

    async def _consume(self, client: AIOKafkaConsumer) -> None:
        while True:
            polled = await client.getmany(timeout_ms=_POLL_MS, max_records=1)
            self._look_up()
            for partition, records in polled.items():
                self.progress.took(records[0].timestamp)
                await self._keep_membership(client, asyncio.ensure_future(self._work_off(delivery_of(records[0]))))
                done = {partition: records[0].offset + 1}
                await self._member.commit(client, done)
                self.progress.handled(done)

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

    async def _work_off(self, delivery: Delivery) -> None:
        """Raises: errors of the database. The client then starts anew behind the last commit, and the task comes again."""
        try:
            await retried(self._retry, lambda: self._attempt(delivery), hopeless=(Undecodable,))
        except GivenUp as given_up:
            await self._chain.parking.park(delivery, given_up.error, given_up.attempts)

    async def _attempt(self, delivery: Delivery) -> None:
        received = self._chain.decoder.one(delivery)
        if received is None:
            return
        envelope = received.envelope
        with telemetry.processing([envelope.traceparent], topic=delivery.topic, group=self.group, event_type=envelope.type):
            traceparent = telemetry.current_traceparent() or envelope.traceparent
            cause = Cause(envelope.correlationid, envelope.id, traceparent, envelope.actortype, envelope.actorid)
            await self._tasks[received.kind](self._runtime, received.event, received.tenant_id, cause)


def _put_back(client: AIOKafkaConsumer, partition: TopicPartition, record: ConsumerRecord) -> None:
    client.seek(partition, record.offset)


async def not_in_a_transaction(*_arguments: object) -> None:
    """Stands as the handler of a task's event, which is never called."""
    raise TypeError("a task is worked off outside any transaction")
