"""Programs and who takes part in them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_events import ParticipantEnrolled, ProgramLaunched
from tests.support import EventLog, RunningService, a_person, a_program


async def launched(client: httpx.AsyncClient, **changed: Any) -> str:
    """Where the new program is."""
    answer = await client.post("/v1/programs", json=a_program(**changed))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def registered(client: httpx.AsyncClient, **changed: Any) -> str:
    """The new person's id."""
    answer = await client.post("/v1/participants", json=a_person(**changed))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def enrolled(client: httpx.AsyncClient, at: str) -> set[str]:
    """Who takes part."""
    return {one["participant_id"] for one in (await client.get(f"{at}/enrolments")).json()["items"]}


async def test_a_launched_program_is_heard_with_what_matching_and_sessions_need(
    profile: RunningService, tenant: UUID, heard
) -> None:
    client = profile.client(tenant)

    at = await launched(client, session_minutes=30, cadence_days=7, answer_within_seconds=60, trio_when_odd=True)
    (event,) = await heard(ProgramLaunched)

    program = (await client.get(at)).json()
    assert program["state"] == "running"
    assert str(event.program_id) == program["id"]
    assert (event.format, event.session_minutes, event.cadence_days, event.answer_within_seconds) == ("one-to-one", 30, 7, 60)
    assert event.trio_when_odd is program["trio_when_odd"] is True
    assert (str(event.starts_on), str(event.ends_on)) == (program["starts_on"], program["ends_on"])
    assert event.launched_at.isoformat() == program["launched_at"].replace("Z", "+00:00")


async def test_a_program_leaves_the_odd_one_out_unless_it_says_otherwise(profile: RunningService, tenant: UUID, heard) -> None:
    at = await launched(profile.client(tenant))

    (event,) = await heard(ProgramLaunched)

    assert event.trio_when_odd is (await profile.client(tenant).get(at)).json()["trio_when_odd"] is False


async def test_a_program_of_juniors_and_seniors_says_who_is_who_and_how_many_a_senior_takes(
    profile: RunningService, tenant: UUID, heard
) -> None:
    client = profile.client(tenant)

    at = await launched(client, format="junior-senior", junior_up_to_level=4, seats_per_senior=3)
    (event,) = await heard(ProgramLaunched)

    program = (await client.get(at)).json()
    assert (event.format, event.junior_up_to_level, event.seats_per_senior) == ("junior-senior", 4, 3)
    assert (program["format"], program["junior_up_to_level"], program["seats_per_senior"]) == ("junior-senior", 4, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_on": "2026-12-01"},
        {"starts_on": "2027-06-02"},
        {"session_minutes": 10},
        {"cadence_days": 0},
        {"answer_within_seconds": 0},
        {"format": "speed-dating"},
        {"format": "junior-senior"},
        {"format": "junior-senior", "junior_up_to_level": 4, "trio_when_odd": True},
        {"format": "junior-senior", "junior_up_to_level": 4, "seats_per_senior": 6},
        {"format": "junior-senior", "junior_up_to_level": 0},
        {"junior_up_to_level": 4},
        {"seats_per_senior": 2},
        {"goal": ""},
    ],
    ids=str,
)
async def test_a_program_that_makes_no_sense_is_not_launched(
    wrong: dict[str, Any], profile: RunningService, tenant: UUID, heard
) -> None:
    client = profile.client(tenant)

    answer = await client.post("/v1/programs", json=a_program(**wrong))
    await profile.settled()

    assert answer.status_code == 422
    assert (await client.get("/v1/programs")).json()["items"] == []
    assert await heard(ProgramLaunched, 0) == []


