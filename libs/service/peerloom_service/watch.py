"""Reads every few seconds how a worker's work stands: what waits in its outbox, which keys are parked, how far consumers are.

The gauges show what was read last, and ages as they are now, whether or not anything succeeds at the moment.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import asyncpg
import structlog

from peerloom_service import telemetry
from peerloom_service.consuming.consumer import Consumer
from peerloom_service.consuming.parking import PARKED_COUNTS
from peerloom_service.consuming.progress import Progress
from peerloom_service.publishing.outbox import STANDING
from peerloom_service.publishing.relay import Relay
from peerloom_service.storage.database import TRANSIENT, Database

_EVERY_SECONDS: Final = 3.0
_STUCK_SECONDS: Final = 10.0


class Watch:
    """A loop of a worker's. Its trouble: the oldest event in the outbox has been the same for long, whoever should send it."""

    def __init__(self, database: Database, relay: Relay, consumers: Sequence[Consumer]) -> None:
        self._database = database
        self._relay = relay
        self._consumers = consumers
        self._standing: asyncpg.Record | None = None
        self._parked: Sequence[asyncpg.Record] = ()
        self._read_at = self._oldest_since = time.monotonic()
        self.hopeless = False

    @property
    def trouble(self) -> str:
        """Why the outbox does not move; empty while it does."""
        standing = self._standing
        if standing is None or standing["seq"] is None or time.monotonic() - self._oldest_since < _STUCK_SECONDS:
            return ""
        return f"the oldest of {standing['depth']} event(s), for {standing['topic']}, has waited for {self._age():.0f} s"

    async def run(self) -> None:
        """Until cancelled."""
        with self._shown():
            while True:
                try:
                    await self._read()
                except TRANSIENT as error:
                    _log.warning("what waits in the outbox cannot be read", error=type(error).__name__)
                await asyncio.sleep(_EVERY_SECONDS)

    async def _read(self) -> None:
        standing = await self._database.fetchrow(None, STANDING)
        assert standing is not None
        self._parked = await self._database.fetch(None, PARKED_COUNTS)
        now = time.monotonic()
        if self._standing is None or standing["seq"] != self._standing["seq"]:
            self._oldest_since = now
        self._standing, self._read_at = standing, now

    def _age(self) -> float:
        """Seconds since the oldest event that waits was written; 0 where none does."""
        standing = self._standing
        if standing is None or standing["age"] is None:
            return 0.0
        return float(standing["age"]) + time.monotonic() - self._read_at

    @contextmanager
    def _shown(self) -> Iterator[None]:
        def outbox(column: str) -> list[tuple[float, dict[str, Any]]]:
            return [] if self._standing is None else [(self._standing[column], {})]

        def parked() -> list[tuple[float, dict[str, Any]]]:
            return [(row["keys"], {"group": row["consumer"], "topic": row["topic"]}) for row in self._parked]

        def consumers(value: Callable[[Progress], float]) -> list[tuple[float, dict[str, Any]]]:
            return [(value(consumer.progress), {"group": consumer.group}) for consumer in self._consumers]

        with ExitStack() as stack:
            for gauge, reading in (
                (telemetry.outbox_depth, lambda: outbox("depth")),
                (telemetry.outbox_oldest, lambda: [(self._age(), {})]),
                (telemetry.outbox_set_aside, lambda: outbox("set_aside")),
                (telemetry.relay_shards, lambda: [(self._relay.shards, {})]),
                (telemetry.relay_silence, lambda: [(self._relay.seconds_since_acknowledged, {})]),
                (telemetry.parked_keys, parked),
                (telemetry.consumer_lag, self._lags),
                (telemetry.consumer_lag_age, lambda: consumers(lambda one: one.lag_seconds)),
                (telemetry.consumer_silence, lambda: consumers(lambda one: one.silent_seconds)),
            ):
                stack.enter_context(gauge.showing(reading))
            yield

    def _lags(self) -> list[tuple[float, dict[str, Any]]]:
        return [
            (waiting, {"group": consumer.group, "topic": topic})
            for consumer in self._consumers
            for topic, waiting in consumer.progress.lag.items()
        ]


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
