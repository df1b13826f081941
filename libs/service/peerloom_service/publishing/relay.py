"""The relay carries the outbox to Kafka: nothing lost, each aggregate's events in order.

One relay at a time per shard, held by a PostgreSQL advisory lock. Rows are read by `seq`, sent, and deleted after the broker
acknowledged them; no transaction is open while sending. If the lock's connection is lost the relay stops sending at once:
what another relay then sends twice is absorbed by the consumers' inbox.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from peerloom_service import telemetry
from peerloom_service.publishing.outbox import NEXT, SHARDS, Runs, runs
from peerloom_service.publishing.producer import Record, Sender, SendFailed
from peerloom_service.publishing.record_batch import encoded_headers
from peerloom_service.storage.database import TRANSIENT, Connection, Database

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

    def __init__(self, database: Database, sender: Sender, wake: asyncio.Event) -> None:
        self._database = database
        self._sender = sender
        self._wake = wake
        self.idle = False
        self.trouble = ""
        """What keeps it from sending; empty while nothing does."""

    async def run(self) -> None:
        """Until cancelled. Whatever it meets, it goes on with new connections, to either side."""
        try:
            while True:
                try:
                    async with self._database.connection(None) as connection:
                        await self._lead(connection)
                except TRANSIENT as error:
                    self.trouble = f"waits for its database: {type(error).__name__}"
                    _log.warning("relay lost its database", error=type(error).__name__)
                except Exception as error:  # noqa: BLE001 - a defect: what waits in the outbox is not lost by it
                    self.trouble = f"starts anew: {type(error).__name__}"
                    _log.exception("relay failed and starts anew")
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await self._sender.close()

    async def _lead(self, connection: Connection) -> None:
        """Hold what shards are free on this one connection, and drain them."""
        held: set[int] = set()
        loop = asyncio.get_running_loop()
        claim_at, pause = 0.0, _POLL_SECONDS
        try:
            while True:
                if len(held) < SHARDS and loop.time() >= claim_at:
                    held |= await _claim(connection, held)
                    claim_at = loop.time() + _CLAIM_SECONDS
                self._wake.clear()
                sent = await self._drain(connection, sorted(held)) if held else 0
                self.idle = sent == 0
                self.trouble = ""
                pause = min(_SLOWER * pause, _IDLE_POLL_SECONDS) if self.idle else _POLL_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause if held else _CLAIM_SECONDS):
                        await self._wake.wait()
        finally:
            if not connection.is_closed():
                with suppress(*TRANSIENT):
                    await connection.execute("SELECT pg_advisory_unlock_all()")

    async def _drain(self, connection: Connection, shards: list[int]) -> int:
        """Send what waits, in order. While a batch is on its way one statement deletes the batch before it, which has been
        acknowledged, and reads the one behind it. Returns how many were sent.
        """
        drained = 0
        sent: Runs = []
        rows = await connection.fetch(NEXT, shards, sent, sent, _BATCH, _BATCH_BYTES)
        while rows or sent:
            on_their_way = runs([row[0] for row in rows])
            sending = asyncio.ensure_future(self._send(_records(rows)))
            following: list[asyncpg.Record] = []
            try:
                if sent or len(rows) == _BATCH:
                    following = await connection.fetch(NEXT, shards, sent, sent + on_their_way, _BATCH, _BATCH_BYTES)
                await sending
            except SendFailed as error:
                _log.warning("broker did not acknowledge", error=str(error), waiting=len(rows))
                await asyncio.sleep(_PAUSE_SECONDS)
                break
            except BaseException:
                sending.cancel()
                raise
            if rows:
                telemetry.published.add(len(rows))
                telemetry.outbox_age.record(max(0.0, rows[0]["age"]))
            drained += len(rows)
            sent, rows = on_their_way, following
        return drained

    async def _send(self, records: Sequence[Record]) -> None:
        with telemetry.sending(lambda: [one.headers for one in records if isinstance(one.headers, bytes)]):
            await self._sender.send(records)


async def _claim(connection: Connection, held: set[int]) -> set[int]:
    free = [shard for shard in range(SHARDS) if shard not in held]
    rows = await connection.fetch(_CLAIM, free, _LOCK_SPACE)
    return {row["shard"] for row in rows}


def _records(rows: Sequence[asyncpg.Record]) -> list[Record]:
    return [
        Record(topic, key.encode(), value, _of_the_release_before(headers) if encoded is None else encoded)
        for _, topic, key, encoded, headers, value, _ in rows
    ]


def _of_the_release_before(headers: dict[str, str]) -> bytes:
    return encoded_headers([(name, text.encode()) for name, text in headers.items()])


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
