"""A replay solves a run's stored people again: the same bytes, or a sentence about why not."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx

from matching_service.engine import ENGINE_VERSION, MatchedPopulation
from matching_service.run_archive import Part, RunArchive
from peerloom_events import MatchProposed, MatchReplayRequested, OfferedSkill, ProgramLaunched
from tests.matching.programs import certificate, ended, enrol, matched, over, requested
from tests.support import RunningService, a_participant_updated, eventually


async def replayed(client: httpx.AsyncClient, run: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"/v1/match-runs/{run['id']}/replays")
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/match-replays/{answer.json()['id']}"
    return await ended(client, answer.headers["location"])


async def test_a_replay_is_identical_though_people_have_changed_meanwhile(
    client: httpx.AsyncClient, feed: Any, heard: Any, matching: RunningService, program: ProgramLaunched
) -> None:
    people = await enrol(client, feed, program, 10)
    run = await over(client, await requested(client, program))
    await feed(*(a_participant_updated(person, offers=(OfferedSkill(skill="Cooking", level=5),)) for person in people))

    async def changed() -> bool:
        return bool(await matching.value("SELECT count(*) FROM member WHERE id = ANY($1) AND version = 2", people) == 10)

    await eventually(changed)

    replay = await replayed(client, run)

    assert (replay["state"], replay["identical"], replay["remark"], replay["problem"]) == ("completed", True, None, None)
    assert replay["stored_sha256"] == replay["replayed_sha256"] == (await certificate(client, run["id"]))["answer_sha256"]
    assert replay["stored_engine_version"] == replay["engine_version"] == ENGINE_VERSION
    (event,) = await heard(MatchReplayRequested)
    assert (str(event.replay_id), str(event.run_id)) == (replay["id"], run["id"])
    assert len(await heard(MatchProposed, 5)) == 5
    assert (await client.get("/v1/match-replays", params={"run_id": run["id"]})).json()["items"] == [replay]


async def test_a_stored_answer_that_was_changed_is_told_from_the_replayed_one(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    run = await matched(client, feed, program, 6)
    archive = RunArchive(matching.runtime.database, tenant, UUID(run["id"]))
    answer = MatchedPopulation.from_bytes(await archive.read(Part.ANSWER))
    changed = replace(answer, b=answer.b[::-1].copy())
    await archive.keep(Part.ANSWER, changed.to_bytes())

    replay = await replayed(client, run)

    assert (replay["state"], replay["identical"]) == ("completed", False)
    assert "what is stored has been changed" in replay["remark"]
    assert replay["replayed_sha256"] == (await certificate(client, run["id"]))["answer_sha256"] != replay["stored_sha256"]


async def test_an_answer_of_another_engine_version_is_said_to_be_one(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    run = await matched(client, feed, program, 4)
    archive = RunArchive(matching.runtime.database, tenant, UUID(run["id"]))
    answer = MatchedPopulation.from_bytes(await archive.read(Part.ANSWER))
    await archive.keep(Part.ANSWER, replace(answer, engine_version="1.9.0").to_bytes())
    await matching.rows("UPDATE run SET engine_version = '1.9.0' WHERE id = $1", archive.run_id)

    replay = await replayed(client, run)

    assert (replay["identical"], replay["stored_engine_version"], replay["engine_version"]) == (False, "1.9.0", ENGINE_VERSION)
    assert f"from engine 1.9.0, this one from engine {ENGINE_VERSION}" in replay["remark"]


async def test_a_stored_population_that_cannot_be_read_is_a_failed_replay_that_says_so(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, program: ProgramLaunched
) -> None:
    run = await matched(client, feed, program, 4)
    await matching.rows(
        "UPDATE run_piece SET content = '\\x00'::bytea WHERE run_id = $1 AND part = 'population'", UUID(run["id"])
    )

    replay = await replayed(client, run)

    assert (replay["state"], replay["identical"]) == ("failed", None)
    assert "stored population of the run cannot be read" in replay["problem"]


async def test_only_a_completed_run_is_replayed(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched) -> None:
    await enrol(client, feed, program, 1)
    run = await over(client, await requested(client, program))

    answer = await client.post(f"/v1/match-runs/{run['id']}/replays")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:not-completed")
    assert (await client.post(f"/v1/match-runs/{program.program_id}/replays")).status_code == 404


async def test_a_replay_that_is_called_off_stays_so(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched) -> None:
    run = await matched(client, feed, program, 4)
    asked = (await client.post(f"/v1/match-runs/{run['id']}/replays")).json()
    second = await client.post(f"/v1/match-runs/{run['id']}/replays")
    assert (second.status_code, second.json()["type"]) == (409, "urn:peerloom:problem:replay-in-progress")

    cancelled = await client.post(f"/v1/match-replays/{asked['id']}/cancel")

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = await client.post(f"/v1/match-replays/{asked['id']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:peerloom:problem:replay-over")
    assert (await replayed(client, run))["identical"] is True
    assert (await ended(client, f"/v1/match-replays/{asked['id']}"))["state"] == "cancelled"
