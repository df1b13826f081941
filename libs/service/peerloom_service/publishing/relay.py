"""The relay carries the outbox to Kafka: nothing lost, each aggregate's events in order.

One relay at a time per shard, held by a PostgreSQL advisory lock that is a lease. Rows are read by `seq`, sent, and deleted
after the broker acknowledged them; no transaction is open while sending. If the lock's connection is lost the relay stops
sending at once: what another relay then sends twice is absorbed by the consumers' inbox. A topic that cannot be sent to is
held back by itself.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from peerloom_service import telemetry
from peerloom_service.publishing.held_back import HeldBack
from peerloom_service.publishing.outbox import NEXT, SHARDS, Runs, record_of, runs
from peerloom_service.publishing.producer import Record, Sender, SendFailed
from peerloom_service.storage.database import TRANSIENT, Database
from peerloom_service.storage.lease import Lease, leased

_BATCH: Final = 2000
_BATCH_BYTES: Final = 8 * 1024 * 1024
_POLL_SECONDS: Final = 0.02
_IDLE_POLL_SECONDS: Final = 0.05
_SLOWER: Final = 1.2
_CLAIM_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.5
_LOCK_SPACE: Final = 0x0B0C

_CLAIM = "SELECT shard FROM unnest($1::int[]) AS shard WHERE pg_try_advisory_lock($2, shard)"


class Relay:
    """Drains the shards it holds. `idle` is true when its last look at them found nothing."""

    def __init__(self, database: Database, sender: Sender, trials: Sender, wake: asyncio.Event) -> None:
        """`trials`: sends to topics that are held back, beside the other sender."""
        self._database = database
        self._sender = sender
        self._held_back = HeldBack(trials)
        self._wake = wake
        self.idle = False
        self.hopeless = False
        self.shards = 0
        self._trouble = ""
        self._acknowledged_at = time.monotonic()

    @property
    def trouble(self) -> str:
        """What keeps it from sending; empty while nothing does."""
        return self._trouble or self._held_back.trouble

    @property
    def seconds_since_acknowledged(self) -> float:
        """Since the broker last acknowledged what was sent, or nothing was there to send."""
        return time.monotonic() - self._acknowledged_at

    async def run(self) -> None:
        """Until cancelled. Whatever it meets, it goes on with new connections, to either side."""
        try:
            while True:
                try:
                    async with leased(self._database) as lease:
                        await self._lead(lease)
                except TRANSIENT as error:
                    self._trouble = f"waits for its database: {type(error).__name__}"
                    _log.warning("relay lost its database", error=type(error).__name__)
                except Exception as error:  # noqa: BLE001 - a defect: what waits in the outbox is not lost by it
                    self._trouble = f"starts anew: {type(error).__name__}"
                    _log.exception("relay failed and starts anew")
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await self._held_back.close()
            await self._sender.close()

    async def _lead(self, connection: Lease) -> None:
        """Hold what shards are free on this one connection, and drain them."""
        held: set[int] = set()
        loop = asyncio.get_running_loop()
        claim_at, pause = 0.0, _POLL_SECONDS
        try:
            while True:
                if len(held) < SHARDS and loop.time() >= claim_at:
                    held |= await _claim(connection, held)
                    self.shards = len(held)
                    claim_at = loop.time() + _CLAIM_SECONDS
                self._wake.clear()
                self._trouble = ""
                sent = await self._drain(connection, sorted(held)) if held else 0
                flows_again = await self._held_back.turn(connection, sorted(held)) if held else False
                self.idle = sent == 0 and not flows_again
                pause = min(_SLOWER * pause, _IDLE_POLL_SECONDS) if self.idle else _POLL_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause if held else _CLAIM_SECONDS):
                        await self._wake.wait()
        finally:
            self.shards = 0
            await self._held_back.abandon()

    async def _drain(self, connection: Lease, shards: list[int]) -> int:
        """Send what waits, in order. While a batch is on its way one statement deletes the batch before it, which has been
        acknowledged, and reads the one behind it. Returns how many were sent.
        """
        drained = 0
        sent: Runs = []
        rows = await self._next(connection, shards, sent, sent)
        while rows or sent:
            on_their_way = runs([row["seq"] for row in rows])
            sending = asyncio.ensure_future(self._send([record_of(row) for row in rows]))
            following: list[asyncpg.Record] = []
            try:
                if sent or len(rows) == _BATCH:
                    following = await self._next(connection, shards, sent, sent + on_their_way)
                await sending
            except SendFailed as failed:
                _log.warning("broker did not acknowledge", error=str(failed), waiting=len(rows))
                self._held_back.hold(failed.topics)
                rows = [row for row in rows if row["topic"] in failed.acknowledged]
                on_their_way, following = runs([row["seq"] for row in rows]), []
                if not failed.topics:
                    self._trouble = f"the broker does not acknowledge: {failed}"
                    await asyncio.sleep(_PAUSE_SECONDS)
                    break
            except BaseException:
                sending.cancel()
                raise
            self._acknowledged_at = time.monotonic()
            if rows:
                telemetry.published.add(len(rows))
                telemetry.outbox_age.record(max(0.0, rows[0]["age"]))
            drained += len(rows)
            sent, rows = on_their_way, following
        if not self._trouble:
            self._acknowledged_at = time.monotonic()
        return drained

    async def _next(self, connection: Lease, shards: list[int], sent: Runs, passed_over: Runs) -> list[asyncpg.Record]:
        """Forget what was sent; the rows to be sent next."""
        return await connection.fetch(NEXT, shards, sent, passed_over, _BATCH, _BATCH_BYTES, self._held_back.topics)

    async def _send(self, records: Sequence[Record]) -> None:
        with telemetry.sending(lambda: [one.headers for one in records if isinstance(one.headers, bytes)]):
            await self._sender.send(records)


async def _claim(connection: Lease, held: set[int]) -> set[int]:
    free = [shard for shard in range(SHARDS) if shard not in held]
    rows = await connection.fetch(_CLAIM, free, _LOCK_SPACE)
    return {row["shard"] for row in rows}


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
