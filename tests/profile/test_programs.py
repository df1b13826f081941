"""Programs and who takes part in them."""

import asyncio
from datetime import date
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_events import ParticipantEnrolled, ProgramLaunched
from peerloom_events.formats import FORMATS
from profile_service import queries
from profile_service.domain import Audience, Participant
from profile_service.use_cases import enrolments
from tests.support import EventLog, RunningService, a_person, a_program

from .audiences import includes
from .people_files import cells, text_of
from .test_imports import imported


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


async def test_the_options_of_a_format_travel_as_one_object_with_its_defaults(
    profile: RunningService, tenant: UUID, heard
) -> None:
    client = profile.client(tenant)

    at = await launched(client, format="junior-senior", options={"junior_up_to_level": 4, "reporting_line": 2})
    (event,) = await heard(ProgramLaunched)

    full = {"reporting_line": 2, "same_manager": False, "junior_up_to_level": 4, "seats_per_senior": 1}
    program = (await client.get(at)).json()
    assert event.options == program["options"] == full
    assert (event.junior_up_to_level, event.seats_per_senior, event.trio_when_odd) == (4, 1, False)
    assert (program["junior_up_to_level"], program["seats_per_senior"], program["trio_when_odd"]) == (4, 1, False)


@pytest.mark.parametrize("name", FORMATS)
async def test_a_program_may_have_any_format_there_is(name: str, profile: RunningService, tenant: UUID) -> None:
    needed = {"junior_up_to_level": 3}
    options = {option: needed[option] for option, field in FORMATS[name].model_fields.items() if field.is_required()}

    program = (await profile.client(tenant).get(await launched(profile.client(tenant), format=name, options=options))).json()

    recommended = FORMATS[name].model_validate({**FORMATS[name].for_new_programs, **options})
    assert (program["format"], program["options"]) == (name, recommended.model_dump(mode="json"))


