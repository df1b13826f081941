"""Services under test: each with a database of its own, migrated by its own command, and served over real HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from peerloom_dev import databases, embedded
from peerloom_service.publishing.topics import ensure_topics
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings
from peerloom_service.use_cases.runtime import Runtime
from tests.support.issuer import Issuer
from tests.support.log import EventLog
from tests.support.processes import environment_of, run
from tests.support.serving import served
from tests.support.waiting import eventually

READY_SECONDS = 30.0
_TLS = ssl.create_default_context()  # making one takes a client longer than its requests; addresses are http:// anyway


@dataclass
class Surroundings:
    """What all services stand on: PostgreSQL (its administrator's address), Kafka, an issuer, the event log."""

    postgres: str
    kafka: str
    kafka_is_real: bool
    issuer: Issuer
    log: EventLog
    _stack: AsyncExitStack
    _templates: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def database(self, name: str, template: str | None = None) -> AsyncIterator[str]:
        """A new database with its own role (no superuser, no BYPASSRLS), as the role's address; dropped at the end. It is
        empty, or a copy of the `template` database and then owned by the template's role.
        """
        address = databases.owner_address(self.postgres, f"{name}_{uuid4().hex[:8]}")
        if template is None:
            await asyncio.to_thread(databases.create, self.postgres, [address])
        else:
            parts, new = urlsplit(template), urlsplit(address).path
            await self.administer(f'CREATE DATABASE "{new[1:]}" TEMPLATE "{parts.path[1:]}" OWNER "{parts.username}"')
            address = urlunsplit(parts._replace(path=new))
        try:
            yield address
        finally:
            if template is None:
                await asyncio.to_thread(databases.drop, self.postgres, [address])
            else:
                await self.administer(f'DROP DATABASE "{urlsplit(address).path[1:]}" WITH (FORCE)')

    async def administer(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Run a statement as PostgreSQL's administrator."""
        connection = await asyncpg.connect(self.postgres)
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    def settings(self, service: Service, database: str, **changed: Any) -> ServiceSettings:
        """What a process of the service is told."""
        told: dict[str, Any] = {
            "environment": "local",
            "database_url": database,
            "kafka_bootstrap": self.kafka,
            "kafka_idempotent": self.kafka_is_real,
            "kafka_session_ms": 45_000 if self.kafka_is_real else embedded.BROKER_SESSION_MS,
            "auth_issuer": self.issuer.url,
            **changed,
        }
        return service.settings(**told)

    @asynccontextmanager
    async def migrated(self, service: Service, **changed: Any) -> AsyncIterator[ServiceSettings]:
        """Settings with a database the service's own `migrate` has been run on: once for all that need one, each then gets
        a copy.
        """
        package = package_of(service)
        if package not in self._templates:
            template = await self._stack.enter_async_context(self.database(service.name))
            await self.migrate(service, self.settings(service, template))
            self._templates[package] = template
        async with self.database(service.name, self._templates[package]) as database:
            settings = self.settings(service, database, **changed)
            await ensure_topics(settings.kafka_bootstrap, service.topics(), replication=1)
            yield settings

    async def migrate(self, service: Service, settings: ServiceSettings) -> None:
        """Run the service's own `migrate`."""
        code, output = await run(package_of(service), "migrate", environment=environment_of(settings))
        assert code == 0, f"{service.name} could not be migrated:\n{output}"

    @asynccontextmanager
    async def running(self, service: Service, *, worker: bool = True, **changed: Any) -> AsyncIterator[RunningService]:
        """The service with a database of its own, serving HTTP, and with its worker going unless told otherwise.

        It hears what is said from now on: the tests before have left tens of thousands of events that are not its own.
        """
        async with self.migrated(service, **changed) as settings:
            topics = {kind.topic.name for kind in service.subscribes}
            if worker and topics:
                await self.log.start_at_the_end(service.name, topics)
            async with self.serving(service, settings, worker=worker) as running:
                yield running

    @asynccontextmanager
    async def serving(
        self, service: Service, settings: ServiceSettings, *, worker: bool = True
    ) -> AsyncIterator[RunningService]:
        """The same on settings, and so a database, that are there already: another process of the same service."""
        app = service.app(settings, worker=worker)
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(served(app))
            running = RunningService(service, settings, app, url, self.issuer, self.log)
            stack.push_async_callback(running.close)
            await running.ready()
            yield running


@dataclass
class RunningService:
    """A service that serves HTTP at `url` in this process."""

    service: Service
    settings: ServiceSettings
    app: FastAPI
    url: str
    issuer: Issuer
    log: EventLog
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def runtime(self) -> Runtime:
        """What the process holds: for looking inside, and for breaking it."""
        runtime: Runtime = self.app.state.runtime
        return runtime

    def client(self, tenant: UUID | None, scopes: Iterable[str] | None = None, **claims: Any) -> httpx.AsyncClient:
        """An HTTP client with an access token of an organisation (None: an operator) and these scopes (default: all the
        service's routes name). Each POST gets a new Idempotency-Key unless it brings its own.
        """
        token = self.issuer.token(tenant, self.scopes() if scopes is None else scopes, **claims)
        return self.client_with(f"Bearer {token}")

    def client_with(self, authorization: str | None) -> httpx.AsyncClient:
        """The same with any Authorization header, or none."""
        client = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": authorization} if authorization else {},
            event_hooks={"request": [_give_idempotency_key]},
            timeout=30,
            verify=_TLS,
        )
        self._clients.append(client)
        return client

    def scopes(self) -> list[str]:
        """Every scope a route of the service asks for."""
        return sorted({scope for _, _, operation in self.operations() for scope in _scopes_of(operation)})

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Method, path and OpenAPI description of every route."""
        return [
            (method.upper(), path, operation)
            for path, methods in self.app.openapi()["paths"].items()
            for method, operation in methods.items()
        ]

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """What the service's database holds, of every organisation."""
        return await self.runtime.database.fetch(None, sql, *values)

    async def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row."""
        row = await self.runtime.database.fetchrow(None, sql, *values)
        return None if row is None else row[0]

    async def settled(self, within: float = 20.0) -> None:
        """Return when the service has handled every event it hears, and its own are all published and heard: what has not
        happened by then will not happen.

        Raises: AssertionError when that takes longer than `within` seconds.
        """
        groups = {self.service.name: self.service.subscribes, f"{self.service.name}.tasks": self.service.tasks}

        async def nothing_waits() -> None:
            waiting = await self.value("SELECT count(*) FROM outbox")
            assert waiting == 0, f"{self.service.name} has not published {waiting} event(s)"

        async def nothing_left() -> bool:
            await nothing_waits()  # before: what is published by now is heard below
            await self.log.heard_all()
            for group, kinds in groups.items():
                left = await self.log.lag(group, {kind.topic.name for kind in kinds}) if kinds else 0
                assert left == 0, f"{group} has not handled {left} record(s)"
            await nothing_waits()  # after: what handling them has said is published too
            return True

        await eventually(nothing_left, within=within, every=0.1)

    async def ready(self, within: float = READY_SECONDS) -> None:
        """Return when /health/ready says so."""

        async def says_ready() -> bool:
            answer = await client.get("/health/ready")
            assert answer.status_code == 200, f"{self.service.name}: {answer.text}"
            return True

        client = self.client_with(None)
        await eventually(says_ready, within=within, every=0.05)

    async def close(self) -> None:
        """Close the clients given out."""
        for client in self._clients:
            await client.aclose()


def package_of(service: Service) -> str:
    """The package `python -m` runs: the one its migrations lie in."""
    return service.migrations.parent.name


def _scopes_of(operation: dict[str, Any]) -> list[str]:
    return [scope for way in operation.get("security", ()) for scopes in way.values() for scope in scopes]


async def _give_idempotency_key(request: httpx.Request) -> None:
    if request.method == "POST" and "idempotency-key" not in request.headers:
        request.headers["Idempotency-Key"] = uuid4().hex
