"""A program of juniors and seniors: a senior is in several matches at once, and no one in more than they have seats."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from matching_service import sql
from matching_service.domain.programs import Program
from peerloom_events import MatchExpired, MatchRunCompleted, OfferedSkill, ProgramLaunched, SoughtSkill, options_of
from peerloom_service.identifiers import new_id
from tests.matching.programs import certificate, ended, over, requested
from tests.matching.test_answers import pool, say
from tests.support import RunningService, a_participant_registered, a_program_launched, eventually
from tests.support.facts import a_participant_enrolled


async def launched(feed: Any, seats: int, **changed: Any) -> ProgramLaunched:
    program = a_program_launched(format="junior-senior", junior_up_to_level=4, seats_per_senior=seats, **changed)
    await feed(program)
    return program


async def enrol(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, juniors: int, seniors: int) -> list[UUID]:
    """Juniors first, who all seek what all seniors offer."""
    free = (await pool(client, program))[0] if await known(client, program) else 0
    ids = [new_id() for _ in range(juniors + seniors)]
    for number, person in enumerate(ids):
        junior = number < juniors
        offers = OfferedSkill(skill="Drawing" if junior else "Python", level=3 if junior else 5)
        seeks = SoughtSkill(skill="Python" if junior else "Drawing", level=1)
        level = 2 if junior else 7
        await feed(a_participant_registered(person, offers=(offers,), seeks=(seeks,), employee_level=level))
        await feed(a_participant_enrolled(person, program.program_id))

    async def heard_of() -> bool:
        return await known(client, program) and (await pool(client, program))[0] == free + len(ids)

    await eventually(heard_of)
    return ids


async def known(client: httpx.AsyncClient, program: ProgramLaunched) -> bool:
    return (await client.get(f"/v1/match-pools/{program.program_id}")).status_code == 200


async def proposed(client: httpx.AsyncClient, program: ProgramLaunched) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A completed run, and what it proposes."""
    run = await over(client, await requested(client, program))
    assert run["state"] == "completed", run["problem"]
    items: list[dict[str, Any]] = (await client.get("/v1/matches", params={"run_id": run["id"]})).json()["items"]
    return run, items


async def seats_taken(matching: RunningService, program: ProgramLaunched, person: UUID) -> list[int]:
    held = "SELECT number FROM seat WHERE program_id = $1 AND participant_id = $2 ORDER BY number"
    return [row["number"] for row in await matching.rows(held, program.program_id, person)]


def partners(matches: list[dict[str, Any]]) -> Counter[str]:
    return Counter(person for match in matches for person in match["participant_ids"])


async def test_a_senior_is_proposed_to_as_many_juniors_as_they_have_seats(
    client: httpx.AsyncClient, feed: Any, heard: Any, matching: RunningService
) -> None:
    program = await launched(feed, seats=3)
    *juniors, one, other = await enrol(client, feed, program, juniors=8, seniors=2)

    run, matches = await proposed(client, program)

    assert (run["people"], run["pairs"], run["unmatched"], run["policy"]) == (10, 6, 2, "junior-senior@2")
    assert run["gap"] == 0.0
    counted = partners(matches)
    assert {counted[str(one)], counted[str(other)]} == {3}
    assert sum(counted[str(junior)] for junior in juniors) == 6
    assert await seats_taken(matching, program, one) == [1, 2, 3]
    assert await pool(client, program) == (2, 12, 0)
    (reason,) = (reason for reason in matches[0]["reasons"] if reason["code"] == "junior_and_senior")
    assert (reason["giver_id"] in {str(one), str(other)}, reason["amount"]) == (True, 5)
    left = (await client.get(f"/v1/match-runs/{run['id']}/unmatched")).json()["items"]
    assert [(person["why"], person["partners"]) for person in left] == [("better_pairs_elsewhere", 2)] * 2
    (completed,) = await heard(MatchRunCompleted)
    assert (completed.people, completed.pairs) == (10, 6)


async def test_a_no_gives_back_its_own_seat_and_the_next_run_fills_it_and_no_other(
    client: httpx.AsyncClient, feed: Any, matching: RunningService
) -> None:
    program = await launched(feed, seats=2)
    *_, senior = await enrol(client, feed, program, juniors=3, seniors=1)
    _, first = await proposed(client, program)
    declined, kept = first
    junior = next(person for person in declined["participant_ids"] if person != str(senior))

    for match, answer in ((declined, "decline"), (kept, "accept")):
        assert (await say(client, match, senior, answer)).status_code == 200
    free_after_the_no = await pool(client, program)
    run, second = await proposed(client, program)

    assert free_after_the_no == (3, 2, 0)
    assert (run["people"], run["pairs"]) == (3, 1)
    assert str(senior) in partners(second)
    assert junior not in partners(second)
    assert await seats_taken(matching, program, senior) == [1, 2]


