"""People of an organisation, through the API and as the other services hear of them."""

import asyncio
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import pytest

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from tests.support import EventLog, RunningService, a_person


async def test_a_registered_person_can_be_read_as_they_were_sent(profile: RunningService, tenant: UUID) -> None:
    people, person = profile.client(tenant), a_person(working_hours={"starts": 480, "ends": 960, "weekdays": [1, 2, 3]})

    registered = await people.post("/v1/participants", json=person)
    read = await people.get(registered.headers["location"])

    assert registered.status_code == 201
    assert registered.headers["location"] == f"/v1/participants/{registered.json()['id']}"
    assert registered.headers["etag"] == read.headers["etag"] == '"1"'
    assert read.json() == registered.json()
    sent = {**person, "seeks": [{"skill": "Public speaking", "level": 1, "priority": 1}], "manager_id": None}
    assert {name: read.json()[name] for name in sent} == sent


async def test_the_other_services_hear_facts_and_never_a_name_or_an_address(
    profile: RunningService, event_log: EventLog, tenant: UUID
) -> None:
    person = a_person(name="Zarathustra Quux")

    answer = await profile.client(tenant).post("/v1/participants", json=person)
    (event,) = await event_log.heard(ParticipantRegistered, tenant)

    (overheard,) = event_log.overheard(ParticipantRegistered, tenant)
    assert str(event.participant_id) == answer.json()["id"]
    assert overheard.record.key == answer.json()["id"].encode()
    assert (event.version, event.facts.department) == (1, person["department"])
    for private in ("Zarathustra", person["email"], person["employee_number"]):
        assert private.encode() not in overheard.record.value


async def test_a_change_is_heard_with_all_facts_and_the_next_version(profile: RunningService, tenant: UUID, heard) -> None:
    people = profile.client(tenant)
    at = (await people.post("/v1/participants", json=a_person())).headers["location"]

    changed = await people.patch(at, json={"department": "Sales", "goals": []}, headers={"If-Match": '"1"'})
    (event,) = await heard(ParticipantUpdated)

    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert (changed.json()["department"], changed.json()["goals"], changed.json()["job_title"]) == ("Sales", [], "Engineer")
    assert (event.version, event.facts.department, event.facts.job_title) == (2, "Sales", "Engineer")


async def test_a_change_based_on_an_old_version_overwrites_nothing(profile: RunningService, tenant: UUID, heard) -> None:
    people = profile.client(tenant)
    at = (await people.post("/v1/participants", json=a_person())).headers["location"]

    first = await people.patch(at, json={"department": "Sales"}, headers={"If-Match": '"1"'})
    second = await people.patch(at, json={"department": "Legal"}, headers={"If-Match": '"1"'})
    without = await people.patch(at, json={"department": "Legal"})
    await profile.settled()

    assert (first.status_code, second.status_code, without.status_code) == (200, 412, 428)
    assert (await people.get(at)).json()["department"] == "Sales"
    assert len(await heard(ParticipantUpdated)) == 1


