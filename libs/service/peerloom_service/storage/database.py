"""The service's PostgreSQL: connections that know which organisation they serve.

Row-level security compares each row's `tenant_id` with the setting `peerloom.tenant` of the connection. It is the second
wall: statements name the tenant themselves as well. The setting outlives a transaction and is only sent when it changes, so
a pooler between us and PostgreSQL must pool whole connections (session mode).
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

import asyncpg
import orjson

_CONNECT_SECONDS: Final = 10.0
_WAIT_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 5.0

_IDLE_SECONDS: Final = 5
_INTERVAL_SECONDS: Final = 2
_PROBES: Final = 3
_UNACKNOWLEDGED_MS: Final = 10_000

_NOTICE_WHO_IS_GONE: Final = {
    "tcp_keepalives_idle": str(_IDLE_SECONDS),
    "tcp_keepalives_interval": str(_INTERVAL_SECONDS),
    "tcp_keepalives_count": str(_PROBES),
    "tcp_user_timeout": str(_UNACKNOWLEDGED_MS),
    "client_connection_check_interval": "5000",
}
"""PostgreSQL ends the session of a machine that is gone, and lets go of its locks, after some ten seconds and not two hours."""

EVERY_TENANT = "*"
"""Work of the platform itself (relay, timers, consumers' bookkeeping), not of one organisation."""

_UNKNOWN: Final = object()

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""Errors after which a connection is of no use any more."""

UNFIT = (
    *LOST,
    asyncpg.ReadOnlySQLTransactionError,  # 25006: after a failover it leads to what has become a replica
    asyncpg.InsufficientResourcesError,  # class 53: disk full, out of memory
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresSystemError,  # class 58: its disk fails
    asyncpg.InternalServerError,  # class XX
)
"""Errors after which no connection is given to anybody else: the next one may lead to a database that is well."""

TRANSIENT = (
    *UNFIT,
    asyncpg.InvalidAuthorizationSpecificationError,  # class 28: a password that is being changed
    asyncpg.OperatorInterventionError,  # class 57: shut down, cancelled, timed out
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.UnknownPostgresError,
    TimeoutError,
    OSError,
)
"""Errors of the database as a whole, not of the request or event at hand: trying again later may well work."""


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection  # generic in its type stubs only


class TenantConnection(_Connection):
    """A connection that remembers which organisation it serves."""

    __slots__ = ("_tenant",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant: UUID | object | None = _UNKNOWN

    async def serve(self, tenant: UUID | None) -> None:
        """Serve one organisation from now on; None is the platform itself."""
        if self._tenant != tenant:
            wanted = EVERY_TENANT if tenant is None else str(UUID(int=tenant.int))
            await self.execute(f"SET peerloom.tenant = '{wanted}'")
            self._tenant = tenant

    def forget_tenant(self) -> None:
        """After a rollback the setting may have gone back: ask again next time."""
        self._tenant = _UNKNOWN


Connection = TenantConnection


class Database:
    """A service's database, opened and closed with the process: at most so many connections, each made when it is first needed.

    asyncpg's own pool costs 40 µs and two tasks each time a connection is taken and put back, more than a point read itself.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], most: int) -> None:
        self._connect = connect
        self._most = most
        self._open: set[Connection] = set()
        self._being_made = 0
        self._at_hand: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, *, name: str, connections: int = 10) -> AsyncIterator[Self]:
        """Open it with a first connection; close them all at the end.

        Raises: OSError or asyncpg.PostgresError when the database cannot be reached.
        """
        database = cls(lambda: _connected(url, name), connections)
        try:
            async with database.connection(None):
                pass
            yield database
        finally:
            await database._close()

    def connection(self, tenant: UUID | None) -> "_Lease":
        """A connection serving one organisation (None: the platform itself), as an asynchronous context."""
        return _Lease(self, tenant)

    async def take(self) -> Connection:
        """A connection from those at hand, or else a new one, or else the first that somebody gives back.

        Raises: TimeoutError when none becomes free in time, OSError or asyncpg.PostgresError when none can be made.
        """
        while True:
            while self._at_hand:
                connection = self._at_hand.pop()
                if not connection.is_closed():
                    return connection
                self._drop(connection)
            if len(self._open) + self._being_made < self._most:
                return await self._made()
            passed_on = await self._turn()
            if passed_on is not None:
                return passed_on

    def give_back(self, connection: Connection, *, broken: bool) -> None:
        """Pass a sound connection on to the first who waits, or keep it at hand; drop one that is broken or left in the middle
        of a transaction.

        Where one was cut off the others usually were too, without anybody having noticed yet: all at hand are dropped with it.
        """
        if broken or connection.is_closed():
            lost, self._at_hand = [connection, *self._at_hand], []
            for each in lost:
                self._drop(each)
        elif connection.is_in_transaction():
            self._drop(connection)
        elif not self._pass_on(connection):
            self._at_hand.append(connection)

    async def _made(self) -> Connection:
        self._being_made += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._being_made -= 1
            self._pass_on(None)
            raise
        self._being_made -= 1
        self._open.add(connection)
        return connection

    async def _turn(self) -> Connection | None:
        """Wait for a connection; None: one may be made now."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(turn)
        too_late = loop.call_later(_WAIT_SECONDS, _give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # it came in the very moment of giving up
                connection = turn.result()
                if connection is None:
                    self._pass_on(None)
                else:
                    self.give_back(connection, broken=False)
            raise
        finally:
            too_late.cancel()

    def _drop(self, connection: Connection) -> None:
        connection.terminate()
        self._open.discard(connection)
        self._pass_on(None)

    def _pass_on(self, connection: Connection | None) -> bool:
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
                for connection in [*self._open]:
                    await connection.close()
        except (TimeoutError, *LOST):
            for connection in self._open:
                connection.terminate()

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


async def _connected(url: str, name: str) -> Connection:
    connection: Connection = await asyncpg.connect(
        url,
        connection_class=TenantConnection,
        timeout=_CONNECT_SECONDS,
        command_timeout=30,
        server_settings={
            "application_name": name,
            "statement_timeout": "30000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "30000",
            **_NOTICE_WHO_IS_GONE,
        },
    )
    try:
        notice_who_is_gone(connection)
        await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb)
    except BaseException:
        connection.terminate()
        raise
    return connection


def notice_who_is_gone(connection: Connection) -> None:
    """The same on our side: a database that is gone is noticed where nothing comes back, and not by the next deadline."""
    link: socket.socket | None = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # noqa: SLF001
    if link is None or link.family == socket.AF_UNIX:
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _IDLE_SECONDS),
        ("TCP_KEEPINTVL", _INTERVAL_SECONDS),
        ("TCP_KEEPCNT", _PROBES),
        ("TCP_USER_TIMEOUT", _UNACKNOWLEDGED_MS),
    ):
        if hasattr(socket, name):  # what a developer's system has
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _give_up(turn: "asyncio.Future[Connection | None]") -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection became free in time"))


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
            self._database.give_back(self._connection, broken=isinstance(error, UNFIT))
            raise
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._database.give_back(self._connection, broken=isinstance(error, UNFIT))


def _to_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, default=str)  # one byte for the version of the binary format; str: asyncpg's UUID


def _from_jsonb(data: bytes) -> Any:
    return orjson.loads(data[1:])
