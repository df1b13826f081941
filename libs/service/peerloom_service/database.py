"""The service's PostgreSQL: a pool whose connections know which organisation they serve.

Row-level security compares each row's `tenant_id` with the setting `peerloom.tenant` of the connection. It is the second
wall: statements name the tenant themselves as well. The setting outlives a transaction and is only sent when it changes, so
a pooler between us and PostgreSQL must pool whole connections (session mode).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

import asyncpg
import orjson

_ACQUIRE_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 5.0

EVERY_TENANT = "*"
"""Work of the platform itself (relay, timers, consumers' bookkeeping), not of one organisation."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""Errors after which a connection is of no use any more."""

TRANSIENT = (
    *LOST,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.DiskFullError,
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
    """A service's database, opened and closed with the process.

    asyncpg's pool makes, counts and replaces connections. Taking one out and putting it back costs it some 40 µs and two tasks,
    more than a point read itself, so connections that are handed back are kept at hand here for whoever comes next.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._taken = 0  # out of the pool: at hand, in use, or being made
        self._at_hand: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

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
            max_inactive_connection_lifetime=0,
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
        database = cls(pool)
        try:
            yield database
        finally:
            await database._close()

    def connection(self, tenant: UUID | None) -> "_Lease":
        """A connection serving one organisation (None: the platform itself), as an asynchronous context."""
        return _Lease(self, tenant)

    async def take(self) -> Any:
        """A connection from those at hand, or else from the pool, or else the first that somebody gives back.

        Raises: TimeoutError when none becomes free in time, OSError or asyncpg.PostgresError when none can be made.
        """
        while True:
            while self._at_hand:
                connection = self._at_hand.pop()
                if not _is_gone(connection):
                    return connection
                await self._drop(connection)
            if self._taken < self._pool.get_max_size():
                return await self._from_pool()
            connection = await self._turn()
            if connection is not None:
                return connection

    async def give_back(self, connection: Any, *, broken: bool) -> None:
        """Hand a sound connection to the first who waits, or keep it at hand; a broken one is dropped.

        Where one was cut off the others usually were too, without anybody having noticed yet: all at hand are dropped with it.
        """
        if broken or _is_gone(connection):
            lost, self._at_hand = [connection, *self._at_hand], []
            for each in lost:
                await self._drop(each)
            return
        if connection.is_in_transaction():
            await _reset(connection)
        if not self._wake(connection):
            self._at_hand.append(connection)

    async def _from_pool(self) -> Any:
        self._taken += 1
        try:
            return await self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        except BaseException:
            self._taken -= 1
            self._wake(None)
            raise

    async def _turn(self) -> Any:
        """Wait for a connection; None: a place in the pool has become free."""
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(_ACQUIRE_SECONDS):
                return await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.result() is not None:
                await self.give_back(turn.result(), broken=False)  # it came in the very moment of giving up
            raise

    async def _drop(self, connection: Any) -> None:
        if not _is_gone(connection):
            connection.terminate()
        await self._pool.release(connection)
        self._taken -= 1
        self._wake(None)

    def _wake(self, connection: Any) -> bool:
        """Whether somebody was waiting for it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self._at_hand:
                    await self._pool.release(self._at_hand.pop())
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

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


def _is_gone(connection: Any) -> bool:
    """Whether it was closed; the pool takes back by itself what the server has cut off, and then the proxy answers nothing."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


class _Lease:
    """A connection for the time of a `async with` block."""

    __slots__ = ("_connection", "_database", "_tenant")

    def __init__(self, database: Database, tenant: UUID | None) -> None:
        self._database = database
        self._tenant = tenant

    async def __aenter__(self) -> Connection:
        self._connection = await self._database.take()
        try:
            await self._connection.serve(self._tenant)
        except BaseException as error:
            await self._database.give_back(self._connection, broken=isinstance(error, LOST))
            raise
        connection: Connection = self._connection
        return connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        await self._database.give_back(self._connection, broken=isinstance(error, LOST))


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
