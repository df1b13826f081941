"""A run of the service: from enrolled people to proposals, with progress everybody can follow."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import (
    MatchProposed,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    OfferedSkill,
    ProgramLaunched,
    SoughtSkill,
)
from peerloom_service.identifiers import new_id
from tests.support import RunningService, a_participant_registered, a_program_launched, eventually
from tests.support.facts import a_participant_enrolled

SKILLS = ("Python", "Public speaking", "Law", "Sales")


@pytest.fixture
def client(matching: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return matching.client(tenant)


@pytest.fixture
async def program(feed: Any) -> ProgramLaunched:
    launched = a_program_launched()
    await feed(launched)
    return launched


async def enrol(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, people: int) -> list[UUID]:
    """People who each offer one skill and seek the next, in the program and known to matching."""
    ids = [new_id() for _ in range(people)]
    for number, person in enumerate(ids):
        offers = OfferedSkill(skill=SKILLS[number % 4], level=4)
        seeks = SoughtSkill(skill=SKILLS[(number + 2) % 4], level=1)
        await feed(a_participant_registered(person, offers=(offers,), seeks=(seeks,)))
        await feed(a_participant_enrolled(person, program.program_id))

    async def known() -> bool:
        answer = await client.get(f"/v1/match-pools/{program.program_id}")
        return answer.status_code == 200 and answer.json()["free"] == people

    await eventually(known)
    return ids


async def requested(client: httpx.AsyncClient, program: ProgramLaunched) -> str:
    answer = await client.post("/v1/match-runs", json={"program_id": str(program.program_id), "seed": 7})
    assert answer.status_code in {201, 202}, answer.text
    return str(answer.json()["id"])


async def over(client: httpx.AsyncClient, run: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def ended() -> bool:
        seen.update((await client.get(f"/v1/match-runs/{run}")).json())
        return seen["state"] not in {"requested", "running"}

    await eventually(ended, within=120)
    return seen


async def test_a_run_proposes_everybody_and_tells_how_far_it_is_and_how_good(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    people = await enrol(client, feed, program, 12)

    run = await over(client, await requested(client, program))

    assert (run["state"], run["people"], run["pairs"], run["unmatched"]) == ("completed", 12, 6, 0)
    assert run["value"] <= run["upper_bound"]
    assert run["gap"] == pytest.approx(1 - run["value"] / run["upper_bound"])
    proposed = await heard(MatchProposed, 6)
    assert sorted(person for match in proposed for person in match.participant_ids) == sorted(people)
    (completed,) = await heard(MatchRunCompleted)
    assert (completed.pairs, completed.upper_bound) == (6, run["upper_bound"])
    progressed = await heard(MatchRunProgressed, 4)
    assert list(dict.fromkeys(news.phase for news in progressed)) == ["scoring", "matching", "explaining", "checking"]
    assert all(0 <= news.share <= 1 for news in progressed)
    assert [news.version for news in progressed] == sorted({news.version for news in progressed})


async def test_the_gap_is_told_while_a_run_is_being_checked(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 6)

    run = await over(client, await requested(client, program))

    checking = [news for news in await heard(MatchRunProgressed, 4) if news.phase == "checking"]
    assert [news.gap for news in checking] == [pytest.approx(run["gap"])]


async def test_one_person_alone_is_a_failed_run_that_says_why(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 1)

    run = await over(client, await requested(client, program))

    assert run["state"] == "failed"
    assert "it takes two" in run["problem"]
    (failed,) = await heard(MatchRunFailed)
    assert failed.reason == run["problem"]
