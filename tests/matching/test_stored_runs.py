"""What a run was given and answered is stored, and only what was stored is believed."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest

from matching_service import run_archive
from matching_service.engine import ENGINE_VERSION, MatchedPopulation, Policy, Population
from matching_service.run_archive import Part, PartWriter, RunArchive, compressed, uncompressed
from matching_service.workers import retention
from peerloom_events import MatchProposed, MatchRunFailed, ProgramLaunched
from tests.matching.programs import certificate, enrol, matched, over, requested
from tests.support import RunningService

Change = Callable[[MatchedPopulation], MatchedPopulation]


def a_weight_raised(answer: MatchedPopulation) -> MatchedPopulation:
    raised = answer.weight.copy()
    raised[0] += 1
    return replace(answer, weight=raised, upper_bound=answer.upper_bound + 1)


def a_person_twice(answer: MatchedPopulation) -> MatchedPopulation:
    b = answer.b.copy()
    b[0] = answer.b[1]
    return replace(answer, b=b)


def a_person_left_out(answer: MatchedPopulation) -> MatchedPopulation:
    columns = {name: getattr(answer, name)[1:] for name in ("a", "b", "weight", "benefit_a", "benefit_b")}
    return replace(answer, **columns)


def a_price_lowered(answer: MatchedPopulation) -> MatchedPopulation:
    """So that less seems to be possible than is."""
    lower = tuple(replace(proof, prices=np.maximum(0, proof.prices - proof.unit)) for proof in answer.proofs)
    return replace(answer, proofs=lower)


def a_bound_lowered(answer: MatchedPopulation) -> MatchedPopulation:
    return replace(answer, upper_bound=answer.value - 1)


def another_seed(answer: MatchedPopulation) -> MatchedPopulation:
    return replace(answer, seed=answer.seed + 1)


def tampered_with(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """From now on answers are changed on their way into the database."""
    kept = PartWriter.add

    async def add(self: PartWriter, piece: bytes) -> None:
        if self.part is Part.ANSWER:
            (piece,) = compressed(change(MatchedPopulation.from_bytes(uncompressed(piece, self.part))).to_bytes())
        await kept(self, piece)

    monkeypatch.setattr(PartWriter, "add", add)


async def refused(client: httpx.AsyncClient, heard: Any, program: ProgramLaunched) -> str:
    """Why a run failed that proposed nobody to anybody."""
    run = await over(client, await requested(client, program))

    assert (run["state"], run["pairs"]) == ("failed", None)
    (failed,) = await heard(MatchRunFailed)
    assert failed.reason == run["problem"]
    assert (await client.get("/v1/matches", params={"run_id": run["id"]})).json()["items"] == []
    assert await heard(MatchProposed, 0) == []
    assert (await client.get(f"/v1/match-runs/{run['id']}/certificate")).status_code == 404
    return str(run["problem"])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (a_weight_raised, "wrong_weight"),
        (a_person_twice, "person_twice"),
        (a_person_left_out, "person_missing"),
        (a_price_lowered, "price_too_low"),
        (a_bound_lowered, "value_above_bound"),
        (another_seed, "another seed"),
    ],
)
async def test_a_stored_answer_that_does_not_hold_is_refused_and_nobody_is_proposed_to_anybody(
    change: Change,
    found: str,
    client: httpx.AsyncClient,
    feed: Any,
    heard: Any,
    program: ProgramLaunched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await enrol(client, feed, program, 8)
    tampered_with(monkeypatch, change)

    problem = await refused(client, heard, program)

    assert "did not pass the check" in problem
    assert found in problem


async def test_a_stored_pair_that_breaks_a_rule_is_refused(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All report to the first: nobody may be paired, and the answer says that the first two are."""
    await enrol(client, feed, program, 4, manager_of_all=0)

    def a_pair_nobody_may_be(answer: MatchedPopulation) -> MatchedPopulation:
        assert len(answer.a) == 0
        one, other = np.array([0], np.int32), np.array([1], np.int32)
        nothing = np.array([0], np.int64)
        return replace(
            answer, a=one, b=other, weight=nothing, benefit_a=nothing, benefit_b=nothing, unmatched=answer.unmatched[2:]
        )

    tampered_with(monkeypatch, a_pair_nobody_may_be)

    assert "rule_broken" in await refused(client, heard, program)


