"""The ledger, running: inside the tests, and as processes that can be killed."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from belongings import Belongings
from ledger_service.main import ledger as make_ledger
from ledgers import Ledger

from tests.support import EventLog, RunningService, Surroundings, parts
from tests.support.threads import in_a_thread


@pytest.fixture(scope="session", autouse=True)
def _ledger_can_be_run() -> Iterator[None]:
    """`python -m ledger_service` is found by the processes the tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
async def ledger(surroundings: Surroundings) -> AsyncIterator[RunningService]:
    """One ledger for all tests that leave it as they found it."""
    async with surroundings.running(make_ledger()) as running:
        yield running


@pytest.fixture(scope="module")
async def acme(profile: RunningService) -> Belongings:
    """An organisation in profile."""
    return await Belongings.of(profile, "acme")


@pytest.fixture(scope="module")
async def umbrella(profile: RunningService) -> Belongings:
    """Another one."""
    return await Belongings.of(profile, "umbrella")


@pytest.fixture
async def own_ledger(surroundings: Surroundings, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger of the test's own, for tests that break it."""
    async with Ledger.made(surroundings, tmp_path / "ledger.log") as ledger:
        yield ledger


@dataclass
class Breakable:
    """Surroundings with an Apache Kafka of their own. A test mends what it broke."""

    surroundings: Surroundings
    broker: parts.Broker

    @property
    def log(self) -> EventLog:
        return self.surroundings.log


@pytest.fixture(scope="session")
async def breakable(surroundings: Surroundings) -> AsyncIterator[Breakable]:
    """One for all tests that break it."""
    async with (
        in_a_thread(parts.breakable_kafka) as broker,
        EventLog.opened(broker.bootstrap, idempotent=True) as log,
    ):
        yield Breakable(replace(surroundings, kafka=broker.bootstrap, kafka_is_real=True, log=log), broker)
