"""When a run may end: at a gap, with its first certificate, in time, or because somebody wants what there is."""

from typing import Any

import httpx
import pytest

from peerloom_events import MatchRunRequested, ProgramLaunched
from tests.matching.programs import certificate, enrol, matched, over, requested
from tests.support import eventually

MANY = 3_100
"""More than the engine holds all pairs of."""


async def test_the_options_of_a_run_go_with_it(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 6)

    run = await over(client, await requested(client, program, target_gap=0.02, fast=True, time_limit_seconds=60))

    chosen = {"target_gap": 0.02, "fast": True, "time_limit_seconds": 60.0}
    assert {name: run[name] for name in chosen} == chosen
    assert (run["state"], run["stop_requested"], run["ended_early"]) == ("completed", False, False)
    (event,) = await heard(MatchRunRequested)
    assert {name: getattr(event, name) for name in chosen} == chosen
    proven = await certificate(client, run["id"])
    assert {name: proven[name] for name in chosen} == chosen


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("target_gap", -0.001),
        ("target_gap", 1),
        ("target_gap", "small"),
        ("target_gap", "NaN"),
        ("target_gap", None),
        ("fast", "perhaps"),
        ("time_limit_seconds", 0),
        ("time_limit_seconds", -1),
        ("time_limit_seconds", 100_000),
        ("time_limit_seconds", "a while"),
    ],
)
async def test_an_option_that_makes_no_sense_is_refused(
    option: str, value: Any, client: httpx.AsyncClient, program: ProgramLaunched
) -> None:
    answer = await client.post("/v1/match-runs", json={"program_id": str(program.program_id), option: value})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{option}"]


async def test_a_run_without_time_gives_a_whole_and_checked_answer_with_a_wide_gap(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, MANY)

    run = await over(client, await requested(client, program, time_limit_seconds=0.001))

    assert (run["state"], run["ended_early"], run["people"]) == ("completed", True, MANY), run["problem"]
    assert 2 * run["pairs"] + run["unmatched"] == MANY
    assert run["gap"] > 0.1
    proven = await certificate(client, run["id"])
    assert (proven["ended_early"], proven["time_limit_seconds"]) == (True, 0.001)
    answer = await client.post(f"/v1/match-runs/{run['id']}/replays")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:not-reproducible")


async def test_a_run_that_is_stopped_proposes_what_it_has_found(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, MANY)
    id_ = await requested(client, program, target_gap=0)

    async def is_running() -> bool:
        return bool((await client.get(f"/v1/match-runs/{id_}")).json()["state"] == "running")

    await eventually(is_running)
    answer = await client.post(f"/v1/match-runs/{id_}/stop")
    assert (answer.status_code, answer.json()["stop_requested"]) == (200, True)

    run = await over(client, id_)

    assert (run["state"], run["ended_early"], run["time_limit_seconds"]) == ("completed", True, None), run["problem"]
    assert 2 * run["pairs"] + run["unmatched"] == MANY
    assert (await certificate(client, id_))["ended_early"] is True
    proposed = (await client.get("/v1/matches", params={"run_id": id_, "limit": 1})).json()["items"]
    assert bool(proposed) == bool(run["pairs"])


async def test_a_run_that_is_over_cannot_be_stopped(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched) -> None:
    run = await matched(client, feed, program, 2)

    answer = await client.post(f"/v1/match-runs/{run['id']}/stop")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:run-over")
