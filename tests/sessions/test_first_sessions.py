"""How a confirmed match gets its first session, whatever order its facts arrive in."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import combinations, permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest

from peerloom_events import MatchConfirmed, ProgramLaunched, SessionScheduled, WorkingHours
from peerloom_service.identifiers import new_id
from sessions_service.main import service
from tests.support import (
    EventLog,
    RunningService,
    Surroundings,
    a_match_confirmed,
    a_participant_registered,
    a_participant_updated,
    eventually,
)

Feed = Callable[..., Awaitable[Any]]
Received = Callable[..., Awaitable[list[Any]]]
Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
SessionOf = Callable[[MatchConfirmed], Awaitable[dict[str, Any]]]

OVERLAPS = """
    SELECT count(*) FROM booking AS one JOIN booking AS other ON one.tenant_id = other.tenant_id
        AND one.participant_id = other.participant_id AND one.session_id < other.session_id
        AND tstzrange(one.starts_at, one.ends_at) && tstzrange(other.starts_at, other.ends_at)
    WHERE one.tenant_id = $1
"""

RIVAL = """
    WITH other AS (
        INSERT INTO session (
            tenant_id, id, version, match_id, program_id, participant_ids, number, starts_at, ends_at, state, absent_ids
        )
        SELECT tenant_id, $3, 1, match_id, program_id, participant_ids, 2, $2::timestamptz, $2 + interval '45 minutes',
               'scheduled', '{}'
        FROM session WHERE tenant_id = $1 RETURNING *
    )
    INSERT INTO booking SELECT tenant_id, id, unnest(participant_ids), starts_at, ends_at, true FROM other
"""
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def relationship(client: httpx.AsyncClient, match: MatchConfirmed) -> dict[str, Any]:
    answer = await client.get(f"/v1/relationships/{match.match_id}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def waits_because(client: httpx.AsyncClient, match: MatchConfirmed, reason: str) -> None:
    async def says_so() -> bool:
        shown = await relationship(client, match)
        assert (shown["state"], shown["reason"]) == ("waiting", reason)
        return True

    await eventually(says_so, within=20)


def local_hours(session: dict[str, Any], zone: str) -> tuple[float, float]:
    """Start and end of a session on somebody's clock, in hours after midnight."""
    starts_at, ends_at = (datetime.fromisoformat(session[end]) for end in ("starts_at", "ends_at"))
    local = starts_at.astimezone(ZoneInfo(zone))
    begins = local.hour + local.minute / 60
    return begins, begins + (ends_at - starts_at) / timedelta(hours=1)


async def test_a_confirmed_match_meets_while_both_are_at_work(
    person: Person, confirmed: Confirmed, session_of: SessionOf, program: ProgramLaunched, heard: Received
) -> None:
    ada, grace = await person(time_zone="Europe/Berlin"), await person(time_zone="America/New_York")

    match = await confirmed(ada, grace)

    session = await session_of(match)
    assert (session["number"], session["state"], session["version"]) == (1, "scheduled", 1)
    for zone in ("Europe/Berlin", "America/New_York"):
        begins, ends = local_hours(session, zone)
        assert 9 <= begins < ends <= 17, f"{zone}: {begins} to {ends}"
    assert datetime.fromisoformat(session["starts_at"]) >= match.confirmed_at + timedelta(hours=24)
    assert (await heard(SessionScheduled)) == [
        SessionScheduled(
            version=1,
            session_id=UUID(session["id"]),
            match_id=match.match_id,
            program_id=program.program_id,
            participant_ids=(ada, grace),
            starts_at=session["starts_at"],
            ends_at=session["ends_at"],
        )
    ]


async def test_three_meet_while_all_of_them_are_at_work_and_nobody_is_in_another_session(
    person: Person, confirmed: Confirmed, session_of: SessionOf, sessions: RunningService, tenant: UUID
) -> None:
    """Lagos goes home soon after New York has begun."""
    zones = {"Europe/Berlin": (9, 17), "Africa/Lagos": (8, 15), "America/New_York": (7, 13)}
    ada, bola, grace = [
        await person(time_zone=zone, working_hours=WorkingHours(starts=60 * starts, ends=60 * ends))
        for zone, (starts, ends) in zones.items()
    ]

    together = await session_of(await confirmed(ada, bola, grace))
    again = [await session_of(await confirmed(one, await person())) for one in (ada, bola, grace)]

    assert set(together["participant_ids"]) == {str(one) for one in (ada, bola, grace)}
    for zone, (starts, ends) in zones.items():
        begins, stops = local_hours(together, zone)
        assert starts <= begins < stops <= ends, f"{zone}: {begins} to {stops}"
    for other in again:
        assert other["ends_at"] <= together["starts_at"] or other["starts_at"] >= together["ends_at"]
    assert await sessions.value(OVERLAPS, tenant) == 0


