"""Every question matching asks of its database, on real rows."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from matching_service import queries, run_population
from matching_service.domain.matches import MatchState
from matching_service.domain.programs import CannotBeMatched, Pool, Program
from matching_service.engine import Population
from matching_service.run_population import population_of, read_pages
from peerloom_events import Event, ProgramLaunched
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from tests.matching.programs import enrol, matched
from tests.support import RunningService, a_participant_registered, a_program_launched, eventually
from tests.support.facts import a_participant_enrolled

ONE_SEAT = [1]
"""Everybody may be in one match, at any level."""

A_MATCH = """
    INSERT INTO match (tenant_id, id, version, run_id, program_id, participant_ids, weight, reasons, proposed_at, answer_by,
                       state, accepted_ids)
    VALUES ($1, $2, 1, $3, $4, $5, 500000, '[]', now(), now() + interval '7 days', $6, '{}')
"""
"""As the release before writes one, which knows nothing of other tables."""

A_PROGRAM = """
    INSERT INTO program (tenant_id, id, version, format, answer_within_seconds, trio_when_odd, junior_up_to_level,
                         seats_per_senior)
    VALUES ($1, $2, 1, $3, 60, $4, $5, $6)
"""


async def asked(matching: RunningService, tenant: UUID, question: Any, *values: Any) -> Any:
    """What a question answers within a transaction of the organisation."""

    async def ask(tx: Transaction, _: None) -> Any:
        return await question(tx, *values)

    return await matching.runtime.perform(ask, None, tenant_id=tenant, cause=Cause(correlation_id="test"))


async def a_match(
    matching: RunningService, tenant: UUID, *people: UUID, program: UUID | None = None, state: str = "proposed"
) -> UUID:
    match_id = new_id()
    await matching.runtime.database.execute(
        tenant, A_MATCH, tenant, match_id, new_id(), program or new_id(), list(people), state
    )
    return match_id


async def population(matching: RunningService, tenant: UUID, program: ProgramLaunched) -> Population:
    pages = read_pages(matching.runtime.database, tenant, program.program_id, ONE_SEAT, date(2026, 12, 1))
    return population_of([page async for page in pages], date(2026, 12, 1))


# -- programs ---------------------------------------------------------------------------------------------------------


async def test_a_program_is_what_its_options_say(matching: RunningService, tenant: UUID, feed: Any) -> None:
    launched = a_program_launched(options={"trio_when_odd": True, "reporting_line": "off"})
    await feed(launched)

    async def known() -> bool:
        return bool(await matching.value("SELECT count(*) FROM program WHERE id = $1", launched.program_id))

    await eventually(known)

    program = await asked(matching, tenant, queries.program, launched.program_id)

    options = {"trio_when_odd": True, "reporting_line": "off"}
    assert program == Program("one-to-one", options, 604_800, launched.ends_on, launched.session_minutes)


@pytest.mark.parametrize(
    ("format_", "trio", "junior_up_to", "seats", "means"),
    [
        ("one-to-one", True, None, 1, {"trio_when_odd": True}),
        ("one-to-one", False, None, 1, {}),
        ("junior-senior", False, 3, 4, {"junior_up_to_level": 3, "seats_per_senior": 4}),
    ],
)
async def test_a_program_that_the_release_before_has_kept_means_the_same(
    format_: str,
    trio: bool,
    junior_up_to: int | None,
    seats: int,
    means: dict[str, Any],
    matching: RunningService,
    tenant: UUID,
) -> None:
    program_id = new_id()
    await matching.runtime.database.execute(tenant, A_PROGRAM, tenant, program_id, format_, trio, junior_up_to, seats)

    program = await asked(matching, tenant, queries.program, program_id)

    new = Program(format_, means, 60)
    assert program.policy == new.policy
    assert program.seats_by_level == new.seats_by_level


async def test_a_program_nobody_knows_is_not_found(matching: RunningService, tenant: UUID) -> None:
    with pytest.raises(NotFound, match="try again"):
        await asked(matching, tenant, queries.program, new_id())


async def test_a_program_of_an_unknown_format_is_refused_with_a_sentence(
    matching: RunningService, tenant: UUID, client: httpx.AsyncClient
) -> None:
    program_id = new_id()
    await matching.runtime.database.execute(tenant, A_PROGRAM, tenant, program_id, "speed-dating", False, None, 1)

    with pytest.raises(CannotBeMatched, match="speed-dating"):
        _ = (await asked(matching, tenant, queries.program, program_id)).policy
    for answer in (
        await client.get(f"/v1/match-pools/{program_id}"),
        await client.post("/v1/match-runs", json={"program_id": str(program_id)}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:cannot-be-matched")


async def test_a_pool_counts_people_by_the_seats_of_their_level(
    client: httpx.AsyncClient, matching: RunningService, tenant: UUID, feed: Any, program: ProgramLaunched
) -> None:
    people = await enrol(client, feed, program, 3)  # all of level 4
    take = "INSERT INTO seat (tenant_id, program_id, participant_id, number, match_id) VALUES ($1, $2, $3, $4, $5)"
    for person, number in ((people[0], 1), (people[0], 2), (people[1], 1)):
        await matching.runtime.database.execute(tenant, take, tenant, program.program_id, person, number, new_id())
    await a_match(matching, tenant, *people[:2], program=program.program_id)

    free = {
        seats: (await asked(matching, tenant, queries.pool, program.program_id, by_level, None)).free
        for seats, by_level in {"one": [1], "two from level 4 on": [1, 1, 1, 2], "three above level 4": [1, 1, 1, 1, 3]}.items()
    }

    assert free == {"one": 1, "two from level 4 on": 2, "three above level 4": 1}
    pool = await asked(matching, tenant, queries.pool, program.program_id, [1], None)
    assert pool == Pool(program.program_id, enrolled=3, free=1, proposed=2, confirmed=0)


# -- the people of a run ----------------------------------------------------------------------------------------------


async def test_people_come_in_pages_and_are_the_same_whatever_the_size_of_a_page(
    client: httpx.AsyncClient,
    feed: Any,
    matching: RunningService,
    tenant: UUID,
    program: ProgramLaunched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = await enrol(client, feed, program, 7, manager_of_all=0)
    await a_match(matching, tenant, people[1], people[6])
    at_once = await population(matching, tenant, program)
    monkeypatch.setattr(run_population, "_PAGE", 2)

    pages = [
        page async for page in read_pages(matching.runtime.database, tenant, program.program_id, ONE_SEAT, date(2026, 12, 1))
    ]

    assert [len(page.facts) for page in pages] == [2, 2, 2, 1]
    assert population_of(pages, date(2026, 12, 1)).to_bytes() == at_once.to_bytes()
    assert [at_once.id(place) for place in range(7)] == sorted(people)


async def test_who_has_no_seat_left_is_not_among_the_free_people(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    people = await enrol(client, feed, program, 3)
    take = "INSERT INTO seat (tenant_id, program_id, participant_id, number, match_id) VALUES ($1, $2, $3, 1, $4)"
    await matching.runtime.database.execute(tenant, take, tenant, program.program_id, people[0], new_id())

    async def seats(by_level: list[int]) -> list[tuple[UUID, int]]:
        asked = tenant, program.program_id, by_level, max(by_level), date(2026, 12, 1), None
        return [(row["id"], row["seats"]) for row in await matching.runtime.database.fetch(tenant, queries.FREE_PEOPLE, *asked)]

    assert await seats([1]) == [(person, 1) for person in sorted(people[1:])]
    assert dict(await seats([1, 1, 1, 3])) == {people[0]: 2, people[1]: 3, people[2]: 3}


async def test_everybody_above_is_known_also_those_who_take_no_part(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    top, middle, manager, person = (new_id() for _ in range(4))
    line = {top: None, middle: top, manager: middle, person: manager}
    events: list[Event] = [a_participant_registered(one, manager_id=above) for one, above in line.items()]
    await feed(*events, a_participant_enrolled(person, program.program_id))

    async def known() -> bool:
        return bool(await matching.value("SELECT count(*) FROM member WHERE id = ANY($1)", list(line)) == 4)

    await eventually(known)

    assert (await population(matching, tenant, program)).member(0).managers_above == (manager, middle, top)


async def test_a_circle_of_managers_ends_where_it_closes(matching: RunningService, tenant: UUID, feed: Any) -> None:
    one, other = new_id(), new_id()
    await feed(a_participant_registered(one, manager_id=other), a_participant_registered(other, manager_id=one))

    async def above() -> dict[UUID, UUID]:
        rows = await matching.runtime.database.fetch(tenant, queries.MANAGERS_ABOVE, tenant, [one])
        return {row["id"]: row["manager_id"] for row in rows}

    async def both() -> bool:
        return len(await above()) == 2

    await eventually(both)
    assert await above() == {one: other, other: one}


async def test_people_have_met_whom_they_were_proposed_to_in_any_program_and_nobody_else(
    matching: RunningService, tenant: UUID
) -> None:
    one, other, third, stranger = (new_id() for _ in range(4))
    await a_match(matching, tenant, one, other, state="declined")
    await a_match(matching, tenant, one, third, stranger, state="expired")
    await a_match(matching, new_id(), one, new_id())

    rows = await matching.runtime.database.fetch(tenant, queries.MET_BEFORE, tenant, [one, other], 90)

    met = {(row["id"], other_) for row in rows for other_ in row["participant_ids"]} - {(one, one), (other, other)}
    assert met == {(one, other), (one, third), (one, stranger), (other, one)}


# -- runs, replays and matches ----------------------------------------------------------------------------------------


async def test_matches_are_listed_by_participant_together_with_program_run_and_state(
    client: httpx.AsyncClient, matching: RunningService, tenant: UUID
) -> None:
    one, other, program = new_id(), new_id(), new_id()
    first = await a_match(matching, tenant, one, other, program=program, state="declined")
    second = await a_match(matching, tenant, one, new_id(), new_id(), program=program)
    third = await a_match(matching, tenant, new_id(), one)
    await a_match(matching, tenant, other, new_id())

    async def listed(**filters: Any) -> list[str]:
        answer = await client.get("/v1/matches", params={"participant_id": str(one), **filters})
        assert answer.status_code == 200, answer.text
        return [match["id"] for match in answer.json()["items"]]

    assert await listed() == [str(first), str(second), str(third)]
    assert await listed(program_id=str(program)) == [str(first), str(second)]
    assert await listed(program_id=str(program), state=MatchState.PROPOSED) == [str(second)]
    run = (await client.get(f"/v1/matches/{third}")).json()["run_id"]
    assert await listed(run_id=run) == [str(third)]
    assert await listed(run_id=run, state=MatchState.DECLINED) == []
    stranger = await matching.client(new_id()).get("/v1/matches", params={"participant_id": str(one)})
    assert stranger.json()["items"] == []


async def test_a_participants_matches_page_as_all_lists_do(
    client: httpx.AsyncClient, matching: RunningService, tenant: UUID
) -> None:
    person = new_id()
    matches = [str(await a_match(matching, tenant, person, new_id())) for _ in range(5)]
    seen: list[str] = []
    params = {"participant_id": str(person), "limit": "2"}
    pages = 0
    while True:
        page = (await client.get("/v1/matches", params=params)).json()
        seen += [match["id"] for match in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        params["cursor"] = page["next"]

    assert (seen, pages) == (matches, 3)


async def test_a_stored_answer_is_there_until_it_is_dropped(
    client: httpx.AsyncClient, feed: Any, matching: RunningService, tenant: UUID, program: ProgramLaunched
) -> None:
    run_id = UUID((await matched(client, feed, program, 3))["id"])
    database = matching.runtime.database

    stored = await database.fetchrow(tenant, queries.STORED_ANSWER, tenant, run_id)
    piece = await database.fetchrow(tenant, queries.PIECE, tenant, run_id, "answer", 0)
    (left,) = await database.fetch(tenant, queries.UNMATCHED, tenant, run_id, UUID(int=0), 10)
    behind = await database.fetch(tenant, queries.UNMATCHED, tenant, run_id, left["id"], 10)
    await matching.rows("DELETE FROM run_piece WHERE run_id = $1", run_id)

    assert stored is not None
    assert piece is not None
    assert (left["why"], behind) == ("odd_one_out", [])
    assert await database.fetchrow(tenant, queries.STORED_ANSWER, tenant, run_id) is None


async def test_overdue_proposals_come_oldest_first_and_behind_the_last_of_a_page(
    matching: RunningService, tenant: UUID
) -> None:
    """In a transaction that is rolled back: the worker's job would end them."""
    newer, older = await a_match(matching, tenant, new_id()), await a_match(matching, tenant, new_id())
    overdue_for = "UPDATE match SET answer_by = now() - make_interval(hours => $2) WHERE id = $1"
    async with matching.runtime.database.connection(None) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(overdue_for, older, 2)
        await connection.execute(overdue_for, newer, 1)

        async def overdue(after: datetime, id_: UUID) -> list[asyncpg.Record]:
            rows = await connection.fetch(queries.OVERDUE, after, id_, 500)
            return [row for row in rows if row["id"] in {older, newer}]

        page = await overdue(datetime.fromtimestamp(0, UTC), UUID(int=0))
        following = await overdue(page[0]["answer_by"], page[0]["id"])
        await transaction.rollback()

    assert [row["id"] for row in page] == [older, newer]
    assert [row["id"] for row in following] == [newer]