async def test_a_stored_population_that_was_changed_is_refused(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enrol(client, feed, program, 4)
    kept = PartWriter.add

    async def add(self: PartWriter, piece: bytes) -> None:
        await kept(self, piece)
        if self.part is Part.ANSWER:
            stored = await self.archive.read(Part.POPULATION)
            await self.archive.keep(Part.POPULATION, stored[:-1] + bytes([stored[-1] ^ 1]))

    monkeypatch.setattr(PartWriter, "add", add)

    assert "not the one that was stored" in await refused(client, heard, program)


async def test_a_run_that_loses_its_database_while_storing_is_begun_afresh(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had stored by then, half of a part too, does not come back."""
    kept, lost = PartWriter.add, []

    async def add(self: PartWriter, piece: bytes) -> None:
        if self.part not in lost:
            lost.append(self.part)
            for _ in range(3):
                await kept(self, piece)
            raise ConnectionResetError
        await kept(self, piece)

    monkeypatch.setattr(PartWriter, "add", add)

    run = await matched(client, feed, program, 6)

    assert lost == [Part.POLICY, Part.POPULATION, Part.ANSWER]
    assert (await certificate(client, run["id"]))["pairs"] == 3
    assert len(await heard(MatchProposed, 3)) == 3


async def test_a_certificate_tells_what_was_proven_and_from_what(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    run = await matched(client, feed, program, 11)

    proven = await certificate(client, run["id"])

    assert (proven["people"], proven["pairs"], proven["most_people"], proven["matches_checked"]) == (11, 5, 10, 5)
    assert {name: proven[name] for name in ("value", "upper_bound", "gap", "population_hash", "engine_version")} == {
        name: run[name] for name in ("value", "upper_bound", "gap", "population_hash", "engine_version")
    }
    assert (proven["bound"], proven["bound_checked_people"], proven["ended_early"]) == ("deterministic", 11, False)
    assert (proven["seed"], proven["target_gap"], proven["fast"], proven["time_limit_seconds"]) == (7, 1e-3, False, None)
    assert proven["engine_version"] == ENGINE_VERSION
    policy = Policy.model_validate(proven["policy"])
    assert (proven["policy_name"], proven["policy_version"], proven["policy_fingerprint"]) == (
        policy.name,
        policy.version,
        policy.fingerprint,
    )
    archive = RunArchive(matching.runtime.database, tenant, UUID(run["id"]))
    people = Population.from_bytes(await archive.read(Part.POPULATION))
    answer = MatchedPopulation.from_bytes(await archive.read(Part.ANSWER))
    assert people.hash == answer.population_hash == proven["population_hash"]
    assert answer.value == proven["value"]


async def test_a_run_that_is_not_there_or_not_over_has_no_certificate(
    client: httpx.AsyncClient, program: ProgramLaunched, tenant: UUID
) -> None:
    answer = await client.get(f"/v1/match-runs/{tenant}/certificate")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:peerloom:problem:not-found"


async def test_a_part_longer_than_a_piece_is_read_as_it_was_kept(
    matching: RunningService, tenant: UUID, program: ProgramLaunched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_archive, "PIECE_BYTES", 1000)
    archive, content = RunArchive(matching.runtime.database, tenant, program.program_id), bytes(range(256)) * 33
    for kept in (content, content[:2500]):
        await archive.keep(Part.ANSWER, kept)

        assert await archive.read(Part.ANSWER) == kept
        assert await archive.digest(Part.ANSWER) == hashlib.sha256(kept).hexdigest()


async def test_what_was_stored_is_dropped_in_time_and_the_certificate_stays(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, program: ProgramLaunched
) -> None:
    run = await matched(client, feed, program, 4)
    pieces = "SELECT count(*) FROM run_piece WHERE run_id = $1"

    await retention.forget(matching.runtime)
    assert await matching.value(pieces, UUID(run["id"])) == 3
    await matching.rows("UPDATE run SET finished_at = finished_at - interval '366 days' WHERE id = $1", UUID(run["id"]))
    await retention.forget(matching.runtime)

    assert await matching.value(pieces, UUID(run["id"])) == 0
    assert (await certificate(client, run["id"]))["value"] == run["value"]
    answer = await client.post(f"/v1/match-runs/{run['id']}/replays")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:no-longer-stored")