async def test_what_is_said_of_a_session_goes_on_from_the_confirmation(
    sessions: RunningService,
    feed: Feed,
    person: Person,
    program: ProgramLaunched,
    event_log: EventLog,
    heard: Received,
    tenant: UUID,
) -> None:
    match = a_match_confirmed((await person(), await person()), program.program_id)
    await sessions.settled()

    (sent,) = await feed(match, correlationid="a-decision")

    await heard(SessionScheduled)
    (said,) = event_log.overheard(SessionScheduled, tenant)
    assert (said.envelope.correlationid, said.envelope.causationid) == ("a-decision", sent.id)


async def test_a_duplicate_confirmation_starts_one_relationship(
    sessions: RunningService, client: httpx.AsyncClient, person: Person, program: ProgramLaunched, feed: Feed, heard: Received
) -> None:
    match = a_match_confirmed((await person(), await person()), program.program_id)

    (sent,) = await feed(match)
    await feed(match, id=sent.id)
    await feed(match)

    await heard(SessionScheduled)
    await sessions.settled()
    assert len(await heard(SessionScheduled, 0)) == 1
    assert len((await client.get("/v1/relationships")).json()["items"]) == 1
    assert len((await client.get("/v1/sessions")).json()["items"]) == 1


@pytest.mark.parametrize("order", list(permutations(("people", "program", "match"))), ids="-".join)
async def test_the_order_in_which_facts_arrive_does_not_matter(
    order: tuple[str, ...],
    sessions: RunningService,
    feed: Feed,
    tenant: UUID,
    heard: Received,
    program: ProgramLaunched,
) -> None:
    people = [a_participant_registered() for _ in range(2)]
    other = program.model_copy(update={"program_id": new_id()})
    match = a_match_confirmed(tuple(one.participant_id for one in people), other.program_id)
    facts = {"people": people, "program": [other], "match": [match]}

    for what in order:
        await feed(*facts[what])
        await sessions.settled()

    (event,) = await heard(SessionScheduled)
    assert event.match_id == match.match_id


async def test_a_relationship_says_which_fact_it_waits_for(
    client: httpx.AsyncClient, feed: Feed, confirmed: Confirmed, person: Person, program: ProgramLaunched
) -> None:
    of_no_program = a_match_confirmed((await person(), await person()), new_id())
    await feed(of_no_program)
    with_a_stranger = await confirmed(await person(), new_id())
    await waits_because(client, of_no_program, "program_unknown")
    await waits_because(client, with_a_stranger, "participants_unknown")
    answer = await client.get(f"/v1/relationships/{with_a_stranger.match_id}/slots")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:peerloom:problem:facts-missing")


async def test_people_without_common_hours_get_a_session_once_one_of_them_changes_theirs(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, feed: Feed, session_of: SessionOf, heard: Received
) -> None:
    mumbai, seattle = await person(time_zone="Asia/Kolkata"), await person(time_zone="America/Los_Angeles")
    match = await confirmed(mumbai, seattle)
    await waits_because(client, match, "no_common_hours")
    assert await heard(SessionScheduled, 0) == []

    evenings = WorkingHours(starts=1200, ends=1440)
    await feed(a_participant_updated(seattle, time_zone="America/Los_Angeles", working_hours=evenings))

    session = await session_of(match)
    begins, ends = local_hours(session, "America/Los_Angeles")
    assert 20 <= begins < ends <= 24
    begins, ends = local_hours(session, "Asia/Kolkata")
    assert 9 <= begins < ends <= 17
    shown = await relationship(client, match)
    assert (shown["state"], shown["reason"]) == ("running", None)


async def test_an_unknown_time_zone_holds_up_only_who_has_it(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf
) -> None:
    settler = await confirmed(await person(time_zone="Mars/Olympus_Mons"), await person())
    others = await confirmed(await person(), await person())
    await session_of(others)
    await waits_because(client, settler, "time_zone_unknown")


async def test_older_facts_do_not_undo_newer_ones(
    sessions: RunningService, feed: Feed, person: Person, confirmed: Confirmed, session_of: SessionOf
) -> None:
    ada, early = new_id(), WorkingHours(starts=360, ends=480)
    await feed(
        a_participant_updated(ada, version=3, working_hours=early),
        a_participant_updated(ada, version=2, working_hours=WorkingHours(starts=0, ends=60)),
        a_participant_registered(ada, version=1),
    )
    await sessions.settled()
    session = await session_of(await confirmed(ada, await person(working_hours=WorkingHours(starts=0, ends=1440))))
    begins, ends = local_hours(session, "Europe/Berlin")
    assert 6 <= begins < ends <= 8  # not at six sharp where tomorrow's first free quarter is later


async def test_a_match_of_one_person_is_put_aside_and_the_next_ones_go_on(
    sessions: RunningService, person: Person, confirmed: Confirmed, session_of: SessionOf, tenant: UUID
) -> None:
    alone = await confirmed(await person())
    await session_of(await confirmed(await person(), await person()))

    async def put_aside() -> bool:
        key = str(alone.match_id).encode()
        return bool(await sessions.value("SELECT count(*) FROM parked_event WHERE key = $1", key))

    await eventually(put_aside)


