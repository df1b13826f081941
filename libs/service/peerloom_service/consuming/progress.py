"""How far a consumer is: what it has handled, what waits, since when it has heard nothing, and what it has lost for good."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from peerloom_service import telemetry

_SILENCE_SECONDS: Final = 10.0
_STUCK_SECONDS: Final = 15.0
_HOPELESS_SECONDS: Final = 300.0


class Progress:
    """Follows one client from its joining on. Nothing here waits for the broker but `begin`, which runs beside the reading.

    `patient`: what it has in hand may take any time, and its partitions are paused meanwhile.
    """

    def __init__(self, group: str, *, patient: bool = False) -> None:
        self._group = group
        self._patient = patient
        self._client: AIOKafkaConsumer | None = None
        self._next: dict[TopicPartition, int] = {}
        self._done: dict[TopicPartition, int] = {}
        self._reading_since = self._worked_at = time.monotonic()
        self._in_hand: float | None = None

    def joined(self, client: AIOKafkaConsumer) -> None:
        """Follow this client from now on."""
        self._client = client
        self._next, self._done, self._in_hand = {}, {}, None
        self._reading_since = self._worked_at = time.monotonic()

    async def begin(self) -> None:
        """Find where a new assignment begins, and what the topics no longer hold of what is not handled."""
        client = self._client
        if client is None:
            return
        self._next, self._reading_since = {}, time.monotonic()
        partitions = sorted(client.assignment())
        try:
            firsts = await client.beginning_offsets(partitions)
            committed = await asyncio.gather(*map(client.committed, partitions))
        except (KafkaError, AssertionError, TimeoutError):
            return  # a rebalance has taken them away, and there will be another beginning
        for partition, offset in zip(partitions, committed, strict=True):
            first = firsts[partition]
            if offset is not None:
                self._tell_loss(partition, offset, first)
            self._done[partition] = max(first, offset or 0, self._done.get(partition, 0))

    async def read(self, polled: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """These records were read. A gap before them that the topic no longer fills is a loss."""
        for partition, records in polled.items():
            expected, self._next[partition] = self._next.get(partition), records[-1].offset + 1
            self._done.setdefault(partition, records[0].offset)
            if expected is not None and records[0].offset > expected and self._client is not None:
                firsts = await self._client.beginning_offsets([partition])
                self._tell_loss(partition, expected, min(firsts[partition], records[0].offset))

    def took(self, oldest: float) -> None:
        """Records are being handled; the oldest is of this time, in milliseconds since 1970."""
        self._in_hand = oldest / 1000
        self._worked_at = time.monotonic()

    def worked(self) -> None:
        """Something was handled."""
        self._worked_at = time.monotonic()

    def handled(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Everything before these offsets is."""
        self._done.update(offsets)
        self._in_hand = None
        self._reading_since = self._worked_at = time.monotonic()

    @property
    def lag(self) -> Counter[str]:
        """By topic the events that are not handled yet, as far as the broker has told."""
        client, waiting = self._client, Counter[str]()
        if client is None:
            return waiting
        for partition in client.assignment():
            end = client.highwater(partition)
            waiting[partition.topic] += max(0, end - self._done.get(partition, end)) if end is not None else 0
        return waiting

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest event in hand; 0 where none is."""
        return 0.0 if self._in_hand is None else max(0.0, time.time() - self._in_hand)

    @property
    def trouble(self) -> str:
        """That it makes no progress, with figures; empty while it does, or has nothing to do."""
        if self._in_hand is not None:
            seconds = time.monotonic() - self._worked_at
            if seconds > _STUCK_SECONDS and not self._patient:
                return f"is {max(1, self.lag.total())} event(s) behind, and has handled nothing for {seconds:.0f} s"
            return ""
        seconds = self.silent_seconds
        return f"has not heard from its broker for {seconds:.0f} s" if seconds > _SILENCE_SECONDS else ""

    @property
    def silent_seconds(self) -> float:
        """For how long the broker has said nothing to somebody who asks."""
        client = self._client
        if client is None or self._in_hand is not None or not (partitions := client.assignment()):
            return 0.0
        heard = max((client.last_poll_timestamp(one) or 0 for one in partitions), default=0) / 1000
        return min(time.time() - heard, time.monotonic() - self._reading_since)

    @property
    def hopeless(self) -> bool:
        """Whether it hangs, and only a new process may help."""
        return not self._patient and self._in_hand is not None and time.monotonic() - self._worked_at > _HOPELESS_SECONDS

    def _tell_loss(self, partition: TopicPartition, wanted: int, first: int) -> None:
        if wanted >= first:
            return
        telemetry.lost.add(first - wanted, {"group": self._group, "topic": partition.topic})
        _log.error(
            "events are lost: their topic no longer holds them; run `republish` in the service that publishes them",
            group=self._group,
            topic=partition.topic,
            partition=partition.partition,
            first_lost=wanted,
            events=first - wanted,
        )


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
