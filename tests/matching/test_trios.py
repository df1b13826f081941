"""An odd number of people in a program that would rather have three meet than leave one behind."""

from typing import Any
from uuid import UUID

import httpx

from matching_service.domain.programs import Program
from peerloom_events import (
    MatchConfirmed,
    MatchDeclined,
    MatchProposed,
    MatchRunCompleted,
    ProgramLaunched,
)
from tests.matching.programs import enrol, over, requested
from tests.support import a_program_launched


async def launched(feed: Any, *, trio_when_odd: bool) -> ProgramLaunched:
    program = a_program_launched(trio_when_odd=trio_when_odd)
    await feed(program)
    return program


async def pool(client: httpx.AsyncClient, program: ProgramLaunched) -> dict[str, int]:
    answer = await client.get(f"/v1/match-pools/{program.program_id}")
    return {name: count for name, count in answer.json().items() if isinstance(count, int)}


async def answered(client: httpx.AsyncClient, match: MatchProposed, person: UUID, answer: str) -> str:
    said = await client.post(f"/v1/matches/{match.match_id}/answers", json={"participant_id": str(person), "answer": answer})
    assert said.status_code == 200, said.text
    return str(said.json()["state"])


async def unmatched(client: httpx.AsyncClient, run: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(f"/v1/match-runs/{run['id']}/unmatched")).json()["items"]
    return items


async def test_with_the_option_an_odd_program_leaves_nobody_and_has_one_match_of_three(
    client: httpx.AsyncClient, feed: Any, heard: Any
) -> None:
    program = await launched(feed, trio_when_odd=True)
    people = await enrol(client, feed, program, 7)

    run = await over(client, await requested(client, program))

    assert run["state"] == "completed", run["problem"]
    assert (run["people"], run["pairs"], run["trios"], run["unmatched"]) == (7, 2, 1, 0)
    assert await unmatched(client, run) == []
    proposed = await heard(MatchProposed, 3)
    assert sorted(len(match.participant_ids) for match in proposed) == [2, 2, 3]
    assert {person for match in proposed for person in match.participant_ids} == set(people)
    (completed,) = await heard(MatchRunCompleted)
    assert (completed.people, completed.pairs, completed.trios, completed.unmatched) == (7, 2, 1, 0)
    assert completed.policy_version == "one-to-one peers, a trio when odd@3"


async def test_without_the_option_one_is_the_odd_one_out(client: httpx.AsyncClient, feed: Any, heard: Any) -> None:
    program = await launched(feed, trio_when_odd=False)
    await enrol(client, feed, program, 7)

    run = await over(client, await requested(client, program))

    assert (run["people"], run["pairs"], run["trios"], run["unmatched"]) == (7, 3, 0, 1)
    assert [one["why"] for one in await unmatched(client, run)] == ["odd_one_out"]
    assert {len(match.participant_ids) for match in await heard(MatchProposed, 3)} == {2}


async def test_three_are_matched_once_all_three_said_yes(client: httpx.AsyncClient, feed: Any, heard: Any) -> None:
    program = await launched(feed, trio_when_odd=True)
    people = await enrol(client, feed, program, 3)
    run = await over(client, await requested(client, program))
    (trio,) = await heard(MatchProposed)

    states = [await answered(client, trio, person, "accept") for person in trio.participant_ids]

    assert set(trio.participant_ids) == set(people)
    assert trio.weight == run["value"] * 2 // 3 <= 1_000_000
    assert {reason.giver_id for reason in trio.reasons if reason.code == "learns_from"} == {people[0], people[2]}
    assert len(set(trio.reasons)) == len(trio.reasons)
    assert states == ["proposed", "proposed", "confirmed"]
    (confirmed,) = await heard(MatchConfirmed)
    assert confirmed.participant_ids == trio.participant_ids
    assert await pool(client, program) == {"enrolled": 3, "free": 0, "proposed": 0, "confirmed": 3}


async def test_when_one_of_three_says_no_all_are_free_and_no_two_of_them_are_proposed_again(
    client: httpx.AsyncClient, feed: Any, heard: Any
) -> None:
    program = await launched(feed, trio_when_odd=True)
    await enrol(client, feed, program, 3)
    await over(client, await requested(client, program))
    (trio,) = await heard(MatchProposed)
    first, second, _ = trio.participant_ids

    await answered(client, trio, first, "accept")
    state = await answered(client, trio, second, "decline")

    assert state == "declined"
    (declined,) = await heard(MatchDeclined)
    assert (declined.participant_id, set(declined.participant_ids)) == (second, set(trio.participant_ids))
    assert await pool(client, program) == {"enrolled": 3, "free": 3, "proposed": 0, "confirmed": 0}
    again = await over(client, await requested(client, program))
    assert (again["state"], again["pairs"], again["trios"]) == ("completed", 0, 0)
    left = await unmatched(client, again)
    assert [(one["why"], one["removed"]) for one in left] == [("no_feasible_partner", {"excluded": 2})] * 3


def test_a_program_says_whether_its_policy_has_trios() -> None:
    usual, odd = (Program("one-to-one", {"trio_when_odd": odd}, 60).policy for odd in (False, True))

    assert (usual.trios, odd.trios) == (False, True)
    assert usual.coverage_first
    assert odd.coverage_first
    assert usual.label != odd.label