async def test_of_many_changes_based_on_the_same_version_one_is_made(profile: RunningService, tenant: UUID) -> None:
    people = profile.client(tenant)
    at = (await people.post("/v1/participants", json=a_person())).headers["location"]

    answers = await asyncio.gather(
        *(people.patch(at, json={"location": f"Office {number}"}, headers={"If-Match": '"1"'}) for number in range(20))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19
    (winner,) = [answer.json()["location"] for answer in answers if answer.status_code == 200]
    assert (await people.get(at)).json()["location"] == winner


async def test_who_has_the_present_version_is_not_sent_it_again(profile: RunningService, tenant: UUID) -> None:
    people = profile.client(tenant)
    at = (await people.post("/v1/participants", json=a_person())).headers["location"]

    same = await people.get(at, headers={"If-None-Match": '"1"'})
    newer = await people.get(at, headers={"If-None-Match": '"7"'})

    assert (same.status_code, same.content) == (304, b"")
    assert newer.status_code == 200


@pytest.mark.parametrize(("taken", "problem"), [("employee_number", "employee-number-taken"), ("email", "email-taken")])
async def test_two_people_never_share_a_number_or_an_address(
    taken: str, problem: str, profile: RunningService, tenant: UUID, heard
) -> None:
    people, first = profile.client(tenant), a_person()
    await people.post("/v1/participants", json=first)

    second = await people.post("/v1/participants", json=a_person(**{taken: first[taken]}))
    await profile.settled()

    assert second.status_code == 409
    assert second.json()["type"] == f"urn:peerloom:problem:{problem}"
    assert len(await heard(ParticipantRegistered)) == 1


async def test_a_manager_has_to_be_known(profile: RunningService, tenant: UUID, heard) -> None:
    people = profile.client(tenant)
    manager = (await people.post("/v1/participants", json=a_person())).json()["id"]

    unknown = await people.post("/v1/participants", json=a_person(manager_id=str(uuid4())))
    known = await people.post("/v1/participants", json=a_person(manager_id=manager))

    assert (unknown.status_code, known.status_code) == (404, 201)
    assert unknown.json()["type"] == "urn:peerloom:problem:unknown-manager"
    reports = {str(event.facts.manager_id) for event in await heard(ParticipantRegistered, 2) if event.facts.manager_id}
    assert reports == {manager}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"employee_level": 0}, "#/employee_level"),
        ({"employee_level": 13}, "#/employee_level"),
        ({"offers": [{"skill": "SQL", "level": 6}]}, "#/offers/0/level"),
        ({"seeks": [{"skill": "SQL"}, {"skill": ""}]}, "#/seeks/1/skill"),
        ({"seeks": [{"skill": "SQL", "priority": 4}]}, "#/seeks/0/priority"),
        ({"working_hours": {"starts": 540, "ends": 540}}, "#/working_hours"),
        ({"working_hours": {"weekdays": [0]}}, "#/working_hours/weekdays/0"),
        ({"time_zone": "Berlin"}, "#/time_zone"),
        ({"time_zone": "Factory"}, "#/time_zone"),
        ({"email": "ada at example.com"}, "#/email"),
        ({"languages": []}, "#/languages"),
        ({"hired_on": "yesterday"}, "#/hired_on"),
        ({"nick/name~": "x"}, "#/nick~1name~0"),
    ],
)
async def test_a_wrong_value_is_pointed_at(wrong: dict[str, Any], pointer: str, profile: RunningService, tenant: UUID) -> None:
    answer = await profile.client(tenant).post("/v1/participants", json=a_person(**wrong))

    assert answer.status_code == 422
    assert [finding["pointer"] for finding in answer.json()["errors"]] == [pointer]


async def test_a_list_is_read_page_by_page_without_gaps_or_repeats(profile: RunningService, tenant: UUID) -> None:
    people = profile.client(tenant)
    registered = [(await people.post("/v1/participants", json=a_person())).json()["id"] for _ in range(7)]

    pages, cursor = [], None
    while True:
        page = (await people.get("/v1/participants", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        pages.append([person["id"] for person in page["items"]])
        if len(pages) == 1:  # somebody who comes in between does not move the others
            await people.post("/v1/participants", json=a_person())
        cursor = page["next"]
        if cursor is None:
            break

    assert [len(page) for page in pages] == [3, 3, 2]
    assert sorted(chain.from_iterable(pages))[:7] == sorted(registered)


async def test_a_list_can_be_narrowed(profile: RunningService, tenant: UUID) -> None:
    people = profile.client(tenant)
    for department in ("Sales", "Legal", "Sales"):
        await people.post("/v1/participants", json=a_person(department=department))
    number = (await people.get("/v1/participants", params={"limit": 1})).json()["items"][0]["employee_number"]

    sales = (await people.get("/v1/participants", params={"department": "Sales"})).json()
    one = (await people.get("/v1/participants", params={"employee_number": number})).json()

    assert len(sales["items"]) == 2
    assert [person["employee_number"] for person in one["items"]] == [number]


async def test_a_founded_organisation_is_read_by_its_own_clients_only(profile: RunningService) -> None:
    founded = await profile.client(None).post("/v1/organisations", json={"name": "  Acme  "})
    organisation = UUID(founded.json()["id"])

    own = await profile.client(organisation).get(founded.headers["location"])
    other = await profile.client(uuid4()).get(founded.headers["location"])

    assert founded.status_code == 201
    assert own.json()["name"] == "Acme"
    assert other.status_code == 404
