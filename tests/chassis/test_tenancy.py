"""Nobody sees or changes what belongs to another organisation, whatever way they try."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from belongings import Belongings, a_line, tables_of

from peerloom_service.identifiers import new_id
from profile_service.main import service
from tests.support import RunningService, Surroundings, a_person, a_program


@pytest.fixture(scope="module", params=["two walls", "statements alone"])
async def profile(request: pytest.FixtureRequest, surroundings: Surroundings) -> AsyncIterator[RunningService]:
    """Profile as it is, and once more without row-level security: what its statements say has to be enough too."""
    alone = replace(service, subscribes={})  # another process of profile's group takes part in this run
    async with surroundings.running(alone) as running:
        if request.param == "statements alone":
            for table in await tables_of(running):
                await running.rows(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        yield running


# A body each route would take, so that nothing but the organisation can be the reason for a refusal.
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/v1/participants/{participant_id}"): {"department": "taken over"},
    ("POST", "/v1/programs/{program_id}/enrolments"): {"everybody": True},
    ("POST", "/v1/programs/{program_id}/audience-preview"): {"everybody": True},
    ("POST", "/v1/participants"): a_person(),
    ("PUT", "/v1/organisations/{organisation_id}/state"): {"state": "suspended"},
    ("POST", "/v1/programs"): a_program(),
    ("PATCH", "/v1/programs/{program_id}"): {"goal": "taken over"},
    ("POST", "/v1/issuers"): {"issuer": "https://login.example.com", "audience": "anybody"},
    ("POST", "/v1/account-links"): {"issuer_id": str(new_id()), "participant_id": str(new_id()), "subject": "somebody"},
    ("POST", "/v1/role-grants"): {"participant_id": str(new_id()), "role": "hr_administrator"},
}


OPERATORS = {"/v1/organisations/{organisation_id}/state"}


async def request(client: httpx.AsyncClient, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    try:
        at = path.format(**ids)
    except KeyError as error:
        raise AssertionError(f"the matrix does not know what {error} of {path} stands for: add it to Belongings") from error
    headers = {"If-Match": "*"} if method == "PATCH" or path.endswith("/close") else {}
    return await client.request(method, at, json=BODIES.get((method, path)), headers=headers)


async def test_another_organisations_ids_lead_nowhere_on_any_route(
    profile: RunningService, acme: Belongings, umbrella: Belongings
) -> None:
    leaks = []
    tried = 0
    for method, path, _ in sorted(profile.operations(), key=lambda one: one[1].endswith("/close")):
        if path in OPERATORS:  # refused before anything is looked up
            answer = await request(umbrella.client, method, path, acme.ids)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"
        elif "{" in path:
            answer = await request(umbrella.client, method, path, acme.ids)
            own = await request(umbrella.client, method, path, umbrella.ids)
            tried += 1
            if answer.status_code != 404:
                leaks.append(f"{method} {path}: {answer.status_code} {answer.text}")
            assert own.status_code < 300, f"{method} {path} fails for its owner too: {own.text}"

    assert leaks == []
    assert tried >= 8
    assert (await acme.client.get(f"/v1/participants/{acme.ids['participant_id']}")).json()["department"] == "acme"


async def test_no_list_holds_anything_of_another_organisation(
    profile: RunningService, acme: Belongings, umbrella: Belongings
) -> None:
    others = set(acme.ids.values()) - {acme.ids["change"]}
    for method, path, _ in profile.operations():
        if method == "GET":
            answer = await request(umbrella.client, method, path, umbrella.ids)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            assert not [id_ for id_ in others if id_ in answer.text], f"{path} shows what belongs to another organisation"
            assert "acme" not in answer.text, f"{path} shows what belongs to another organisation"


async def test_filters_and_cursors_do_not_reach_into_another_organisation(acme: Belongings, umbrella: Belongings) -> None:
    await acme.client.post("/v1/participants", json=a_person(department="acme"))
    cursor = (await acme.client.get("/v1/participants", params={"limit": 1})).json()["next"]

    filtered = await umbrella.client.get("/v1/participants", params={"department": "acme"})
    continued = await umbrella.client.get("/v1/participants", params={"cursor": cursor})

    assert filtered.json()["items"] == []
    assert "acme" not in continued.text


async def test_somebody_of_another_organisation_cannot_be_anybodys_manager(acme: Belongings, umbrella: Belongings) -> None:
    answer = await umbrella.client.post("/v1/participants", json=a_person(manager_id=acme.ids["participant_id"]))

    assert answer.status_code == 404, answer.text
    assert answer.json()["type"] == "urn:peerloom:problem:unknown-manager"


async def test_names_and_addresses_are_free_for_every_organisation(acme: Belongings, umbrella: Belongings) -> None:
    person = a_person()

    first = await acme.client.post("/v1/participants", json=person)
    second = await umbrella.client.post("/v1/participants", json=person)

    assert (first.status_code, second.status_code) == (201, 201)


async def test_a_people_file_meets_nobody_of_another_organisation(acme: Belongings, umbrella: Belongings) -> None:
    theirs = (await acme.client.post("/v1/participants", json=a_person())).json()
    same_number, same_address = theirs["employee_number"], theirs["email"]

    done = await umbrella.imports(a_line(same_number, "else@example.com"), a_line("2", same_address))
    found = await umbrella.client.get("/v1/participants", params={"employee_number": same_number})

    assert (done["registered"], done["updated"], done["rows_refused"]) == (2, 0, 0)
    assert found.json()["items"][0]["id"] != theirs["id"]
    assert (await acme.client.get(f"/v1/participants/{theirs['id']}")).json() == theirs


async def test_an_operator_reads_and_changes_nothing_of_an_organisation(profile: RunningService, acme: Belongings) -> None:
    operator = profile.client(None)
    for method, path, _ in profile.operations():
        if path in OPERATORS or path in ("/v1/organisations", "/v1/me"):  # their own to use; /v1/me is about the token alone
            continue
        answer = await request(operator, method, path, acme.ids)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"
