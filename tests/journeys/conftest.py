"""All five services as the processes they are, on a Kafka of their own, and companies that use them."""

import asyncio
import importlib
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO

import asyncpg
import httpx
import pytest
from rich.console import Console

from peerloom_dev.company import Company
from peerloom_dev.credentials import organisation_client, token
from peerloom_dev.demo import Demo
from peerloom_dev.launch import await_ready, start
from peerloom_dev.stack import SERVICES, Stack
from tests.infra.helpers import free_base_port
from tests.support import EventLog, Surroundings, eventually, parts
from tests.support.parts import Broker
from tests.support.threads import in_a_thread

PEOPLE = 160
_SILENCE_MS = "6000"
"""After so much silence a killed member's work goes to another; 45 s unless a service is told otherwise."""


@dataclass
class Platform:
    """The stack, its broker where that can be broken, and its event log."""

    stack: Stack
    broker: Broker | None
    log: EventLog

    def new_company(self) -> Demo:
        """A company that will go the whole way, from its people file to its feedback, once its demo is run."""
        return Demo(self.stack, Console(file=StringIO()), PEOPLE)

    async def newcomer(self) -> httpx.AsyncClient:
        """A client of another organisation, which has nobody yet."""
        stack = self.stack
        credential = await asyncio.to_thread(
            organisation_client, stack.services["profile"], stack.issuer, stack.operator_secret, "Another company"
        )
        bearer = await asyncio.to_thread(token, stack.issuer, credential["client_id"], credential["client_secret"])
        return httpx.AsyncClient(headers={"Authorization": f"Bearer {bearer}"}, timeout=30, trust_env=False)

    async def crash(self, name: str) -> None:
        """End a service at once by SIGKILL, and start it again."""
        self.stack.processes[name].send(signal.SIGKILL)
        service = next(service for service in SERVICES if service.name == name)
        await asyncio.to_thread(start, self.stack, service)
        await asyncio.to_thread(await_ready, self.stack, name, self.stack.services[name])

    async def unsent(self) -> int:
        """How many events wait in the outboxes of all services."""
        waiting = 0
        for address in self.stack.databases.values():
            connection = await asyncpg.connect(address)
            try:
                waiting += await connection.fetchval("SELECT count(*) FROM outbox")
            finally:
                await connection.close()
        return waiting

    async def caught_up(self) -> None:
        """Return when every service has handled all that is in the log now."""

        async def nothing_left() -> bool:
            for one in SERVICES:
                if hears := importlib.import_module(f"{one.module}.main").service.subscribes:
                    behind = await self.log.lag(one.name, {kind.topic.name for kind in hears})
                    assert behind == 0, f"{one.name} has not handled {behind} record(s)"
            return True

        await eventually(nothing_left, within=60, every=0.2)


@contextmanager
def _kafka() -> Iterator[Broker | None]:
    if parts.choice().breakable:
        with parts.breakable_kafka() as broker:
            yield broker
    else:
        yield None  # the stack brings its embedded one


@pytest.fixture(scope="package")
async def platform(surroundings: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """The five services, on the tests' PostgreSQL."""
    directory = tmp_path_factory.mktemp("journeys")
    async with in_a_thread(_kafka) as broker:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PEERLOOM_LOCAL_POSTGRES", surroundings.postgres)
            environment.setenv("PEERLOOM_KAFKA_SESSION_MS", _SILENCE_MS)
            if broker is not None:
                environment.setenv("PEERLOOM_LOCAL_KAFKA", broker.bootstrap)
            stack = await asyncio.to_thread(Stack.up, directory, base_port=free_base_port())
            try:
                async with EventLog.opened(stack.kafka, idempotent=broker is not None) as log:
                    yield Platform(stack, broker, log)
            finally:
                await asyncio.to_thread(Stack.down, directory)


@pytest.fixture(scope="package")
async def done(platform: Platform) -> Demo:
    """A company that has gone the whole way with nothing in it."""
    demo = platform.new_company()
    await demo.run()
    return demo


@pytest.fixture
async def company(platform: Platform, done: Demo) -> AsyncIterator[Company]:
    """Its client."""
    async with Company.client(platform.stack, done.credential) as client:
        yield client
