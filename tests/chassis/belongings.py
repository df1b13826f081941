"""What an organisation can own, for tests of whether it stays its own."""

from typing import Any
from uuid import UUID

import httpx

from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from profile_service.handlers import know_each_other
from tests.support import RunningService, a_match_confirmed, a_person, a_program, an_organisation, eventually

CHASSIS_TABLES = frozenset({"outbox", "inbox", "idempotency_key", "parked_event", "alembic_version"}) | {
    "access_issuer",
    "access_link",
    "access_grant",
    "access_organisation",
}
HEADER = "employee_number,name,email,department,job_title,level,location,time_zone,languages,hire_date\n"


def a_line(number: str, email: str) -> str:
    """One person's line of a people file."""
    return f"{number},Ada,{email},R&D,Engineer,3,Berlin,Europe/Berlin,en,2020-01-01\n"


class Belongings:
    """Everything profile can keep for one organisation, made through its API."""

    def __init__(self, client: httpx.AsyncClient, ids: dict[str, str]) -> None:
        self.client = client
        self.ids = ids
        """By the name of the path parameter that stands for it."""

    @classmethod
    async def of(cls, profile: RunningService, name: str) -> "Belongings":
        organisation = await profile.client(None).post("/v1/organisations", json=an_organisation(name=name))
        organisation_id = organisation.json()["id"]
        client = profile.client(UUID(organisation_id))
        person = await client.post("/v1/participants", json=a_person(department=name))
        program = await client.post("/v1/programs", json=a_program(name=name))
        enrolled = await client.post(f"/v1/programs/{program.json()['id']}/enrolments", json={"everybody": True})
        assert {answer.status_code for answer in (organisation, person, program, enrolled)} == {201}
        ids = {
            "organisation_id": organisation_id,
            "participant_id": person.json()["id"],
            "program_id": program.json()["id"],
        }
        enrolments = await client.get(f"/v1/programs/{ids['program_id']}/enrolments")
        ids |= {"enrolment_id": enrolments.json()["items"][0]["id"], "change": "pause"}
        issuer = await client.post("/v1/issuers", json={"issuer": f"https://{name}.example.com", "audience": name})
        wanted = {"issuer_id": issuer.json()["id"], "participant_id": ids["participant_id"], "subject": name}
        link = await client.post("/v1/account-links", json=wanted)
        role = {"participant_id": ids["participant_id"], "role": "hr_administrator"}
        grant = await client.post("/v1/role-grants", json=role)
        assert {answer.status_code for answer in (issuer, link, grant)} == {201}
        ids |= {"issuer_id": issuer.json()["id"], "link_id": link.json()["id"], "grant_id": grant.json()["id"]}
        match = a_match_confirmed((UUID(ids["participant_id"]), new_id()), UUID(ids["program_id"]), match_id=new_id())
        cause = Cause("a test")
        await profile.runtime.perform(know_each_other, match, tenant_id=UUID(organisation_id), cause=cause)
        belongings = cls(client, ids)
        imported = await belongings.imports(a_line("1", "ada@example.com"), a_line("2", "broken"))
        ids["import_id"] = imported["id"]
        return belongings

    async def imports(self, *lines: str) -> dict[str, Any]:
        """What has become of a people file once it has been worked through."""
        body = HEADER + "".join(lines)
        sent = await self.client.post("/v1/imports", content=body, headers={"content-type": "text/csv"})
        assert sent.status_code == 202, sent.text

        async def completed() -> dict[str, Any] | None:
            job: dict[str, Any] = (await self.client.get(sent.headers["location"])).json()
            return job if job["state"] == "completed" else None

        done = await eventually(completed)
        assert done is not None
        return done


async def tables_of(profile: RunningService) -> list[str]:
    rows = await profile.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    return [row["table_name"] for row in rows if row["table_name"] not in CHASSIS_TABLES]
