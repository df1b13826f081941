"""A session lock as a lease that ends: PostgreSQL takes it from a holder that has fallen silent.

The connection that holds the lock says something every few seconds. After `LEASE_SECONDS` of silence PostgreSQL ends it, and
with it the lock: a process that hangs, is frozen or cut off has lost what it held, and knows it when it comes back. Where the
machine is gone TCP's keepalive (`database.py`) is about as quick.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg

from peerloom_service.storage.database import TRANSIENT, Connection, Database

LEASE_SECONDS: Final = 10
_BEAT_SECONDS: Final = 2.0


class LeaseLost(ConnectionError):
    """PostgreSQL has ended the connection, and its locks may be somebody else's."""


class Lease:
    """The connection that holds the locks, for one statement at a time; between them it says that its holder lives."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.lost: Exception | None = None

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of a statement."""
        async with self._turn:
            return await self._connection.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """The first row of a statement."""
        async with self._turn:
            return await self._connection.fetchrow(sql, *values)

    async def execute(self, sql: str, *values: Any, within: float | None = None) -> str:
        """Run a statement, `within` so many seconds where that is given; returns PostgreSQL's command tag."""
        async with self._turn:
            return await self._connection.execute(sql, *values, timeout=within)

    async def beat(self, holder: "asyncio.Task[Any]") -> None:
        """Until cancelled, or until the connection is lost: then who holds the lease is cancelled."""
        try:
            while True:
                await asyncio.sleep(_BEAT_SECONDS)
                await self.fetch("SELECT 1")
        except TRANSIENT as error:
            self.lost = error
            holder.cancel()


@asynccontextmanager
async def leased(database: Database) -> AsyncIterator[Lease]:
    """A connection whose session locks are a lease; they are let go at the end.

    Raises: LeaseLost inside the block, where PostgreSQL has ended the connection; errors of the database.
    """
    holder = asyncio.current_task()
    assert holder is not None
    async with database.connection(None) as connection:
        await connection.execute(f"SET idle_session_timeout = '{LEASE_SECONDS}s'")
        lease = Lease(connection)
        beating = asyncio.ensure_future(lease.beat(holder))
        try:
            yield lease
        except (asyncio.CancelledError, Exception) as error:
            if lease.lost is None or holder.uncancel() > 0:  # or somebody else has cancelled it as well
                raise
            raise LeaseLost(f"the lease was lost: {type(lease.lost).__name__}") from error
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            if not connection.is_closed():
                with suppress(*TRANSIENT):
                    await connection.execute("SELECT pg_advisory_unlock_all()")
                    await connection.execute("RESET idle_session_timeout")
