"""Nobody is in two sessions at once, even where the application's own care is taken away: the database refuses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import MatchConfirmed
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import queries
from sessions_service.domain.people import Participant
from sessions_service.main import service
from tests.sessions.test_first_sessions import OVERLAPS
from tests.support import RunningService, Surroundings, eventually

BOOKERS = 32

Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
SessionOf = Callable[[MatchConfirmed], Awaitable[dict[str, Any]]]


@pytest.fixture
async def apis(surroundings: Surroundings, sessions: RunningService) -> AsyncIterator[list[RunningService]]:
    """Two API processes' worth of connections: the bookers are at it at the same time, not in turns."""
    settings = sessions.settings.model_copy(update={"database_connections": BOOKERS // 2})
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(surroundings.serving(service, settings, worker=False)) for _ in range(2)]


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever books no longer waits for others who book for the same people."""

    async def unlocked(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
        return await queries.people(tx, ids)

    monkeypatch.setattr(queries, "lock_people", unlocked)


@pytest.mark.usefixtures("careless")
async def test_of_32_who_book_a_person_for_the_same_time_at_once_one_gets_it(
    apis: list[RunningService],
    client: httpx.AsyncClient,
    person: Person,
    confirmed: Confirmed,
    sessions: RunningService,
    session: dict[str, Any],
    tenant: UUID,
) -> None:
    """All of them want Asha, who has no common hours with anybody, at times that overlap by some minutes."""
    asha = await person(time_zone="Asia/Kolkata")
    matches = [await confirmed(asha, await person(time_zone="America/Los_Angeles")) for _ in range(BOOKERS)]

    async def all_wait() -> bool:
        waiting = await client.get("/v1/relationships", params={"participant_id": str(asha), "state": "waiting"})
        assert [one["reason"] for one in waiting.json()["items"]] == ["no_common_hours"] * BOOKERS
        return True

    await eventually(all_wait, within=60)
    wanted = datetime.fromisoformat(session["starts_at"])

    answers = await asyncio.gather(
        *(
            apis[turn % 2]
            .client(tenant)
            .post(
                f"/v1/relationships/{match.match_id}/sessions",
                json={"starts_at": (wanted + timedelta(minutes=turn % 4)).isoformat()},
            )
            for turn, match in enumerate(matches)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (BOOKERS - 1)
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {"urn:peerloom:problem:slot-taken"}
    assert await sessions.value(OVERLAPS, tenant) == 0
    assert await sessions.value("SELECT count(*) FROM booking WHERE participant_id = $1", asha) == 1


@pytest.mark.usefixtures("careless")
async def test_of_32_sessions_moved_to_one_time_at_once_one_gets_there_and_the_others_stay(
    apis: list[RunningService],
    person: Person,
    confirmed: Confirmed,
    session_of: SessionOf,
    sessions: RunningService,
    tenant: UUID,
) -> None:
    ada = await person()
    meetings = [await session_of(await confirmed(ada, await person())) for _ in range(BOOKERS)]
    wanted = datetime.fromisoformat(max(one["ends_at"] for one in meetings)) + timedelta(days=1)

    answers = await asyncio.gather(
        *(
            apis[turn % 2].client(tenant).post(f"/v1/sessions/{one['id']}/reschedule", json={"starts_at": wanted.isoformat()})
            for turn, one in enumerate(meetings)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (BOOKERS - 1)
    assert await sessions.value(OVERLAPS, tenant) == 0
    moved = await sessions.rows("SELECT starts_at FROM session WHERE $1 = ANY(participant_ids) AND version > 1", ada)
    assert [row["starts_at"] for row in moved] == [wanted]