async def test_a_program_older_than_options_shows_them_as_its_columns_say(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    at = await launched(client, format="junior-senior", junior_up_to_level=4, seats_per_senior=3)
    await profile.rows("UPDATE program SET options = NULL WHERE id = $1", UUID(at.rpartition("/")[2]))

    program = (await client.get(at)).json()

    assert program["options"] == {
        "reporting_line": "whole-line",
        "same_manager": False,
        "junior_up_to_level": 4,
        "seats_per_senior": 3,
    }


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"options": {"trio": True}}, "options.trio: the format one-to-one has no such option"),
        ({"options": {"reporting_line": "sometimes"}}, "options.reporting_line: "),
        ({"options": {"reporting_line": 0}}, "options.reporting_line: "),
        ({"format": "junior-senior"}, "options.junior_up_to_level: the format junior-senior needs it"),
        (
            {"format": "junior-senior", "options": {"junior_up_to_level": 3, "seats_per_senior": 6}},
            "options.seats_per_senior: ",
        ),
        ({"trio_when_odd": True, "options": {"trio_when_odd": False}}, "options.trio_when_odd and trio_when_odd differ"),
        ({"trio_when_odd": False, "options": {"trio_when_odd": True}}, "options.trio_when_odd and trio_when_odd differ"),
        ({"junior_up_to_level": 4}, "options.junior_up_to_level: the format one-to-one has no such option"),
    ],
    ids=str,
)
async def test_an_option_that_cannot_be_chosen_is_refused_by_its_name(
    wrong: dict[str, Any], named: str, profile: RunningService, tenant: UUID
) -> None:
    answer = await profile.client(tenant).post("/v1/programs", json=a_program(**wrong))

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:peerloom:problem:program-format-wrong"
    assert answer.json()["detail"].startswith(named)


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
    assert answer.json() == {
        "program_id": at.rpartition("/")[2],
        "enrolled": 3,
        "already_enrolled": 0,
        "unknown_departments": ["Legal"],
        "unknown_locations": [],
    }
    assert await enrolled(client, at) == included
    assert {str(event.participant_id) for event in events} == included
    assert {one.record.key.decode() for one in event_log.overheard(ParticipantEnrolled, tenant)} == included


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ({"everybody": True}, ["ada", "bob"]),
        ({"everybody": True, "with_skills_only": False}, ["ada", "bob", "cyd"]),
        ({"locations": ["Lagos"]}, ["bob"]),
        ({"departments": ["R&D"], "locations": ["Lagos"]}, []),
        ({"highest_level": 3}, ["ada"]),
        ({"hired_from": "2021-01-01"}, ["bob"]),
        ({"hired_until": "2020-12-31"}, ["ada"]),
        ({"hired_from": "2020-06-01", "hired_until": "2020-06-01"}, ["ada"]),
    ],
    ids=str,
)
async def test_each_part_of_the_rule_has_to_hold(
    rule: dict[str, Any], who: list[str], profile: RunningService, tenant: UUID
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


def a_rule(draw: Random) -> Audience:
    levels = sorted((draw.randint(1, 12), draw.randint(1, 12))) if draw.random() < 0.5 else (1, 12)
    return Audience(
        departments=frozenset(draw.sample(["R&D", "Sales", "Nobody's"], draw.randint(0, 2))),
        locations=frozenset(draw.sample(["Berlin", "Lagos", "Lima"], draw.randint(0, 2))),
        lowest_level=levels[0],
        highest_level=levels[1],
        hired_from=draw.choice([None, date(2015, 6, 1)]),
        hired_until=draw.choice([None, date(2020, 6, 1)]),
        with_skills_only=draw.random() < 0.5,
    )


async def test_the_statement_of_a_rule_includes_whom_the_rule_does(profile: RunningService, tenant: UUID) -> None:
    client, draw = profile.client(tenant), Random(1)
    rows = [
        cells(
            str(number),
            department=draw.choice(["R&D", "Sales"]),
            location=draw.choice(["Berlin", "Lagos", "Lima"]),
            employee_level=str(draw.randint(1, 12)),
            hired_on=f"{draw.randint(2010, 2024)}-06-01",
            offers=draw.choice(["SQL:3", ""]),
            seeks=draw.choice(["Go:1", ""]),
        )
        for number in range(200)
    ]
    await imported(client, text_of(rows).encode())
    storage = profile.runtime.storages[Participant]
    stored = await profile.rows(f"SELECT {', '.join(storage.columns)} FROM participant WHERE tenant_id = $1", tenant)
    people = [storage.load(row) for row in stored]

    sizes = []
    for rule in (a_rule(draw) for _ in range(100)):
        found = await profile.rows(queries.AUDIENCE_PAGE, tenant, *queries.audience_values(rule), UUID(int=0), 1000)
        assert {row["id"] for row in found} == {one.id for one in people if includes(rule, one)}, rule
        sizes.append(len(found))

    assert len(people) == 200
    assert len(set(sizes)) > 20, "the rules hardly differ: this test proves little"


@pytest.mark.parametrize("at", ["enrolments", "audience-preview"])
@pytest.mark.parametrize("rule", [{}, {"with_skills_only": False}, {"lowest_level": 1, "departments": []}], ids=str)
async def test_a_rule_that_says_nothing_is_not_taken_for_everybody(
    at: str, rule: dict[str, Any], profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    await registered(client)
    program = await launched(client)

    answer = await client.post(f"{program}/{at}", json=rule)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:peerloom:problem:audience-empty")
    assert "everybody: true" in answer.json()["detail"]
    assert await enrolled(client, program) == set()


async def test_a_preview_counts_whom_a_rule_includes_and_enrols_nobody(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    first = await registered(client, department="R&D")
    at = await launched(client)
    await client.post(f"{at}/enrolments", json={"departments": ["R&D"]})
    second = await registered(client, department="R&D")
    await registered(client, department="Sales")

    rule = {"departments": ["R&D", "R & D"], "locations": ["Berlin", "Atlantis"]}
    preview = await client.post(f"{at}/audience-preview", json=rule)

    assert preview.status_code == 200
    assert preview.json() == {
        "program_id": at.rpartition("/")[2],
        "included": 2,
        "already_enrolled": 1,
        "unknown_departments": ["R & D"],
        "unknown_locations": ["Atlantis"],
        "sample": sorted([first, second]),
    }
    assert await enrolled(client, at) == {first}
    assert len(await heard(ParticipantEnrolled, 1)) == 1


async def test_an_audience_of_many_pages_is_enrolled_whole_with_an_event_for_each(
    profile: RunningService, tenant: UUID, heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = profile.client(tenant)
    monkeypatch.setattr(enrolments, "_PAGE", 7)
    people = {await registered(client) for _ in range(20)}
    at = await launched(client)

    answer = await client.post(f"{at}/enrolments", json={"everybody": True})
    events = await heard(ParticipantEnrolled, 20)

    assert answer.json()["enrolled"] == 20
    assert await enrolled(client, at) == {str(event.participant_id) for event in events} == people


def test_an_enrolments_event_is_written_as_its_class_would_write_it() -> None:
    program_id, participant_id, enrolment_id = uuid4(), uuid4(), uuid4()

    about, value = enrolments._event(program_id, participant_id, enrolment_id, 1)

    event = ParticipantEnrolled(version=1, participant_id=participant_id, program_id=program_id, enrolment_id=enrolment_id)
    assert (about, value) == (participant_id, event.to_json())


async def test_enrolling_again_adds_only_those_who_have_come_since(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await registered(client)
    at = await launched(client)
    await client.post(f"{at}/enrolments", json={"everybody": True})
    await registered(client)

    again = await client.post(f"{at}/enrolments", json={"everybody": True})
    nobody = await client.post(f"{at}/enrolments", json={"everybody": True})
    await profile.settled()

    assert (again.json()["enrolled"], again.json()["already_enrolled"]) == (1, 1)
    assert (nobody.json()["enrolled"], nobody.json()["already_enrolled"]) == (0, 2)
    assert len(await heard(ParticipantEnrolled)) == 2


async def test_enrolling_several_times_at_once_enrols_everybody_once(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    people = {await registered(client) for _ in range(5)}
    at = await launched(client)

    answers = await asyncio.gather(*(client.post(f"{at}/enrolments", json={"everybody": True}) for _ in range(8)))
    await profile.settled()

    assert {answer.status_code for answer in answers} == {201}
    assert sum(answer.json()["enrolled"] for answer in answers) == 5
    assert await enrolled(client, at) == people
    assert len(await heard(ParticipantEnrolled)) == 5


async def test_a_program_that_is_not_there_takes_nobody(profile: RunningService, tenant: UUID) -> None:
    client, nowhere = profile.client(tenant), f"/v1/programs/{uuid4()}"

    assert (await client.post(f"{nowhere}/enrolments", json={"everybody": True})).status_code == 404
    assert (await client.get(f"{nowhere}/enrolments")).status_code == 404


async def test_a_closed_program_takes_nobody(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await registered(client)
    at = await launched(client)
    await profile.rows("UPDATE program SET state = 'closed' WHERE id = $1", UUID(at.rpartition("/")[2]))

    answer = await client.post(f"{at}/enrolments", json={"everybody": True})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:peerloom:problem:program-not-running"
    assert await enrolled(client, at) == set()


async def test_a_list_of_enrolments_is_read_page_by_page(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    people = {await registered(client) for _ in range(5)}
    at = await launched(client)
    await client.post(f"{at}/enrolments", json={"everybody": True})

    first = (await client.get(f"{at}/enrolments", params={"limit": 3})).json()
    second = (await client.get(f"{at}/enrolments", params={"limit": 3, "cursor": first["next"]})).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 2, None)
    assert {one["participant_id"] for one in first["items"] + second["items"]} == people
