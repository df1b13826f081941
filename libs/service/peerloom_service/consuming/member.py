"""A member of a Kafka consumer group: its client, the partitions it was given, and the offsets it commits."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError

from peerloom_service import kafka_client
from peerloom_service.publishing.shutdown import stopped

_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Membership:
    """How a member behaves in its group.

    `session_ms`: after so long a silence the broker takes a member for dead. `rebalance_ms`: how long it waits for the others
    to join again. `drain_seconds`: how long the batch in hand may take to end before its partitions are given away.
    `commit_seconds`: how long a commit of offsets may take. `metadata_ms`: how old what it knows of its topics may be; a topic
    that was deleted and made again is noticed after that time.
    """

    session_ms: int = 45_000
    rebalance_ms: int = 60_000
    drain_seconds: float = 20.0
    commit_seconds: float = 10.0
    metadata_ms: int = 20_000


class Member:
    """One membership of a group, from joining to leaving. `assignment` counts the assignments it has lost so far."""

    def __init__(self, group: str, bootstrap: str, topics: Iterable[str], membership: Membership) -> None:
        self._group = group
        self._bootstrap = bootstrap
        self._topics = sorted(set(topics))
        self._membership = membership
        self._partitions = _Partitions(membership.drain_seconds)
        self._client: AIOKafkaConsumer | None = None
        self._assignor = _counting_assignor()

    @property
    def ready(self) -> bool:
        """Whether the group has settled with this member in it, every topic it reads is there, and it has partitions of them
        unless others have them all.
        """
        client = self._client
        if client is None or not self._partitions.settled or not all(map(client.partitions_for_topic, self._topics)):
            return False
        return bool(client.assignment()) or not self._assignor.is_alone

    @property
    def settled(self) -> bool:
        """Whether it has been told its partitions, and no rebalance has begun since."""
        return self._partitions.settled

    @property
    def assignment(self) -> int:
        """Number of the assignment the member has now: what was read under another one is no longer its own."""
        return self._partitions.number

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Partitions are not given away meanwhile, unless that takes longer than `drain_seconds`."""
        self._partitions.idle.clear()
        try:
            yield
        finally:
            self._partitions.idle.set()

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A started client that is in the group; leaves it at the end."""
        chosen = self._membership
        self._partitions, self._assignor = _Partitions(chosen.drain_seconds), _counting_assignor()
        self._client = client = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(self._assignor,),
            session_timeout_ms=chosen.session_ms,
            heartbeat_interval_ms=min(3_000, chosen.session_ms // 3),
            rebalance_timeout_ms=chosen.rebalance_ms,
            request_timeout_ms=chosen.rebalance_ms + 10_000,
            metadata_max_age_ms=chosen.metadata_ms,
            fetch_max_wait_ms=100,
        )
        client.subscribe(self._topics, listener=self._partitions)
        try:
            # A member that was killed holds the group up until its session ends. Who gives up sooner leaves another dead
            # member behind, and the group would never come to an end of it.
            async with asyncio.timeout((chosen.session_ms + 2 * chosen.rebalance_ms) / 1000):
                await client.start()
            yield client
        finally:
            self._client = None
            if not await stopped(client.stop(), within=_STOP_SECONDS):
                await stopped(kafka_client.close_connections(client), within=_STOP_SECONDS)

    async def commit(self, client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        """Commit what is still this member's; what a rebalance has taken away will be delivered again.

        Raises: TimeoutError. Who then starts anew is given these events again and commits them; going on would leave them
        uncommitted until their partition has another one.
        """
        mine = {partition: offset for partition, offset in offsets.items() if partition in client.assignment()}
        if not mine:
            return
        try:
            async with asyncio.timeout(self._membership.commit_seconds):
                await client.commit(mine)
        except (CommitFailedError, IllegalStateError):
            _log.info("offsets not committed: the group is rebalancing; these events will come again")


class _CountingAssignor(StickyPartitionAssignor):  # type: ignore[misc]
    """The sticky assignor, which its group's leader asks. `is_alone`: at the last time there was no other member."""

    is_alone: ClassVar[bool] = False

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Give the partitions to these members."""
        cls.is_alone = len(members) == 1
        return super().assign(cluster, members)


def _counting_assignor() -> type[_CountingAssignor]:
    """One of a client's own: aiokafka takes a class, and keeps what it knows in that."""
    return type("StickyPartitionAssignor", (_CountingAssignor,), {})


class _Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """Follows the group's rebalances, and lets the batch in hand finish before partitions are given away."""

    def __init__(self, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self.settled = False
        self.number = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def on_partitions_revoked(self, _revoked: Iterable[TopicPartition]) -> None:
        self.settled = False
        self.number += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds):
                await self.idle.wait()

    async def on_partitions_assigned(self, _assigned: Iterable[TopicPartition]) -> None:
        self.settled = True


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
