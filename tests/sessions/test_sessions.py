"""What people do with their sessions, through the API."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import MatchConfirmed, ProgramLaunched, SessionCompleted, SessionMissed, SessionScheduled
from peerloom_service.identifiers import new_id
from tests.support import RunningService

Clock = Callable[[str], Awaitable[None]]
Received = Callable[..., Awaitable[list[Any]]]
Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
SessionOf = Callable[[MatchConfirmed], Awaitable[dict[str, Any]]]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:peerloom:problem:")


def later(moment: str, **by: float) -> str:
    return (datetime.fromisoformat(moment) + timedelta(**by)).isoformat()


async def test_a_session_is_completed_once_it_has_started(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock, heard: Received
) -> None:
    complete = f"/v1/sessions/{session['id']}/complete"
    assert problem(await client.post(complete)) == (409, "not-started-yet")

    await clock(session["starts_at"])
    answer = await client.post(complete)

    assert answer.status_code == 200, answer.text
    assert answer.json() == session | {"state": "completed", "version": 2}
    assert answer.headers["etag"] == '"2"'
    (event,) = await heard(SessionCompleted)
    assert (str(event.session_id), str(event.match_id), event.version) == (session["id"], session["match_id"], 2)
    assert event.completed_at >= datetime.fromisoformat(session["starts_at"])
    assert problem(await client.post(complete)) == (409, "session-over")


async def test_a_completion_sent_twice_with_one_key_is_said_once(
    sessions: RunningService, client: httpx.AsyncClient, session: dict[str, Any], clock: Clock, heard: Received
) -> None:
    await clock(session["ends_at"])
    key = {"Idempotency-Key": new_id().hex}
    first = await client.post(f"/v1/sessions/{session['id']}/complete", headers=key)
    again = await client.post(f"/v1/sessions/{session['id']}/complete", headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 200
    await sessions.settled()
    assert len(await heard(SessionCompleted)) == 1


async def test_a_session_is_missed_once_it_has_ended_and_says_who_did_not_come(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock, heard: Received
) -> None:
    miss, absent = f"/v1/sessions/{session['id']}/miss", {"absent_ids": session["participant_ids"][1:]}
    await clock(session["starts_at"])
    assert problem(await client.post(miss, json=absent)) == (409, "not-ended-yet")

    await clock(session["ends_at"])
    assert problem(await client.post(miss, json={"absent_ids": [str(new_id())]})) == (422, "not-of-the-session")
    assert problem(await client.post(miss, json={"absent_ids": []})) == (422, "invalid")
    answer = await client.post(miss, json=absent)

    assert answer.status_code == 200, answer.text
    assert answer.json() == session | {"state": "missed", "version": 2, **absent}
    (event,) = await heard(SessionMissed)
    assert [str(one) for one in event.absent_ids] == absent["absent_ids"]


async def test_a_moved_session_is_told_anew_and_its_old_time_is_free_again(
    client: httpx.AsyncClient, session: dict[str, Any], heard: Received
) -> None:
    slots = f"/v1/relationships/{session['match_id']}/slots"
    free = (await client.get(slots, params={"limit": 100})).json()["items"]
    assert session["starts_at"] not in [slot["starts_at"] for slot in free]
    wanted = next(slot for slot in free if slot["starts_at"] > session["ends_at"])

    answer = await client.post(f"/v1/sessions/{session['id']}/reschedule", json={"starts_at": wanted["starts_at"]})

    assert answer.status_code == 200, answer.text
    assert answer.json() == session | {"version": 2, **wanted}
    events = await heard(SessionScheduled, 2)
    assert [(event.version, event.starts_at) for event in events] == [
        (1, datetime.fromisoformat(session["starts_at"])),
        (2, datetime.fromisoformat(wanted["starts_at"])),
    ]
    free = (await client.get(slots, params={"limit": 100})).json()["items"]
    assert session["starts_at"] in [slot["starts_at"] for slot in free]
    assert wanted["starts_at"] not in [slot["starts_at"] for slot in free]


async def test_a_session_is_not_moved_onto_another_one_of_its_people(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf
) -> None:
    ada = await person()
    with_grace = await session_of(await confirmed(ada, await person()))
    with_edsger = await session_of(await confirmed(ada, await person()))

    onto = {"starts_at": later(with_grace["starts_at"], minutes=30)}
    answer = await client.post(f"/v1/sessions/{with_edsger['id']}/reschedule", json=onto)

    assert problem(answer) == (409, "slot-taken")
    assert (await client.get(f"/v1/sessions/{with_edsger['id']}")).json() == with_edsger


async def test_of_two_who_want_the_same_slot_at_the_same_moment_one_gets_it(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf
) -> None:
    ada = await person()
    meetings = [await session_of(await confirmed(ada, await person())) for _ in range(4)]
    wanted = {"starts_at": later(max(one["ends_at"] for one in meetings), days=1)}

    answers = await asyncio.gather(*(client.post(f"/v1/sessions/{one['id']}/reschedule", json=wanted) for one in meetings))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_a_session_is_moved_to_a_time_to_come_within_its_program(
    client: httpx.AsyncClient, session: dict[str, Any], program: ProgramLaunched
) -> None:
    reschedule = f"/v1/sessions/{session['id']}/reschedule"
    for starts_at, expected in (
        (later(session["starts_at"], days=-30), (422, "in-the-past")),
        (f"{program.ends_on + timedelta(days=2)}T10:00:00Z", (422, "outside-program")),
        ("2199-12-31T23:59:59Z", (422, "outside-program")),
        ("9999-12-31T23:59:59Z", (422, "invalid")),
        ("2026-12-01T10:00:00", (422, "invalid")),
        ("tomorrow", (422, "invalid")),
    ):
        assert problem(await client.post(reschedule, json={"starts_at": starts_at})) == expected, starts_at


async def test_a_session_that_has_started_stays_where_it_is(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock
) -> None:
    await clock(session["starts_at"])
    later_that_day = {"starts_at": later(session["ends_at"], hours=1)}
    answer = await client.post(f"/v1/sessions/{session['id']}/reschedule", json=later_that_day)
    assert problem(answer) == (409, "already-started")


async def test_lists_show_what_was_asked_for(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf, program: ProgramLaunched
) -> None:
    first, second = await confirmed(await person(), await person()), await confirmed(await person(), await person())
    sessions = [await session_of(first), await session_of(second)]

    async def ids(path: str, **query: str) -> set[str]:
        return {one["id"] for one in (await client.get(path, params=query)).json()["items"]}

    everything = {one["id"] for one in sessions}
    assert await ids("/v1/sessions", program_id=str(program.program_id), state="scheduled") == everything
    assert await ids("/v1/sessions", match_id=str(first.match_id)) == {sessions[0]["id"]}
    assert await ids("/v1/sessions", state="missed") == set()
    assert await ids("/v1/sessions", program_id=str(new_id())) == set()
    matches = {str(first.match_id), str(second.match_id)}
    assert await ids("/v1/relationships", program_id=str(program.program_id), state="running") == matches
    assert await ids("/v1/relationships", state="waiting") == set()
    somebody = str(first.participant_ids[1])
    assert await ids("/v1/sessions", participant_id=somebody) == {sessions[0]["id"]}
    assert await ids("/v1/sessions", participant_id=somebody, state="missed") == set()
    assert await ids("/v1/relationships", participant_id=somebody) == {str(first.match_id)}
    assert await ids("/v1/relationships", participant_id=str(new_id())) == set()


async def test_a_session_somebody_has_already_is_not_sent_again(client: httpx.AsyncClient, session: dict[str, Any]) -> None:
    read = await client.get(f"/v1/sessions/{session['id']}")
    assert read.json() == session
    again = await client.get(f"/v1/sessions/{session['id']}", headers={"If-None-Match": read.headers["etag"]})
    assert again.status_code == 304


async def test_another_organisation_sees_and_moves_nothing(sessions: RunningService, session: dict[str, Any]) -> None:
    stranger = sessions.client(new_id())
    assert (await stranger.get("/v1/sessions")).json()["items"] == []
    assert (await stranger.get("/v1/relationships")).json()["items"] == []
    for answer in (
        await stranger.get(f"/v1/sessions/{session['id']}"),
        await stranger.get(f"/v1/relationships/{session['match_id']}"),
        await stranger.get(f"/v1/relationships/{session['match_id']}/slots"),
        await stranger.post(f"/v1/sessions/{session['id']}/complete"),
        await stranger.post(f"/v1/sessions/{session['id']}/miss", json={"absent_ids": session["participant_ids"]}),
        await stranger.post(f"/v1/sessions/{session['id']}/reschedule", json={"starts_at": session["starts_at"]}),
    ):
        assert problem(answer) == (404, "not-found")


@pytest.mark.parametrize("act", ["complete", "miss", "reschedule"])
async def test_who_may_only_read_changes_nothing(
    sessions: RunningService, session: dict[str, Any], tenant: UUID, act: str
) -> None:
    reader = sessions.client(tenant, ["sessions:read"])
    body = {"starts_at": session["starts_at"], "absent_ids": session["participant_ids"]}
    assert problem(await reader.post(f"/v1/sessions/{session['id']}/{act}", json=body)) == (403, "forbidden")
