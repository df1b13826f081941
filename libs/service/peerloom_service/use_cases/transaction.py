"""One use case, one transaction: lock, decide, save, publish.

State is written first and the outbox rows last, because only an outbox row inserted under the aggregate's lock gets its place
in the order of that aggregate's changes. A transaction that does nothing but add one new entity needs no BEGIN: it is sent
as one statement together with its events and its idempotency key, which is what makes creating cheap.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from peerloom_events import Envelope, Event, rfc3339
from peerloom_service.context import Cause, IdempotencyKey
from peerloom_service.http.messages import Response
from peerloom_service.identifiers import new_id
from peerloom_service.problems import Conflict, Forbidden, NotFound, PreconditionFailed, Problem, RequestInProgress
from peerloom_service.publishing.outbox import OutboxRows
from peerloom_service.storage.database import LOST, Connection
from peerloom_service.storage.tables import Entity, Storage
from peerloom_service.use_cases.idempotency import CLAIM, PLATFORM, SETTLE

_KEY_CONSTRAINT = "idempotency_key_pkey"

_IN_USE: Final = "The first request with this key has not ended yet. Send it again shortly."

NUMBER: Final = "SELECT pg_current_xact_id_if_assigned()::text"
BECAME: Final = "SELECT pg_xact_status($1::text::xid8)"


class OutcomeUnknown(ConnectionError):
    """The answer to COMMIT was lost. `number` is the transaction's, by which PostgreSQL tells what became of it; empty where it
    had none.
    """

    def __init__(self, number: str) -> None:
        super().__init__("the answer to COMMIT was lost")
        self.number = number
        self.response: Response | None = None
        """What is to be answered where it was committed."""


class KeyTaken(Exception):
    """The idempotency key has been used before; the stored answer decides what happens now."""


class Transaction:
    """Unit of work of one organisation. Not shared between tasks."""

    def __init__(
        self,
        connection: Connection,
        storages: dict[type, Storage[Any]],
        *,
        tenant_id: UUID | None,
        cause: Cause,
        key: IdempotencyKey | None = None,
        begun: bool = False,
        check: Callable[[Any], None] | None = None,
        asked_for: bool = False,
    ) -> None:
        """`check` looks at every entity that is read by its id, and refuses it by raising.

        `asked_for`: somebody waits to be told what became of it.
        """
        self._connection = connection
        self._storages = storages
        self._cause = cause
        self._key = key
        self._begun = begun
        self._check = check
        self._asked_for = asked_for
        self._number = ""
        self._added: list[Any] = []
        self._published: list[Event] = []
        self._published_many: list[tuple[type[Event], Sequence[tuple[UUID, bytes]]]] = []
        self._tenant_id = tenant_id
        self._key_tenant = tenant_id or PLATFORM

    @property
    def tenant_id(self) -> UUID:
        """The organisation this transaction works for.

        Raises: Forbidden for an operator's, which works for none.
        """
        if self._tenant_id is None:
            raise Forbidden("This needs the token of an organisation's client, not an operator's.")
        return self._tenant_id

    @property
    def cause(self) -> Cause:
        """What the transaction happens because of: to be kept with work that is done later."""
        return self._cause

    def act_for(self, tenant_id: UUID) -> None:
        """Work for this organisation from now on: for the use case that founds one.

        Raises: Forbidden where it works for another already.
        """
        if self._tenant_id is not None:
            raise Forbidden("This needs an operator's token, which belongs to no organisation; yours has the claim 'org_id'.")
        self._tenant_id = tenant_id

    # -- reading ------------------------------------------------------------------------------------------------------

    async def get(self, entity: type[Entity], id_: UUID) -> Entity:
        """The entity as it is, unlocked.

        Raises: NotFound (also where it belongs to another organisation).
        """
        storage: Storage[Entity] = self._storages[entity]
        return await self._one(storage, storage.select, id_)

    async def lock(self, entity: type[Entity], id_: UUID) -> Entity:
        """The entity, locked until the end of the transaction.

        Raises: NotFound (also where it belongs to another organisation).
        """
        storage: Storage[Entity] = self._storages[entity]
        return await self._one(storage, storage.select_for_update, id_)

    async def _one(self, storage: Storage[Entity], sql: str, id_: UUID) -> Entity:
        row = await self.fetchrow(sql, self.tenant_id, id_)
        if row is None:
            raise NotFound(f"There is no {storage.table.replace('_', ' ')} {id_} in your organisation.")
        found = storage.load(row)
        if self._check is not None:
            self._check(found)
        return found

    async def find(self, entity: type[Entity], where: str, *values: Any) -> list[Entity]:
        """Entities of this organisation that meet a constant SQL condition; its parameters start at `$2`."""
        storage: Storage[Entity] = self._storages[entity]
        rows = await self.fetch(
            f"SELECT {', '.join(storage.columns)} FROM {storage.table} WHERE tenant_id = $1 AND {where}",
            self.tenant_id,
            *values,
        )
        return [storage.load(row) for row in rows]

    async def now(self) -> datetime:
        """Time of the database's clock at the start of this transaction, in UTC."""
        row = await self.fetchrow("SELECT now()")
        moment: datetime = row[0] if row else datetime.now(UTC)
        return moment

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of a constant statement."""
        await self._begin()
        return await self._connection.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """First row of a constant statement."""
        await self._begin()
        return await self._connection.fetchrow(sql, *values)

    # -- writing ------------------------------------------------------------------------------------------------------

    def add(self, entity: Any) -> None:
        """A new entity, written before the next read or at the end."""
        self._added.append(entity)

    async def save(self, entity: Entity) -> None:
        """Write a changed entity whose `version` its own rule has raised by one.

        Raises: PreconditionFailed when somebody else changed it since it was read.
        """
        storage = self._storages[type(entity)]
        await self._begin()
        with _conflicts_of(storage):
            tag = await self._connection.execute(storage.update, *storage.values(self.tenant_id, entity))
        if tag == "UPDATE 0":
            raise PreconditionFailed(
                f"This {storage.table.replace('_', ' ')} has been changed since you read it. Read it again."
            )

    async def execute(self, sql: str, *values: Any) -> str:
        """Run a constant statement; returns PostgreSQL's command tag."""
        await self._begin()
        return await self._connection.execute(sql, *values)

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a constant statement once for each row of parameters."""
        await self._begin()
        await self._connection.executemany(sql, rows)

    def publish(self, event: Event) -> None:
        """Tell the other services: an outbox row, written after the state and in the same transaction."""
        self._published.append(event)

    def publish_many(self, kind: type[Event], values: Sequence[tuple[UUID, bytes]]) -> None:
        """The same for many events of one type, by aggregate, whose JSON the caller has at hand: making and encoding
        thousands of event objects would cost several times what else is done for them.
        """
        if values:
            self._published_many.append((kind, values))

    # -- the end ------------------------------------------------------------------------------------------------------

    async def commit(self, answer: Response | None = None) -> bool:
        """Make it true, with the answer to replay for its idempotency key. Returns whether events wait in the outbox.

        Raises: KeyTaken, a Conflict of the table, or what PostgreSQL says.
        """
        published = bool(self._published or self._published_many)
        single = not self._begun and len(self._added) == 1 and len(self._published) == 1 and not self._published_many
        if single and (self._key is not None or not self._asked_for):  # a key tells what became of it
            await self._commit_in_one_statement(self._added[0], self._published[0], answer)
            return published
        if not (self._begun or self._added or published or self._key):
            return published
        await self._begin()
        await self.flush()
        if self._key is not None and answer is not None:
            await self._connection.execute(SETTLE, self._key_tenant, self._key.key, answer.status, answer.body, answer.headers)
        if not self._number and self._asked_for:
            self._number = await self._connection.fetchval(NUMBER) or ""
        self._begun = False
        with _outcome(self._number):
            await self._connection.execute("COMMIT")
        return published

    async def flush(self) -> None:
        """Write what was added, then what was published."""
        await self._write_added()
        if self._published or self._published_many:
            rows = OutboxRows()
            for event in self._published:
                rows.add(self._envelope(type(event), event.key), event)
            for kind, values in self._published_many:
                rows.add_many(self._envelope(kind, values[0][0]), kind.topic.name, values)
            self._published.clear()
            self._published_many.clear()
            self._number = await rows.write(self._connection) or self._number

    async def rollback(self) -> None:
        """Forget everything, as after an error."""
        if self._begun:
            self._begun = False
            await self._connection.execute("ROLLBACK")
            self._connection.forget_tenant()

    async def _begin(self) -> None:
        if not self._begun:
            await self._connection.execute("BEGIN")
            self._begun = True
            if self._key is not None:
                await self._claim_key(self._key)
        await self._write_added()

    async def _claim_key(self, key: IdempotencyKey) -> None:
        try:
            tag = await self._connection.execute(CLAIM, self._key_tenant, key.key, key.fingerprint)
        except asyncpg.LockNotAvailableError as error:
            raise RequestInProgress(_IN_USE) from error
        if tag != "INSERT 0 1":
            raise KeyTaken

    async def _write_added(self) -> None:
        while self._added:
            entity = self._added.pop(0)
            storage = self._storages[type(entity)]
            with _conflicts_of(storage):
                await self._connection.execute(storage.insert, *storage.values(self.tenant_id, entity))

    async def _commit_in_one_statement(self, entity: Any, event: Event, answer: Response | None) -> None:
        storage = self._storages[type(entity)]
        rows = OutboxRows()
        rows.add(self._envelope(type(event), event.key), event)
        values = [*rows.single(), *storage.values(self.tenant_id, entity)]
        if self._key is None:
            sql = _create_statement(storage, with_key=False)
        else:
            settled = answer or Response(204, b"", {})
            values += [self._key_tenant, self._key.key, self._key.fingerprint, settled.status, settled.body, settled.headers]
            sql = _create_statement(storage, with_key=True)
        try:
            with _conflicts_of(storage), _outcome(""):
                await self._connection.execute(sql, *values)
        except asyncpg.LockNotAvailableError as error:
            if "idempotency_key" in (getattr(error, "context", None) or ""):
                raise RequestInProgress(_IN_USE) from error
            raise
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == _KEY_CONSTRAINT:
                raise KeyTaken from error
            raise

    def _envelope(self, kind: type[Event], aggregate: UUID) -> Envelope:
        key = str(aggregate)
        return Envelope(
            id=str(new_id()),
            source=f"/{kind.service()}",
            type=kind.type,
            time=rfc3339(datetime.now(UTC)),
            subject=key,
            dataschema=kind.dataschema(),
            partitionkey=key,
            tenantid=str(self.tenant_id),
            correlationid=self._cause.correlation_id,
            causationid=self._cause.causation_id,
            traceparent=self._cause.traceparent,
            actorid=self._cause.actor_id or kind.service(),
            actortype=self._cause.actor_type or "service",
        )


@contextmanager
def _outcome(number: str) -> Iterator[None]:
    """What is sent here takes effect or not; without an answer nobody knows."""
    try:
        yield
    except (*LOST, TimeoutError, OSError) as error:
        raise OutcomeUnknown(number) from error


class _conflicts_of:  # noqa: N801 - reads as the words it is used in
    """Turns a broken constraint of a table into the conflict its model names for it."""

    def __init__(self, storage: Storage[Any]) -> None:
        self._conflicts = storage.conflicts

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            problem: type[Problem] | None = self._conflicts.get(error.constraint_name or "")
            if problem is not None and issubclass(problem, Conflict):
                raise problem from error


def _create_statement(storage: Storage[Any], *, with_key: bool) -> str:
    """One statement for a new entity, its event and its idempotency key.

    The entity's row is taken from the key's: the key is inserted first, so that a repeated request meets its own key and not
    the entity it created the first time.
    """
    made = storage.creating.get(with_key)
    if made is not None:
        return made
    outbox = len(OutboxRows.COLUMNS)
    columns, parameters = storage.insert_values(first=outbox + 1)
    after = outbox + len(storage.columns) + 2
    key = ", ".join(f"${after + offset}" for offset in range(6))
    typed = ", ".join(f"${position}::{kind}" for position, kind in enumerate(OutboxRows.TYPES, start=1))
    published = f"INSERT INTO outbox ({', '.join(OutboxRows.COLUMNS)}) SELECT {typed} FROM state"
    if with_key:
        sql = (
            "WITH key AS (INSERT INTO idempotency_key (tenant_id, key, fingerprint, status, body, headers) "
            f"VALUES ({key}) RETURNING 1), "
            f"state AS (INSERT INTO {storage.table} ({columns}) "
            f"SELECT {_cast(storage, parameters)} FROM key RETURNING 1) {published}"
        )
    else:
        sql = f"WITH state AS (INSERT INTO {storage.table} ({columns}) VALUES ({parameters}) RETURNING 1) {published}"
    storage.creating[with_key] = sql
    return sql


def _cast(storage: Storage[Any], parameters: str) -> str:
    # In `SELECT $1 FROM key` PostgreSQL cannot see which column a parameter is for; the column's own type tells it.
    names = ("tenant_id", *storage.columns)
    return ", ".join(
        f"{parameter}::{storage.types[name]}" for parameter, name in zip(parameters.split(", "), names, strict=True)
    )