async def test_who_has_no_seat_left_takes_no_part_in_the_next_run(client: httpx.AsyncClient, feed: Any) -> None:
    program = await launched(feed, seats=2)
    await enrol(client, feed, program, juniors=2, seniors=1)
    await proposed(client, program)
    newcomers = await enrol(client, feed, program, juniors=2, seniors=0)

    run, matches = await proposed(client, program)

    assert (run["people"], matches) == (2, [])
    left = (await client.get(f"/v1/match-runs/{run['id']}/unmatched")).json()["items"]
    assert {person["id"] for person in left} == {str(person) for person in newcomers}
    assert [(person["why"], person["removed"]) for person in left] == [("no_feasible_partner", {"same_role": 1})] * 2


async def test_proposals_nobody_answers_give_all_their_seats_back(
    client: httpx.AsyncClient, feed: Any, heard: Any, matching: RunningService
) -> None:
    program = await launched(feed, seats=3, answer_within_seconds=1)
    *_, senior = await enrol(client, feed, program, juniors=3, seniors=1)
    await proposed(client, program)

    await heard(MatchExpired, 3)

    assert await seats_taken(matching, program, senior) == []
    assert await pool(client, program) == (4, 0, 0)


async def test_the_database_has_no_seat_more_than_there_are(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID
) -> None:
    roles, peers = await launched(feed, seats=2), a_program_launched()
    await feed(peers)
    junior, senior = await enrol(client, feed, roles, juniors=1, seniors=1)

    async def take(program: ProgramLaunched, person: UUID, seats: int) -> None:
        matches = [new_id() for _ in range(seats)]
        by_level = Program(program.format, options_of(program), 60).seats_by_level
        await matching.runtime.database.fetch(
            tenant, sql.TAKE_SEATS, tenant, program.program_id, [person] * seats, matches, by_level
        )

    async def peers_known() -> bool:
        return await known(client, peers)

    await eventually(peers_known)
    for program, person, seats in ((roles, senior, 2), (roles, junior, 1), (peers, senior, 1)):
        with pytest.raises(asyncpg.NotNullViolationError):
            await take(program, person, seats + 1)
        assert await seats_taken(matching, program, person) == []
        await take(program, person, seats)
        with pytest.raises(asyncpg.NotNullViolationError):
            await take(program, person, 1)
        assert await seats_taken(matching, program, person) == list(range(1, seats + 1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await matching.rows("INSERT INTO seat SELECT * FROM seat WHERE program_id = $1 RETURNING 1", peers.program_id)


async def test_runs_of_the_same_moment_never_give_a_seat_twice(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID
) -> None:
    program = await launched(feed, seats=3)
    _, senior = await enrol(client, feed, program, juniors=1, seniors=1)
    by_level = Program(program.format, options_of(program), 60).seats_by_level

    async def take() -> bool:
        try:
            asked = tenant, program.program_id, [senior], [new_id()], by_level
            await matching.runtime.database.fetch(tenant, sql.TAKE_SEATS, *asked)
        except (asyncpg.UniqueViolationError, asyncpg.NotNullViolationError):
            return False
        return True

    taken = [took for _ in range(5) for took in await asyncio.gather(*(take() for _ in range(6)))]

    assert sum(taken) == 3
    assert await seats_taken(matching, program, senior) == [1, 2, 3]


async def test_while_people_answer_runs_take_no_seat_that_is_not_free(
    client: httpx.AsyncClient, feed: Any, matching: RunningService
) -> None:
    program = await launched(feed, seats=2)
    *_, one, other = await enrol(client, feed, program, juniors=8, seniors=2)
    _, matches = await proposed(client, program)

    asked, *answers = await asyncio.gather(
        requested(client, program), *(say(client, match, match["participant_ids"][0], "decline") for match in matches)
    )
    run = await over(client, asked)
    again, _ = await proposed(client, program)

    assert {answer.status_code for answer in answers} == {200}
    assert (run["state"], again["state"]) == ("completed", "completed")
    for senior in (one, other):
        assert await seats_taken(matching, program, senior) == [1, 2]
    without_an_open_match = """
        SELECT count(*) FROM seat LEFT JOIN match ON match.id = seat.match_id AND match.state = 'proposed'
        AND seat.participant_id = ANY(match.participant_ids) WHERE seat.program_id = $1 AND match.id IS NULL
    """
    assert await matching.value(without_an_open_match, program.program_id) == 0


def test_a_program_says_who_is_a_junior() -> None:
    policy = Program("junior-senior", {"junior_up_to_level": 3, "seats_per_senior": 2}, 60).policy

    assert (policy.juniors_up_to, policy.label) == (3, "junior-senior@2")


async def test_a_stored_run_of_juniors_and_seniors_is_replayed_to_the_byte(client: httpx.AsyncClient, feed: Any) -> None:
    program = await launched(feed, seats=3)
    await enrol(client, feed, program, juniors=5, seniors=2)
    run, _ = await proposed(client, program)

    asked = await client.post(f"/v1/match-runs/{run['id']}/replays")
    replay = await ended(client, asked.headers["location"])

    assert (replay["state"], replay["identical"]) == ("completed", True)
    certified = await certificate(client, run["id"])
    assert certified["upper_bound"] == run["value"]
    assert certified["most_people"] == 2 * 5
