"""People come with tokens of their organisation's own issuer: linked once, and known to every service from then on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_events import Event, ParticipantRegistered, PersonLinked
from peerloom_service.access.registrations import subject_id
from tests.support import RunningService, a_person, a_program, an_organisation, eventually
from tests.support.issuer import Issuer

AUDIENCE = "peerloom-people"


@dataclass
class Company:
    """An organisation with an issuer of its own, in profile."""

    id: UUID
    issuer: Issuer
    profile: RunningService
    client: httpx.AsyncClient
    registration: dict[str, Any]

    def person(self, at: RunningService, sub: str, **claims: Any) -> httpx.AsyncClient:
        """Somebody of the company who has signed in."""
        known = {"aud": AUDIENCE, "sub": sub, "client_id": "intranet", "scope": None, **claims}
        return at.client_with(f"Bearer {self.issuer.token(None, [], **known)}")

    async def participant(self, **facts: Any) -> dict[str, Any]:
        """A new participant."""
        created = await self.client.post("/v1/participants", json=a_person(**facts))
        assert created.status_code == 201, created.text
        body: dict[str, Any] = created.json()
        return body


@pytest.fixture(scope="module")
async def company(profile: RunningService, analytics: RunningService) -> AsyncIterator[Company]:
    async with Issuer.running() as issuer:
        operator = profile.client(None, ["organisations:write"])
        organisation = (await operator.post("/v1/organisations", json=an_organisation())).json()
        client = profile.client(UUID(organisation["id"]))
        wanted = {"issuer": issuer.url, "audience": AUDIENCE, "roles_claim": "groups", "roles": {"HR": "hr_administrator"}}
        registered = await client.post("/v1/issuers", json=wanted)
        assert registered.status_code == 201, registered.text
        yield Company(UUID(organisation["id"]), issuer, profile, client, registered.json())


async def test_somebody_who_signs_in_is_linked_once_by_what_their_token_says(company: Company, profile: RunningService) -> None:
    ada = await company.participant()
    at_first = company.person(profile, "ada", email=ada["email"].upper())

    me = await signed_in(at_first)
    refused = await at_first.get(f"/v1/participants/{ada['id']}")
    linked = await at_first.put("/v1/me")
    later = await company.person(profile, "ada").get("/v1/me")

    assert (me["linked"], me["kind"], me["organisation_id"]) == (False, "person", str(company.id))
    assert refused.status_code == 403
    assert linked.status_code == 200, linked.text
    assert later.json()["participant"]["id"] == ada["id"], "found by the account, also without an address"
    assert (await company.person(profile, "ada").get(f"/v1/participants/{ada['id']}")).status_code == 200


async def test_an_account_with_an_address_that_is_not_verified_or_nobodys_is_not_linked(
    company: Company, profile: RunningService
) -> None:
    bob = await company.participant()

    answers = [
        await company.person(profile, "bob", email=bob["email"], email_verified=False).put("/v1/me"),
        await company.person(profile, "bob", email="nobody@example.com").put("/v1/me"),
        await company.person(profile, "bob").put("/v1/me"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_an_address_that_was_handed_on_does_not_lead_to_the_one_who_had_it(
    company: Company, profile: RunningService
) -> None:
    cleo = await company.participant()
    assert (await company.person(profile, "cleo", email=cleo["email"]).put("/v1/me")).status_code == 200

    second = await company.person(profile, "somebody-new", email=cleo["email"]).put("/v1/me")

    assert second.status_code == 409, second.text


async def test_the_link_the_role_and_its_end_reach_other_services_as_ids(
    company: Company, profile: RunningService, analytics: RunningService
) -> None:
    dan = await company.participant()
    program = (await company.client.post("/v1/programs", json=a_program())).json()
    await company.person(profile, "dan", email=dan["email"]).put("/v1/me")
    figures = f"/v1/analytics/programs/{program['id']}"

    async def answers(status: int) -> bool:
        answer = await company.person(analytics, "dan").get(figures)
        assert answer.status_code == status, answer.text
        return True

    await eventually(lambda: answers(403))
    wanted = {"participant_id": dan["id"], "role": "program_manager", "program_id": program["id"]}
    grant = await company.client.post("/v1/role-grants", json=wanted)
    await eventually(lambda: answers(200))
    assert (await company.person(analytics, "dan").get("/v1/analytics/overview")).status_code == 403
    await company.client.delete(grant.headers["location"])
    await eventually(lambda: answers(403))


async def test_a_group_of_the_issuer_makes_an_hr_administrator_also_of_somebody_who_takes_no_part(
    company: Company, profile: RunningService
) -> None:
    hr = company.person(profile, "eve", groups=["HR", "Everyone"])

    assert (await hr.get("/v1/participants")).status_code == 200
    assert (await company.person(profile, "eve", groups=["Everyone"]).get("/v1/participants")).status_code == 403


async def test_an_issuer_speaks_for_the_organisation_that_registered_it_whatever_its_tokens_claim(
    company: Company, profile: RunningService
) -> None:
    other = uuid4()

    me = await signed_in(company.person(profile, "mallory", org_id=str(other), groups=["HR"]))

    assert me["organisation_id"] == str(company.id)


async def test_nobody_registers_what_is_anothers_and_a_removed_issuer_is_taken_no_longer(
    company: Company, profile: RunningService
) -> None:
    again = {"issuer": company.issuer.url, "audience": AUDIENCE}
    assert (await profile.client(uuid4()).post("/v1/issuers", json=again)).status_code == 409

    async with Issuer.running() as issuer:
        mine = {"issuer": issuer.url, "audience": AUDIENCE}
        location = (await company.client.post("/v1/issuers", json=mine)).headers["location"]

        def token() -> str:
            return f"Bearer {issuer.token(None, [], aud=AUDIENCE, sub='x')}"

        await eventually(lambda: taken(profile, token(), 200))
        await company.client.delete(location)
        await eventually(lambda: taken(profile, token(), 401))


async def test_nobody_acts_for_a_suspended_organisation_until_it_is_resumed(profile: RunningService) -> None:
    operator = profile.client(None, ["organisations:write"])
    id_ = (await operator.post("/v1/organisations", json=an_organisation())).json()["id"]
    state = f"/v1/organisations/{id_}/state"

    assert (await profile.client(UUID(id_)).get("/v1/participants")).status_code == 200
    assert (await profile.client(UUID(id_)).put(state, json={"state": "active"})).status_code == 403
    assert (await operator.put(state, json={"state": "suspended"})).status_code == 200
    refused = await profile.client(UUID(id_), jti="another").get("/v1/participants")
    assert (refused.status_code, refused.json()["code"]) == (403, "organisation-suspended")
    assert (await operator.put(state, json={"state": "active"})).status_code == 200
    assert (await profile.client(UUID(id_), jti="a third").get("/v1/participants")).status_code == 200
    assert (await operator.put(state, json={"state": "closed"})).status_code == 200
    assert (await operator.put(state, json={"state": "active"})).status_code == 409


async def test_a_client_acts_on_behalf_of_a_person_with_that_persons_rights_alone(
    company: Company, profile: RunningService
) -> None:
    fay, other = await company.participant(), await company.participant()
    for_fay = {"Peerloom-On-Behalf-Of": fay["id"]}

    async def reads(person: dict[str, Any], client: httpx.AsyncClient = company.client) -> int:
        return (await client.get(f"/v1/participants/{person['id']}", headers=for_fay)).status_code

    assert (await reads(fay), await reads(other)) == (200, 403)
    assert (await company.client.get("/v1/participants", headers=for_fay)).status_code == 403
    assert await reads(fay, profile.client(company.id, ["people:read"])) == 403, "without the scope for it"


async def test_every_event_says_who_did_it(company: Company, profile: RunningService) -> None:
    gil = await company.participant()
    await company.person(profile, "gil", email=gil["email"]).put("/v1/me")

    linked = await actor_of(profile, PersonLinked, company.id, gil["id"])
    created = await actor_of(profile, ParticipantRegistered, company.id, gil["id"])

    assert linked == ("person", str(subject_id(company.issuer.url, "gil")))
    assert created == ("client", "tests")


async def actor_of(profile: RunningService, kind: type[Event], organisation: UUID, participant_id: str) -> tuple[str, str]:
    def heard() -> tuple[str, str] | None:
        for one in profile.log.overheard(kind, organisation):
            if str(one.event.participant_id) == participant_id:  # type: ignore[attr-defined]
                return one.envelope.actortype, one.envelope.actorid
        return None

    found = await eventually(heard)
    assert found is not None
    return found


async def signed_in(client: httpx.AsyncClient) -> dict[str, Any]:
    """Who somebody is, as soon as profile has read that their issuer is registered."""

    async def answered() -> dict[str, Any]:
        answer = await client.get("/v1/me")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    found = await eventually(answered)
    assert found is not None
    return found


async def taken(at: RunningService, authorization: str, status: int) -> bool:
    answer = await at.client_with(authorization).get("/v1/me")
    assert answer.status_code == status, answer.text
    return True
