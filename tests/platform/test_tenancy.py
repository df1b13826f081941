"""Nobody sees or changes what belongs to another organisation, whatever way they try."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from support import RunningService, a_person, a_program, an_organisation, eventually

from peerloom_service.tables import CHASSIS_TABLES

PEOPLE_FILE = (
    "employee_number,name,email,department,job_title,level,location,time_zone,languages,hire_date\n"
    "1,Ada,ada@example.com,R&D,Engineer,3,Berlin,Europe/Berlin,en,2020-01-01\n"
    "2,,broken,R&D,Engineer,3,Berlin,Europe/Berlin,en,2020-01-01\n"
)


class Property:
    """Everything profile can keep for one organisation, made through its API."""

    def __init__(self, client: httpx.AsyncClient, ids: dict[str, str]) -> None:
        self.client = client
        self.ids = ids
        """By the name of the path parameter that stands for it."""

    @classmethod
    async def of(cls, profile: RunningService, name: str) -> "Property":
        organisation = await profile.client(None).post("/v1/organisations", json=an_organisation(name=name))
        organisation_id = organisation.json()["id"]
        client = profile.client(UUID(organisation_id))
        person = await client.post("/v1/participants", json=a_person(department=name))
        program = await client.post("/v1/programs", json=a_program(name=name))
        enrolled = await client.post(f"/v1/programs/{program.json()['id']}/enrolments", json={})
        imported = await client.post("/v1/imports", content=PEOPLE_FILE, headers={"content-type": "text/csv"})
        assert [answer.status_code for answer in (organisation, person, program, enrolled, imported)] == [
            201,
            201,
            201,
            201,
            202,
        ]
        at = imported.headers["location"]
        await eventually(lambda: _completed(client, at))
        ids = {
            "organisation_id": organisation_id,
            "participant_id": person.json()["id"],
            "program_id": program.json()["id"],
            "import_id": imported.json()["id"],
        }
        return cls(client, ids)


async def _completed(client: httpx.AsyncClient, at: str) -> bool:
    return bool((await client.get(at)).json()["state"] == "completed")


@pytest.fixture(scope="module")
async def acme(profile: RunningService) -> Property:
    return await Property.of(profile, "acme")


@pytest.fixture(scope="module")
async def umbrella(profile: RunningService) -> Property:
    return await Property.of(profile, "umbrella")


# A body each route would take, so that nothing but the organisation can be the reason for a refusal.
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/v1/participants/{participant_id}"): {"department": "taken over"},
    ("POST", "/v1/programs/{program_id}/enrolments"): {},
    ("POST", "/v1/participants"): a_person(),
    ("POST", "/v1/programs"): a_program(),
}


async def request(client: httpx.AsyncClient, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    try:
        at = path.format(**ids)
    except KeyError as error:
        raise AssertionError(f"the matrix does not know what {error} of {path} stands for: add it to Property") from error
    headers = {"If-Match": '"1"'} if method == "PATCH" else {}
    return await client.request(method, at, json=BODIES.get((method, path)), headers=headers)


async def test_another_organisations_ids_lead_nowhere_on_any_route(
    profile: RunningService, acme: Property, umbrella: Property
) -> None:
    leaks = []
    tried = 0
    for method, path, _ in profile.operations():
        if "{" in path:
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
    profile: RunningService, acme: Property, umbrella: Property
) -> None:
    others = set(acme.ids.values())
    for method, path, _ in profile.operations():
        if method == "GET":
            answer = await request(umbrella.client, method, path, umbrella.ids)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            assert not [id_ for id_ in others if id_ in answer.text], f"{path} shows what belongs to another organisation"
            assert "acme" not in answer.text, f"{path} shows what belongs to another organisation"


async def test_filters_and_cursors_do_not_reach_into_another_organisation(acme: Property, umbrella: Property) -> None:
    await acme.client.post("/v1/participants", json=a_person(department="acme"))
    cursor = (await acme.client.get("/v1/participants", params={"limit": 1})).json()["next"]

    filtered = await umbrella.client.get("/v1/participants", params={"department": "acme"})
    continued = await umbrella.client.get("/v1/participants", params={"cursor": cursor})

    assert filtered.json()["items"] == []
    assert "acme" not in continued.text


async def test_somebody_of_another_organisation_cannot_be_anybodys_manager(acme: Property, umbrella: Property) -> None:
    answer = await umbrella.client.post("/v1/participants", json=a_person(manager_id=acme.ids["participant_id"]))

    assert answer.status_code == 404, answer.text
    assert answer.json()["type"] == "urn:peerloom:problem:unknown-manager"


async def test_names_and_addresses_are_free_for_every_organisation(acme: Property, umbrella: Property) -> None:
    person = a_person()

    first = await acme.client.post("/v1/participants", json=person)
    second = await umbrella.client.post("/v1/participants", json=person)

    assert (first.status_code, second.status_code) == (201, 201)


async def test_an_operator_reads_and_changes_nothing_of_an_organisation(profile: RunningService, acme: Property) -> None:
    operator = profile.client(None)
    for method, path, _ in profile.operations():
        if path == "/v1/organisations":
            continue
        answer = await request(operator, method, path, acme.ids)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"


# -- the second wall: statements that forget the organisation ---------------------------------------------------------


async def test_row_level_security_alone_hides_other_organisations_rows(
    profile: RunningService, acme: Property, umbrella: Property
) -> None:
    ours = UUID(umbrella.ids["organisation_id"])
    database = profile.runtime.database
    for table in await _tables(profile):
        seen = {row["tenant_id"] for row in await database.fetch(ours, f"SELECT tenant_id FROM {table}")}
        everything = {row["tenant_id"] for row in await database.fetch(None, f"SELECT tenant_id FROM {table}")}
        assert seen <= {ours}, f"{table} shows rows of another organisation"
        if table != "import_piece":  # gone once the file has been worked through
            assert {ours, UUID(acme.ids["organisation_id"])} <= everything, f"{table} is empty: this test proves nothing"


async def test_row_level_security_alone_keeps_other_organisations_rows_as_they_are(
    profile: RunningService, acme: Property, umbrella: Property
) -> None:
    ours, theirs = UUID(umbrella.ids["organisation_id"]), UUID(acme.ids["organisation_id"])
    database = profile.runtime.database
    before = await database.fetch(theirs, "SELECT * FROM participant ORDER BY id")

    changed = await database.execute(ours, "UPDATE participant SET name = 'x' WHERE tenant_id = $1", theirs)
    deleted = await database.execute(ours, "DELETE FROM program WHERE tenant_id = $1", theirs)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(ours, "UPDATE participant SET tenant_id = $1", theirs)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(
            ours,
            "INSERT INTO organisation (tenant_id, id, version, name, created_at) VALUES ($1, $1, 1, 'x', now())",
            uuid4(),
        )

    assert (changed, deleted) == ("UPDATE 0", "DELETE 0")
    assert await database.fetch(theirs, "SELECT * FROM participant ORDER BY id") == before


async def test_a_connection_that_serves_nobody_sees_nothing(profile: RunningService, acme: Property) -> None:
    connection = await asyncpg.connect(profile.settings.database_url)
    try:
        for table in await _tables(profile):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()


async def test_every_table_with_an_organisation_in_it_is_behind_the_wall(profile: RunningService) -> None:
    unguarded = await profile.rows(
        """
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE attname = 'tenant_id' AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
        """
    )
    rights = await profile.rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")

    assert [row["relname"] for row in unguarded] == []
    assert [tuple(row) for row in rights] == [(False, False)]


async def _tables(profile: RunningService) -> list[str]:
    rows = await profile.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    return [row["table_name"] for row in rows if row["table_name"] not in CHASSIS_TABLES]