async def test_everybody_the_rule_includes_is_enrolled_and_nobody_else(
    profile: RunningService, event_log: EventLog, tenant: UUID
) -> None:
    client = profile.client(tenant)
    included = {await registered(client, department="R&D", employee_level=level) for level in (3, 4, 5)}
    await registered(client, department="R&D", employee_level=2)
    await registered(client, department="Sales", employee_level=4)
    await registered(client, department="R&D", employee_level=4, offers=[])
    at = await launched(client)

    answer = await client.post(f"{at}/enrolments", json={"departments": ["R&D", "Legal"], "lowest_level": 3})
    events = await event_log.heard(ParticipantEnrolled, tenant, 3)
    await profile.settled()

    assert answer.status_code == 201
    assert answer.json() == {"program_id": at.rpartition("/")[2], "enrolled": 3, "already_enrolled": 0}
    assert await enrolled(client, at) == included
    assert {str(event.participant_id) for event in events} == included
    assert {one.record.key.decode() for one in event_log.overheard(ParticipantEnrolled, tenant)} == included


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ({}, {"ada", "bob"}),
        ({"with_skills_only": False}, {"ada", "bob", "cyd"}),
        ({"locations": ["Lagos"]}, {"bob"}),
        ({"departments": ["R&D"], "locations": ["Lagos"]}, set()),
        ({"highest_level": 3}, {"ada"}),
        ({"hired_from": "2021-01-01"}, {"bob"}),
        ({"hired_until": "2020-12-31"}, {"ada"}),
        ({"hired_from": "2020-06-01", "hired_until": "2020-06-01"}, {"ada"}),
    ],
    ids=str,
)
async def test_each_part_of_the_rule_has_to_hold(
    rule: dict[str, Any], who: set[str], profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    ids = {
        "ada": await registered(client, department="R&D", location="Berlin", employee_level=3, hired_on="2020-06-01"),
        "bob": await registered(client, department="Sales", location="Lagos", employee_level=5, hired_on="2022-01-01"),
        "cyd": await registered(client, department="Sales", location="Berlin", employee_level=5, seeks=[]),
    }
    at = await launched(client)

    await client.post(f"{at}/enrolments", json=rule)

    assert await enrolled(client, at) == {ids[name] for name in who}


async def test_enrolling_again_adds_only_those_who_have_come_since(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await registered(client)
    at = await launched(client)
    await client.post(f"{at}/enrolments", json={})
    await registered(client)

    again = await client.post(f"{at}/enrolments", json={})
    nobody = await client.post(f"{at}/enrolments", json={})
    await profile.settled()

    assert (again.json()["enrolled"], again.json()["already_enrolled"]) == (1, 1)
    assert (nobody.json()["enrolled"], nobody.json()["already_enrolled"]) == (0, 2)
    assert len(await heard(ParticipantEnrolled)) == 2


async def test_enrolling_several_times_at_once_enrols_everybody_once(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    people = {await registered(client) for _ in range(5)}
    at = await launched(client)

    answers = await asyncio.gather(*(client.post(f"{at}/enrolments", json={}) for _ in range(8)))
    await profile.settled()

    assert {answer.status_code for answer in answers} == {201}
    assert sum(answer.json()["enrolled"] for answer in answers) == 5
    assert await enrolled(client, at) == people
    assert len(await heard(ParticipantEnrolled)) == 5


async def test_a_program_that_is_not_there_takes_nobody(profile: RunningService, tenant: UUID) -> None:
    client, nowhere = profile.client(tenant), f"/v1/programs/{uuid4()}"

    assert (await client.post(f"{nowhere}/enrolments", json={})).status_code == 404
    assert (await client.get(f"{nowhere}/enrolments")).status_code == 404


async def test_a_closed_program_takes_nobody(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await registered(client)
    at = await launched(client)
    await profile.rows("UPDATE program SET state = 'closed' WHERE id = $1", UUID(at.rpartition("/")[2]))

    answer = await client.post(f"{at}/enrolments", json={})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:peerloom:problem:program-not-running"
    assert await enrolled(client, at) == set()


async def test_a_list_of_enrolments_is_read_page_by_page(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    people = {await registered(client) for _ in range(5)}
    at = await launched(client)
    await client.post(f"{at}/enrolments", json={})

    first = (await client.get(f"{at}/enrolments", params={"limit": 3})).json()
    second = (await client.get(f"{at}/enrolments", params={"limit": 3, "cursor": first["next"]})).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 2, None)
    assert {one["participant_id"] for one in first["items"] + second["items"]} == people
