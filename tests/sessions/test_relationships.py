"""A relationship goes on, session after session, until its program ends or its people close it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from peerloom_events import (
    MatchConfirmed,
    ProgramLaunched,
    RelationshipAtRisk,
    RelationshipCompleted,
    SessionCancelled,
    SessionCompleted,
    SessionMissed,
    SessionRescheduled,
)
from peerloom_service.identifiers import new_id
from tests.sessions.conftest import today
from tests.support import RunningService, a_match_confirmed, a_program_launched, eventually

Clock = Callable[[str], Awaitable[None]]
Feed = Callable[..., Awaitable[Any]]
Received = Callable[..., Awaitable[list[Any]]]
Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
SessionOf = Callable[[MatchConfirmed], Awaitable[dict[str, Any]]]

BERLIN = ZoneInfo("Europe/Berlin")


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:peerloom:problem:")


async def relationship_of(client: httpx.AsyncClient, session: dict[str, Any]) -> dict[str, Any]:
    answer = await client.get(f"/v1/relationships/{session['match_id']}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def next_of(client: httpx.AsyncClient, session: dict[str, Any]) -> dict[str, Any]:
    """The session that is planned after this one, once it is."""

    async def planned() -> list[dict[str, Any]]:
        answer = await client.get("/v1/sessions", params={"match_id": session["match_id"], "limit": 100})
        return [one for one in answer.json()["items"] if one["number"] == session["number"] + 1]

    (following,) = await eventually(planned, within=20, what="the next session")
    return dict(following)


async def becomes(client: httpx.AsyncClient, session: dict[str, Any], **expected: Any) -> dict[str, Any]:
    """The relationship, once it is as expected."""

    async def as_expected() -> dict[str, Any]:
        shown = await relationship_of(client, session)
        assert {name: shown[name] for name in expected} == expected
        return shown

    return dict(await eventually(as_expected, within=20))


async def planned_or_completed(client: httpx.AsyncClient, session: dict[str, Any]) -> dict[str, Any]:
    """The relationship, once it no longer waits."""

    async def no_longer_waits() -> dict[str, Any]:
        shown = await relationship_of(client, session)
        assert shown["state"] != "waiting"
        return shown

    return dict(await eventually(no_longer_waits, within=20))


async def over(client: httpx.AsyncClient, clock: Clock, session: dict[str, Any], how: str) -> None:
    """It ends, and somebody records that it was held or missed."""
    await clock(session["ends_at"])
    path, body = f"/v1/sessions/{session['id']}/{how}", {"absent_ids": session["participant_ids"][:1]}
    answer = await client.post(path, json=body if how == "miss" else None)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("how", ["complete", "miss"])
async def test_when_a_session_is_over_the_next_one_is_planned_a_cadence_later_at_the_same_time_of_day(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock, program: ProgramLaunched, how: str
) -> None:
    await over(client, clock, session, how)

    following = await next_of(client, session)

    before, after = (datetime.fromisoformat(one["starts_at"]).astimezone(BERLIN) for one in (session, following))
    assert after.date() - before.date() == timedelta(days=program.cadence_days)
    assert after.time() == before.time()
    assert (following["state"], following["participant_ids"]) == ("scheduled", session["participant_ids"])
    assert (await becomes(client, session, state="running"))["at_risk"] is None


async def test_a_relationship_is_completed_when_its_program_leaves_no_room_for_another_session(
    client: httpx.AsyncClient,
    person: Person,
    feed: Feed,
    session_of: SessionOf,
    clock: Clock,
    heard: Received,
    sessions: RunningService,
) -> None:
    program = a_program_launched(starts_on=today(), ends_on=today() + timedelta(days=24), cadence_days=7)
    people = (await person(), await person())
    await feed(program)
    match = a_match_confirmed(people, program.program_id)
    await feed(match)
    session = await session_of(match)
    held = 0
    while (await relationship_of(client, session))["state"] != "completed":
        await over(client, clock, session, "complete" if held != 1 else "miss")
        held += 1

        if (await planned_or_completed(client, session))["state"] == "running":
            session = await next_of(client, session)
            assert datetime.fromisoformat(session["starts_at"]).date() <= program.ends_on

    assert held >= 3
    shown = await relationship_of(client, session)
    assert (shown["ending"], shown["reason"], shown["at_risk"]) == ("program_ended", None, None)
    (completed,) = await heard(RelationshipCompleted)
    assert (completed.match_id, completed.participant_ids) == (match.match_id, people)
    assert (completed.sessions_completed, completed.sessions_missed, completed.reason) == (held - 1, 1, "program_ended")
    assert completed.version == shown["version"]
    await sessions.settled()
    assert len(await heard(RelationshipCompleted, 0)) == 1


async def test_two_sessions_missed_in_a_row_put_a_relationship_at_risk_until_its_people_meet(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock, heard: Received, sessions: RunningService
) -> None:
    await over(client, clock, session, "miss")
    second = await next_of(client, session)
    assert (await relationship_of(client, session))["at_risk"] is None
    await over(client, clock, second, "miss")
    third = await next_of(client, second)

    await becomes(client, session, at_risk="missed_twice", state="running")
    (signal,) = await heard(RelationshipAtRisk)
    assert (str(signal.match_id), signal.reason) == (session["match_id"], "missed_twice")
    await over(client, clock, third, "complete")
    await next_of(client, third)
    await becomes(client, session, at_risk=None, state="running")
    await sessions.settled()
    assert len(await heard(RelationshipAtRisk, 0)) == 1


async def test_people_who_find_no_date_for_longer_than_their_cadence_are_at_risk(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, clock: Clock, heard: Received, sessions: RunningService
) -> None:
    match = await confirmed(await person(time_zone="Asia/Kolkata"), await person(time_zone="America/Los_Angeles"))
    waits = {"match_id": str(match.match_id)}
    await becomes(client, waits, reason="no_common_hours", at_risk=None)

    await clock((match.confirmed_at + timedelta(days=15)).isoformat())
    await sessions.rows("UPDATE relationship SET due_at = now() WHERE id = $1", match.match_id)

    await becomes(client, waits, reason="no_common_hours", at_risk="no_date")
    (signal,) = await heard(RelationshipAtRisk)
    assert (signal.match_id, signal.reason) == (match.match_id, "no_date")


async def test_its_people_close_a_relationship_and_the_session_to_come_is_cancelled(
    client: httpx.AsyncClient, session: dict[str, Any], heard: Received, sessions: RunningService
) -> None:
    close = f"/v1/relationships/{session['match_id']}/close"
    assert problem(await client.post(close, json={"reason": "program_ended"})) == (422, "invalid")

    answer = await client.post(close, json={"reason": "goals_reached"})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["ending"]) == ("completed", "goals_reached")
    assert problem(await client.post(close, json={"reason": "other"})) == (409, "relationship-over")
    (cancelled,) = await heard(SessionCancelled)
    assert (str(cancelled.session_id), cancelled.version) == (session["id"], 2)
    (completed,) = await heard(RelationshipCompleted)
    assert (completed.sessions_completed, completed.reason) == (0, "goals_reached")
    await sessions.settled()
    assert len((await client.get("/v1/sessions", params={"match_id": session["match_id"]})).json()["items"]) == 1
    again = await client.post(f"/v1/relationships/{session['match_id']}/sessions", json={"starts_at": session["starts_at"]})
    assert problem(again) == (409, "relationship-over")


async def test_a_cancelled_session_gives_its_time_back_and_the_next_one_is_planned_soon_after(
    client: httpx.AsyncClient, session: dict[str, Any], heard: Received
) -> None:
    asker = session["participant_ids"][0]
    cancel = f"/v1/sessions/{session['id']}/cancel"
    assert problem(await client.post(cancel, json={"participant_id": str(new_id())})) == (422, "not-of-the-session")

    answer = await client.post(cancel, json={"participant_id": asker})

    assert answer.status_code == 200, answer.text
    assert answer.json() == session | {"state": "cancelled", "version": 2}
    (event,) = await heard(SessionCancelled)
    assert (str(event.session_id), str(event.participant_id)) == (session["id"], asker)
    following = await next_of(client, session)
    assert following["starts_at"] >= session["ends_at"]
    assert problem(await client.post(cancel, json={})) == (409, "session-over")
    free = (await client.get(f"/v1/relationships/{session['match_id']}/slots", params={"limit": 100})).json()["items"]
    assert session["starts_at"] in [slot["starts_at"] for slot in free]


async def test_people_without_common_hours_book_a_session_themselves(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session: dict[str, Any]
) -> None:
    match = await confirmed(await person(time_zone="Asia/Kolkata"), await person(time_zone="America/Los_Angeles"))
    await becomes(client, {"match_id": str(match.match_id)}, reason="no_common_hours")
    book, early = f"/v1/relationships/{match.match_id}/sessions", session["starts_at"]

    answer = await client.post(book, json={"starts_at": early, "participant_id": str(match.participant_ids[0])})

    assert answer.status_code == 201, answer.text
    booked = answer.json()
    assert (booked["number"], booked["starts_at"], booked["state"]) == (1, early, "scheduled")
    assert (await client.get(answer.headers["location"])).json() == booked
    await becomes(client, booked, state="running", reason=None)
    assert problem(await client.post(book, json={"starts_at": early})) == (409, "session-planned")


async def test_a_session_is_not_booked_onto_another_one_of_its_people(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf
) -> None:
    asha, kolkata, seattle = await person(), "Asia/Kolkata", "America/Los_Angeles"
    taken = await session_of(await confirmed(asha, await person()))
    match = await confirmed(asha, await person(time_zone=kolkata), await person(time_zone=seattle))
    await becomes(client, {"match_id": str(match.match_id)}, reason="no_common_hours")

    answer = await client.post(f"/v1/relationships/{match.match_id}/sessions", json={"starts_at": taken["starts_at"]})

    assert problem(answer) == (409, "slot-taken")
    await becomes(client, {"match_id": str(match.match_id)}, state="waiting")


async def test_who_moves_a_session_is_told_with_the_time_it_had(
    client: httpx.AsyncClient, session: dict[str, Any], heard: Received
) -> None:
    wanted = (datetime.fromisoformat(session["starts_at"]) + timedelta(days=1)).isoformat()
    body = {"starts_at": wanted, "participant_id": session["participant_ids"][1]}
    reschedule = f"/v1/sessions/{session['id']}/reschedule"
    stranger = body | {"participant_id": str(new_id())}
    assert problem(await client.post(reschedule, json=stranger)) == (422, "not-of-the-session")

    assert (await client.post(reschedule, json=body)).status_code == 200

    (moved,) = await heard(SessionRescheduled)
    assert (moved.version, str(moved.participant_id)) == (2, body["participant_id"])
    assert moved.previously_starts_at == datetime.fromisoformat(session["starts_at"])
    assert moved.starts_at == datetime.fromisoformat(wanted)


async def test_of_three_two_are_enough_for_a_session_and_the_third_was_absent(
    client: httpx.AsyncClient, person: Person, confirmed: Confirmed, session_of: SessionOf, clock: Clock, heard: Received
) -> None:
    three = (await person(), await person(), await person())
    first = await session_of(await confirmed(*three))
    attendance = f"/v1/sessions/{first['id']}/attendance"
    assert problem(await client.post(attendance, json={"present_ids": first["participant_ids"]})) == (409, "not-started-yet")
    await clock(first["ends_at"])
    assert problem(await client.post(attendance, json={"present_ids": [str(new_id())]})) == (422, "not-of-the-session")

    answer = await client.post(attendance, json={"present_ids": first["participant_ids"][:2]})

    assert (answer.status_code, answer.json()["state"]) == (200, "completed")
    assert answer.json()["absent_ids"] == first["participant_ids"][2:]
    (held,) = await heard(SessionCompleted)
    assert held.absent_ids == three[2:]
    second = await next_of(client, first)
    await clock(second["ends_at"])
    alone = await client.post(f"/v1/sessions/{second['id']}/attendance", json={"present_ids": first["participant_ids"][:1]})
    assert (alone.status_code, alone.json()["state"]) == (200, "missed")
    (missed,) = await heard(SessionMissed)
    assert missed.absent_ids == three[1:]


async def test_a_program_in_which_nobody_ever_met_ends_for_them_too(
    client: httpx.AsyncClient,
    person: Person,
    confirmed: Confirmed,
    clock: Clock,
    program: ProgramLaunched,
    sessions: RunningService,
) -> None:
    match = await confirmed(await person(time_zone="Asia/Kolkata"), await person(time_zone="America/Los_Angeles"))
    await becomes(client, {"match_id": str(match.match_id)}, reason="no_common_hours")

    await clock(f"{program.ends_on + timedelta(days=2)}T12:00:00Z")
    await sessions.rows("UPDATE relationship SET due_at = now() WHERE id = $1", match.match_id)

    await becomes(client, {"match_id": str(match.match_id)}, state="completed", ending="program_ended")
