"""The service's PostgreSQL: a pool whose connections know which organisation they serve.

Row-level security compares each row's `tenant_id` with the setting `peerloom.tenant` of the connection. It is the second
wall: statements name the tenant themselves as well. The setting outlives a transaction and is only sent when it changes, so
a pooler between us and PostgreSQL must pool whole connections (session mode).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import asyncpg
import orjson

_ACQUIRE_SECONDS = 10.0

EVERY_TENANT = "*"
"""Work of the platform itself (relay, timers, consumers' bookkeeping), not of one organisation."""

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.DiskFullError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""Errors that say nothing about the request or event at hand: trying again later may well work."""


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection  # generic in its type stubs only


class TenantConnection(_Connection):
    """A connection that remembers which organisation it serves."""

    __slots__ = ("_tenant",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant: str | None = None

    async def serve(self, tenant: UUID | None) -> None:
        """Serve one organisation from now on; None is the platform itself."""
        wanted = EVERY_TENANT if tenant is None else str(UUID(int=tenant.int))
        if self._tenant != wanted:
            await self.execute(f"SET peerloom.tenant = '{wanted}'")
            self._tenant = wanted

    def forget_tenant(self) -> None:
        """After a rollback the setting may have gone back: ask again next time."""
        self._tenant = None


Connection = TenantConnection
"""What the rest of the chassis calls a connection (asyncpg's pool hands out proxies that behave like it)."""


class Database:
    """A service's database, opened and closed with the process."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, *, name: str, connections: int = 10) -> AsyncIterator[Self]:
        """Open the pool; close it at the end.

        Raises: OSError or asyncpg.PostgresError when the database cannot be reached.
        """
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            connection_class=TenantConnection,
            init=_prepare,
            reset=_reset,
            timeout=10,
            command_timeout=30,
            server_settings={
                "application_name": name,
                "statement_timeout": "30000",
                "lock_timeout": "5000",
                "idle_in_transaction_session_timeout": "60000",
            },
        )
        try:
            yield cls(pool)
        finally:
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def connection(self, tenant: UUID | None) -> AsyncIterator[Connection]:
        """A connection serving one organisation (None: the platform itself)."""
        # Waiting with a deadline makes a task; with a free connection there is nothing to wait for.
        deadline = None if self._pool.get_idle_size() else _ACQUIRE_SECONDS
        async with self._pool.acquire(timeout=deadline) as connection:
            await connection.serve(tenant)  # type: ignore[attr-defined]
            yield connection  # type: ignore[misc]

    async def fetch(self, tenant: UUID | None, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of one statement outside any transaction."""
        async with self.connection(tenant) as connection:
            return await connection.fetch(sql, *values)

    async def fetchrow(self, tenant: UUID | None, sql: str, *values: Any) -> asyncpg.Record | None:
        """First row of one statement outside any transaction."""
        async with self.connection(tenant) as connection:
            return await connection.fetchrow(sql, *values)

    async def execute(self, tenant: UUID | None, sql: str, *values: Any) -> str:
        """Run one statement outside any transaction; returns PostgreSQL's command tag."""
        async with self.connection(tenant) as connection:
            return await connection.execute(sql, *values)


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb)


def _to_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, default=str)  # one byte for the version of the binary format; str: asyncpg's UUID


def _from_jsonb(data: bytes) -> Any:
    return orjson.loads(data[1:])


async def _reset(connection: Any) -> None:
    # The pool's own reset costs a round trip each time and would forget the tenant; an open transaction is all we fear.
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
        connection.forget_tenant()
