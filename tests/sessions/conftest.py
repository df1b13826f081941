"""What tests of sessions share: people who work in Berlin unless told otherwise, in a program that runs for half a year."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import MatchConfirmed, ProgramLaunched
from peerloom_service.identifiers import new_id
from sessions_service.main import service
from tests.support import (
    RunningService,
    Surroundings,
    a_match_confirmed,
    a_participant_registered,
    a_program_launched,
    eventually,
)

Feed = Callable[..., Awaitable[Any]]
Meet = Callable[..., Awaitable[dict[str, Any]]]


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def client(sessions: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return sessions.client(tenant)


@pytest.fixture(scope="session")
async def with_test_clocks(surroundings: Surroundings, sessions: RunningService) -> AsyncIterator[RunningService]:
    """The API once more on the same database, with test clocks on."""
    settings = sessions.settings.model_copy(update={"test_clocks": True})
    async with surroundings.serving(service, settings, worker=False) as running:
        yield running


@pytest.fixture
def clock(with_test_clocks: RunningService, tenant: UUID) -> Callable[[str], Awaitable[None]]:
    """`await clock(moment)`: it is that time for the test's organisation."""

    async def clock(moment: str) -> None:
        answer = await with_test_clocks.client(tenant).put("/v1/test-clock", json={"now": moment})
        assert answer.status_code == 200, answer.text

    return clock


@pytest.fixture
async def program(feed: Feed) -> ProgramLaunched:
    program = a_program_launched(starts_on=today() - timedelta(days=30), ends_on=today() + timedelta(days=180))
    await feed(program)
    return program


@pytest.fixture
def person(feed: Feed) -> Callable[..., Awaitable[UUID]]:
    """`await person(time_zone=…)`: somebody profile has registered."""

    async def person(**facts: Any) -> UUID:
        id_ = new_id()
        await feed(a_participant_registered(id_, **facts))
        return id_

    return person


@pytest.fixture
def confirmed(feed: Feed, program: ProgramLaunched) -> Callable[..., Awaitable[MatchConfirmed]]:
    """`await confirmed(ada, grace)`: they said yes to each other."""

    async def confirmed(*people: UUID) -> MatchConfirmed:
        match = a_match_confirmed(people, program.program_id)
        await feed(match)
        return match

    return confirmed


@pytest.fixture
def session_of(client: httpx.AsyncClient) -> Meet:
    """`await session_of(match)`: a match's first session, once it has one."""

    async def session_of(match: MatchConfirmed) -> dict[str, Any]:
        async def scheduled() -> list[dict[str, Any]]:
            answer = await client.get("/v1/sessions", params={"match_id": str(match.match_id)})
            assert answer.status_code == 200, answer.text
            items: list[dict[str, Any]] = answer.json()["items"]
            return items

        (session,) = await eventually(scheduled, within=20, what="a session")
        return session

    return session_of


@pytest.fixture
async def session(person: Any, confirmed: Any, session_of: Meet) -> dict[str, Any]:
    """A scheduled session of two people, as the API shows it."""
    return await session_of(await confirmed(await person(), await person()))
