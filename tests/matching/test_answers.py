"""What people answer to a proposal, and what becomes of it."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import (
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchExpired,
    MatchProposed,
    ProgramLaunched,
)
from peerloom_service.identifiers import new_id
from tests.matching.programs import enrol, over, requested
from tests.support import RunningService, a_program_launched


async def proposals(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, people: int = 2) -> list[dict[str, Any]]:
    """What a first run proposes to so many people."""
    await enrol(client, feed, program, people)
    run = await over(client, await requested(client, program))
    assert run["state"] == "completed", run["problem"]
    items: list[dict[str, Any]] = (await client.get("/v1/matches", params={"run_id": run["id"]})).json()["items"]
    return items


async def say(client: httpx.AsyncClient, match: dict[str, Any], person: UUID | str, answer: str) -> httpx.Response:
    return await client.post(f"/v1/matches/{match['id']}/answers", json={"participant_id": str(person), "answer": answer})


async def state_of(client: httpx.AsyncClient, match: dict[str, Any]) -> str:
    return str((await client.get(f"/v1/matches/{match['id']}")).json()["state"])


async def pool(client: httpx.AsyncClient, program: ProgramLaunched) -> tuple[int, int, int]:
    """How many people of a program are free, proposed to somebody, and in a match."""
    answer = (await client.get(f"/v1/match-pools/{program.program_id}")).json()
    return answer["free"], answer["proposed"], answer["confirmed"]


async def test_a_match_is_confirmed_by_the_last_yes(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    one, other = match["participant_ids"]

    first = await say(client, match, one, "accept")
    last = await say(client, match, other, "accept")

    assert (first.json()["state"], last.json()["state"]) == ("proposed", "confirmed")
    assert await pool(client, program) == (0, 0, 2)
    (confirmed,) = await heard(MatchConfirmed)
    assert sorted(map(str, confirmed.participant_ids)) == sorted([one, other])
    assert [str(event.participant_id) for event in await heard(MatchAccepted, 2)] == [one, other]


async def test_one_no_ends_a_proposal_and_the_two_are_never_proposed_to_each_other_again(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    one, other = match["participant_ids"]
    await say(client, match, one, "accept")

    declined = await say(client, match, other, "decline")

    assert (declined.json()["state"], declined.json()["declined_id"]) == ("declined", other)
    (event,) = await heard(MatchDeclined)
    assert str(event.participant_id) == other
    assert await pool(client, program) == (2, 0, 0)
    again = await over(client, await requested(client, program))
    assert (again["state"], again["pairs"], again["unmatched"]) == ("completed", 0, 2)
    left = (await client.get(f"/v1/match-runs/{again['id']}/unmatched")).json()["items"]
    assert {(one["why"], *one["removed"]) for one in left} == {("no_feasible_partner", "excluded")}


async def test_who_said_yes_may_still_say_no_while_the_other_thinks(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    one, _ = match["participant_ids"]
    await say(client, match, one, "accept")

    assert (await say(client, match, one, "decline")).json()["state"] == "declined"


async def test_saying_yes_twice_is_saying_it_once(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    one, other = match["participant_ids"]

    for _ in range(2):
        assert (await say(client, match, one, "accept")).json()["accepted_ids"] == [one]
    await say(client, match, other, "accept")

    await heard(MatchConfirmed)
    assert len(await heard(MatchAccepted, 2)) == 2


async def test_an_answer_that_is_not_theirs_or_comes_after_the_end_is_refused(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    one, other = match["participant_ids"]

    strangers = await say(client, match, new_id(), "accept")
    nonsense = await say(client, match, one, "perhaps")
    await say(client, match, one, "decline")
    late = await say(client, match, other, "accept")

    assert (strangers.status_code, nonsense.status_code, late.status_code) == (403, 422, 409)
    assert "declined" in late.json()["detail"]
    assert (await say(client, {"id": new_id()}, one, "accept")).status_code == 404


async def test_who_never_answers_is_free_again_when_time_is_up(client: httpx.AsyncClient, feed: Any, heard: Any) -> None:
    program = a_program_launched(answer_within_seconds=1)
    await feed(program)
    (match,) = await proposals(client, feed, program)
    one, _ = match["participant_ids"]

    (expired,) = await heard(MatchExpired)

    assert (str(expired.match_id), await state_of(client, match)) == (match["id"], "expired")
    assert await pool(client, program) == (2, 0, 0)
    late = await say(client, match, one, "accept")
    assert late.status_code == 409


async def test_a_proposal_that_cannot_be_ended_does_not_keep_others_open(
    client: httpx.AsyncClient, matching: RunningService, feed: Any, heard: Any
) -> None:
    program = a_program_launched(answer_within_seconds=600)
    await feed(program)
    spoilt, sound = await proposals(client, feed, program, 4)
    unreadable = """UPDATE match SET reasons = '[{"no": "reason"}]', answer_by = now() - interval '2 days' WHERE id = $1"""
    await matching.rows(unreadable, UUID(spoilt["id"]))

    await matching.rows("UPDATE match SET answer_by = now() - interval '1 day' WHERE id = $1", UUID(sound["id"]))

    (expired,) = await heard(MatchExpired)
    assert str(expired.match_id) == sound["id"]
    still_open = "SELECT state FROM match WHERE id = $1"
    assert await matching.value(still_open, UUID(spoilt["id"])) == "proposed"
    await matching.rows("UPDATE match SET state = 'declined' WHERE id = $1", UUID(spoilt["id"]))


async def test_answers_of_the_same_moment_are_both_counted(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    matches = await proposals(client, feed, program, 40)

    said = await asyncio.gather(
        *(say(client, match, person, "accept") for match in matches for person in match["participant_ids"])
    )

    assert {answer.status_code for answer in said} == {200}
    assert len({event.match_id for event in await heard(MatchConfirmed, 20)}) == 20
    assert await pool(client, program) == (0, 0, 40)
    assert len(await heard(MatchConfirmed, 20)) == 20


async def test_a_yes_and_a_no_of_the_same_moment_leave_one_outcome(
    client: httpx.AsyncClient, matching: RunningService, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    matches = await proposals(client, feed, program, 40)
    for match in matches:
        await say(client, match, match["participant_ids"][0], "accept")

    await asyncio.gather(
        *(
            say(client, match, person, answer)
            for match in matches
            for person, answer in zip(match["participant_ids"], ("decline", "accept"), strict=True)
        )
    )

    states = [await state_of(client, match) for match in matches]
    assert set(states) <= {"confirmed", "declined"}
    await matching.settled()
    outcomes = [event.match_id for kind in (MatchConfirmed, MatchDeclined) for event in await heard(kind, 0)]
    assert sorted(map(str, outcomes)) == sorted(match["id"] for match in matches), "one outcome for each proposal"
    assert await pool(client, program) == (2 * states.count("declined"), 0, 2 * states.count("confirmed"))


async def test_a_second_round_matches_those_left_and_nobody_with_the_same_person(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    matches = await proposals(client, feed, program, 16)
    for match in matches[:5]:
        await say(client, match, match["participant_ids"][0], "decline")

    again = await over(client, await requested(client, program))

    assert (again["people"], again["pairs"]) == (10, 5), "only those of the five that were declined"
    pairs = [frozenset(event.participant_ids) for event in await heard(MatchProposed, 13)]
    assert len(set(pairs)) == len(pairs) == 13


@pytest.mark.parametrize("method", ["get", "answer"])
async def test_a_proposal_of_another_organisation_does_not_exist(
    method: str, client: httpx.AsyncClient, matching: RunningService, feed: Any, program: ProgramLaunched
) -> None:
    (match,) = await proposals(client, feed, program)
    stranger = matching.client(new_id())

    if method == "get":
        answer = await stranger.get(f"/v1/matches/{match['id']}")
    else:
        answer = await say(stranger, match, match["participant_ids"][0], "decline")

    assert answer.status_code == 404
    assert await state_of(client, match) == "proposed"


async def test_proposals_are_listed_by_what_became_of_them(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched
) -> None:
    matches = await proposals(client, feed, program, 8)
    await say(client, matches[0], matches[0]["participant_ids"][0], "decline")

    async def listed(state: str) -> set[str]:
        params = {"program_id": str(program.program_id), "state": state}
        return {match["id"] for match in (await client.get("/v1/matches", params=params)).json()["items"]}

    assert await listed("declined") == {matches[0]["id"]}
    assert await listed("proposed") == {match["id"] for match in matches[1:]}
    assert await listed("confirmed") == await listed("expired") == set()
