"""Runs that are called off, asked for twice, or asked for too early."""

import asyncio
from typing import Any

import httpx

from peerloom_events import MatchProposed, MatchRunFailed, ProgramLaunched
from peerloom_service.identifiers import new_id
from tests.matching.programs import enrol, over, requested
from tests.support import RunningService, eventually

MANY = 2_000


async def works(client: httpx.AsyncClient, run: str, phases: tuple[str, ...] = ("scoring", "matching")) -> None:
    """Return when a worker is at it."""

    async def is_at_it() -> bool:
        now = (await client.get(f"/v1/match-runs/{run}")).json()
        assert now["state"] in {"requested", "running"}, "it was over too soon for this test"
        return now["phase"] in phases

    await eventually(is_at_it, within=60)


async def test_a_run_that_is_called_off_ends_at_once_and_proposes_nothing(
    client: httpx.AsyncClient, matching: RunningService, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, MANY)
    run = await requested(client, program)
    await works(client, run)

    answer = await client.post(f"/v1/match-runs/{run}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await matching.settled(within=60)
    assert [event.reason for event in await heard(MatchRunFailed)] == ["cancelled"]
    assert await heard(MatchProposed, 0) == []
    pool = (await client.get(f"/v1/match-pools/{program.program_id}")).json()
    assert (pool["free"], pool["proposed"]) == (MANY, 0)
    assert (await client.post(f"/v1/match-runs/{run}/cancel")).status_code == 409


async def test_a_program_is_matched_by_one_run_at_a_time(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 6)

    answers = await asyncio.gather(
        *(client.post("/v1/match-runs", json={"program_id": str(program.program_id)}) for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    run = next(answer.json()["id"] for answer in answers if answer.status_code == 202)
    assert (await over(client, run))["state"] == "completed"
    assert (await client.post("/v1/match-runs", json={"program_id": str(program.program_id)})).status_code == 202


async def test_a_program_matching_has_not_heard_of_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/match-runs", json={"program_id": str(new_id())})

    assert answer.status_code == 404
    assert "arrives within a second" in answer.json()["detail"]
