"""Fixtures of every test that needs real parts. They start when the first such test asks for them, once for the session."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import HealthCheck, settings

from peerloom_dev.stack import SERVICES
from peerloom_events import Envelope
from peerloom_service.identifiers import new_id
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service
from tests.support import parts
from tests.support.issuer import Issuer
from tests.support.log import EventLog
from tests.support.services import RunningService, Surroundings
from tests.support.threads import in_a_thread

_REAL_KAFKA = "real_kafka: needs Apache Kafka (its durability, admin or failures); skipped on the embedded broker"
_BREAKS_KAFKA = "breaks_kafka: needs an Apache Kafka of its own to break; skipped where only given or embedded brokers are"


# How fast values are made says something about the machine, not about what is tested.
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _REAL_KAFKA)
    config.addinivalue_line("markers", _BREAKS_KAFKA)
    # Services log as they do in production; pytest shows it where a test fails.
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # some fifty lines a second while a broker is down


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests without real parts go first: they are quick, and no service waits, unserved, for a long computation to end."""
    items.sort(key=_needs_parts)
    for item in items:
        if item.get_closest_marker("real_kafka") and not parts.choice().kafka_is_real:
            item.add_marker(pytest.mark.skip(reason=f"needs Apache Kafka; this run has {parts.choice()}"))
        elif item.get_closest_marker("breaks_kafka") and not parts.choice().breakable:
            item.add_marker(pytest.mark.skip(reason=f"breaks a Kafka of its own; this run has {parts.choice()}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if parts.choice.cache_info().currsize:
        terminalreporter.write_line(f"real parts: {parts.choice()}")


def _needs_parts(item: pytest.Item) -> bool:
    return "surroundings" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
async def surroundings() -> AsyncIterator[Surroundings]:
    """PostgreSQL, Kafka, an issuer and the event log."""
    async with AsyncExitStack() as stack:
        postgres, kafka, issuer = await asyncio.gather(
            stack.enter_async_context(in_a_thread(parts.postgres)),
            stack.enter_async_context(in_a_thread(parts.kafka)),
            stack.enter_async_context(Issuer.running()),
        )
        real = parts.choice().kafka_is_real
        log = await stack.enter_async_context(EventLog.opened(kafka, idempotent=real))
        yield Surroundings(postgres, kafka, real, issuer, log, stack)


@pytest.fixture(scope="session")
def issuer(surroundings: Surroundings) -> Issuer:
    """Signs tokens the services accept, and any others."""
    return surroundings.issuer


@pytest.fixture(scope="session")
def event_log(surroundings: Surroundings) -> EventLog:
    """The event log as another service sees it."""
    return surroundings.log


@pytest.fixture
def tenant() -> UUID:
    """An organisation nobody else uses: tests share a database and never see each other's rows."""
    return new_id()


@pytest.fixture
def feed(event_log: EventLog, tenant: UUID) -> Callable[..., Awaitable[list[Envelope]]]:
    """`await feed(event, …)`: the test's organisation has these events, said by the services that own them."""

    async def feed(*events: Any, tenant: UUID = tenant, **attributes: str) -> list[Envelope]:
        return await event_log.feed(*events, tenant=tenant, **attributes)

    return feed


@pytest.fixture
def heard(event_log: EventLog, tenant: UUID) -> Callable[..., Awaitable[list[Any]]]:
    """`await heard(EventType, 2)`: the test's organisation's events of that type, once there are two."""

    async def heard(kind: type[Any], count: int = 1, *, tenant: UUID = tenant, within: float = 15.0) -> list[Any]:
        return await event_log.heard(kind, tenant, count, within=within)

    return heard


def _service(manifest: Manifest) -> Any:
    @pytest.fixture(scope="session", name=manifest.name)
    async def running(surroundings: Surroundings) -> AsyncIterator[RunningService]:
        service: Service = importlib.import_module(f"{manifest.module}.main").service
        async with surroundings.running(service) as it:
            yield it

    running.__doc__ = f"The {manifest.name} service, API and worker, served over HTTP with a database of its own."
    return running


# One for each service, under its name: `profile`, `matching`, …
globals().update({one.name: _service(one) for one in SERVICES})