async def test_a_relationship_that_cannot_be_planned_for_holds_up_none_of_those_behind_it(
    sessions: RunningService,
    client: httpx.AsyncClient,
    person: Person,
    confirmed: Confirmed,
    feed: Feed,
    session_of: SessionOf,
    tenant: UUID,
) -> None:
    ada, newcomer = await person(), new_id()
    bad, good = await confirmed(ada, newcomer), await confirmed(await person(), newcomer)
    for match in (bad, good):
        await waits_because(client, match, "participants_unknown")
    # Half of it is gone: no such relationship can be read, whatever is planned for.
    await sessions.rows("UPDATE relationship SET participant_ids = participant_ids[2:] WHERE id = $1", bad.match_id)

    await feed(a_participant_registered(newcomer))

    await session_of(good)

    async def put_off() -> bool:
        (row,) = await sessions.rows(
            "SELECT reason, tries, due_at > now() AS later FROM relationship WHERE id = $1", bad.match_id
        )
        return row["reason"] == "planning_failed" and row["tries"] > 1 and row["later"]

    await eventually(put_off, within=20)
    await session_of(await confirmed(ada, await person()))


@pytest.mark.real_kafka  # the embedded broker takes long to give partitions back when the second worker leaves
async def test_a_person_is_never_in_two_sessions_at_once(
    surroundings: Surroundings,
    sessions: RunningService,
    feed: Feed,
    tenant: UUID,
    program: ProgramLaunched,
    heard: Received,
) -> None:
    people = [a_participant_registered() for _ in range(12)]
    pairs = list(combinations([one.participant_id for one in people], 2))
    matches = [a_match_confirmed(pair, program.program_id) for pair in pairs]

    async with surroundings.serving(service, sessions.settings):  # a second worker
        await feed(*matches[:20])
        await feed(*people)
        await feed(*matches[20:])
        scheduled = await heard(SessionScheduled, len(matches), within=60)

    assert {one.match_id for one in scheduled} == {one.match_id for one in matches}
    assert len(scheduled) == len(matches)
    assert await sessions.value(OVERLAPS, tenant) == 0


async def test_the_database_itself_refuses_a_second_session_at_the_same_time(
    sessions: RunningService, session: dict[str, Any], tenant: UUID
) -> None:
    person = UUID(session["participant_ids"][0])
    middle = datetime.fromisoformat(session["starts_at"]) + timedelta(minutes=10)
    with pytest.raises(asyncpg.ExclusionViolationError, match="booking_no_overlap"):
        await sessions.rows(
            "INSERT INTO booking (tenant_id, session_id, participant_id, starts_at, ends_at, holds) "
            "VALUES ($1, gen_random_uuid(), $2, $3::timestamptz, $3 + interval '1 hour', true)",
            tenant,
            person,
            middle,
        )


async def test_who_loses_the_race_for_a_slot_gets_the_next_one(
    sessions: RunningService, person: Person, confirmed: Confirmed, session_of: SessionOf, tenant: UUID
) -> None:
    ada, grace = await person(), await person()
    first = await session_of(await confirmed(ada, grace))
    starts_at = datetime.fromisoformat(first["ends_at"])
    async with sessions.runtime.database.connection(tenant) as rival:
        await rival.execute("BEGIN")
        await rival.execute(RIVAL, tenant, starts_at, new_id())
        racing = await confirmed(ada, grace)  # plans for the slot the rival has not committed yet, and waits for it
        await eventually(lambda: sessions.value(BLOCKED), what="somebody to wait for the rival")
        await rival.execute("COMMIT")

    session = await session_of(racing)

    assert datetime.fromisoformat(session["starts_at"]) >= starts_at + timedelta(minutes=45)
    assert await sessions.value(OVERLAPS, tenant) == 0


async def test_hundreds_of_relationships_begin_at_once(
    feed: Feed, program: ProgramLaunched, heard: Received, client: httpx.AsyncClient
) -> None:
    people = [a_participant_registered() for _ in range(600)]
    await feed(*people)
    matches = [
        a_match_confirmed((one.participant_id, other.participant_id), program.program_id)
        for one, other in zip(people[::2], people[1::2], strict=True)
    ]
    await feed(*matches)
    scheduled = await heard(SessionScheduled, 300, within=60)
    assert {one.match_id for one in scheduled} == {one.match_id for one in matches}
    shown: list[dict[str, Any]] = []
    page = (await client.get("/v1/relationships", params={"limit": 200, "state": "running"})).json()
    while page["next"]:
        shown += page["items"]
        query = {"limit": 200, "state": "running", "cursor": page["next"]}
        page = (await client.get("/v1/relationships", params=query)).json()
    assert len(shown + page["items"]) == 300
