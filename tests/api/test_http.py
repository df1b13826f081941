"""HTTP as RFC 9110 and RFC 6750 have it: methods, conditional requests, challenges, and sentences for people."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import RunningService, a_person, a_program
from tests.support.issuer import Issuer


@pytest.fixture
def client(profile: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return profile.client(tenant)


async def a_persons_address(client: httpx.AsyncClient) -> str:
    answer = await client.post("/v1/participants", json=a_person())
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


# -- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/participants", "GET, HEAD, POST"),
        ("/v1/participants/{}", "GET, HEAD, PATCH"),
        ("/v1/imports", None),
        ("/v1/organisations/{}", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_a_method_a_path_does_not_take_is_told_every_one_it_takes(
    method: str, path: str, allow: str | None, client: httpx.AsyncClient
) -> None:
    answer = await client.request(method, path.format(uuid4()))

    assert answer.status_code == 405
    assert answer.json()["code"] == "method-not-allowed"
    assert "POST" in answer.headers["allow"] if allow is None else answer.headers["allow"] == allow


async def test_head_is_get_without_its_body(client: httpx.AsyncClient) -> None:
    at = await a_persons_address(client)

    for address in (at, "/v1/participants", "/v1/programs", "/health/live", f"/v1/participants/{uuid4()}"):
        got, headed = await client.get(address), await client.head(address)

        assert (headed.status_code, headed.content) == (got.status_code, b""), address
        assert headed.headers["content-type"] == got.headers["content-type"]
        if got.is_success:
            assert headed.headers["content-length"] == got.headers["content-length"]
            assert headed.headers.get("etag") == got.headers.get("etag")


async def test_head_needs_the_same_token_as_get(profile: RunningService) -> None:
    assert (await profile.client_with(None).head("/v1/participants")).status_code == 401


@pytest.mark.parametrize("path", ["/v1/participants/", "/v1//participants", "/docs/"])
async def test_nobody_is_sent_to_a_host_the_request_made_up(path: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(path, headers={"host": "evil.example.com"})

    assert answer.status_code == 404
    assert "location" not in answer.headers


# -- conditional requests ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', '"7",W/"1" , "9"', "*"])
async def test_a_version_that_is_known_in_any_form_is_not_sent_again(known: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(await a_persons_address(client), headers={"If-None-Match": known})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("known", ['"2"', 'W/"2"', "1", '"11"', '"2", "3"', "rubbish", '"'])
async def test_any_other_version_is_sent(known: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(await a_persons_address(client), headers={"If-None-Match": known})

    assert (answer.status_code, answer.json()["version"]) == (200, 1)


@pytest.mark.parametrize("expected", ['"1"', '"7", "1"', 'W/"1", "1"', "*"])
async def test_a_change_of_an_expected_version_is_made(expected: str, client: httpx.AsyncClient) -> None:
    at = await a_persons_address(client)

    answer = await client.patch(at, json={"department": "R&D"}, headers={"If-Match": expected})

    assert (answer.status_code, answer.headers["etag"], answer.json()["department"]) == (200, '"2"', "R&D")


@pytest.mark.parametrize("expected", ['W/"1"', '"2"', '"2", "3"', 'W/"1", "2"', "1", "rubbish", '"1", rubbish'])
async def test_a_change_of_any_other_version_is_refused_and_a_weak_etag_is_none(
    expected: str, client: httpx.AsyncClient
) -> None:
    at = await a_persons_address(client)

    answer = await client.patch(at, json={"department": "R&D"}, headers={"If-Match": expected})

    assert (answer.status_code, answer.json()["code"]) == (412, "precondition-failed")
    assert (await client.get(at)).json()["version"] == 1


async def test_whatever_is_there_is_changed_only_where_something_is_there(client: httpx.AsyncClient) -> None:
    answer = await client.patch(f"/v1/participants/{uuid4()}", json={"department": "R&D"}, headers={"If-Match": "*"})

    assert answer.status_code == 404


# -- challenges -------------------------------------------------------------------------------------------------------


async def test_who_brings_no_token_is_told_to_bring_one_and_of_no_error(profile: RunningService) -> None:
    answer = await profile.client_with(None).get("/v1/participants")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="peerloom"'


@pytest.mark.parametrize(
    ("claims", "lack"),
    [
        ({"exp": 1}, "expired"),
        ({"aud": "payroll"}, "'aud' must contain 'peerloom'"),
        ({"iss": "https://issuer.example.com"}, "an issuer that no organisation has registered"),
        ({"iat": None}, "lacks the claim 'iat'"),
        ({"nbf": 4_000_000_000}, "not valid yet"),
    ],
)
async def test_a_token_that_is_refused_is_told_what_it_lacks(
    claims: dict[str, Any], lack: str, profile: RunningService, issuer: Issuer
) -> None:
    token = issuer.token(uuid4(), ["people:read"], **claims)

    answer = await profile.client_with(f"Bearer {token}").get("/v1/participants")

    assert answer.status_code == 401
    assert lack in answer.json()["detail"]
    assert answer.headers["www-authenticate"].startswith('Bearer realm="peerloom", error="invalid_token", error_description="')
    assert lack in answer.headers["www-authenticate"]


async def test_a_token_without_the_scope_is_told_which_it_lacks_and_which_it_has(profile: RunningService) -> None:
    answer = await profile.client(uuid4(), ["programs:read"]).get("/v1/participants")

    assert answer.status_code == 403
    assert answer.json()["detail"] == "The access token lacks the scope people:read; it has programs:read."
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="people:read"' in answer.headers["www-authenticate"]


async def test_an_operators_token_is_told_that_it_belongs_to_no_organisation(profile: RunningService) -> None:
    answer = await profile.client(None).get("/v1/participants")

    assert answer.status_code == 403
    assert "lacks the claim 'org_id'" in answer.json()["detail"]


# -- what is sent -----------------------------------------------------------------------------------------------------


async def test_a_parameter_nobody_knows_is_refused_by_its_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/participants?departement=R%26D&limit=5")

    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("query:departement", "extra_forbidden")]
    assert (await client.post("/v1/programs?dry=1", json=a_program())).status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_a_body_that_is_no_json_is_told_what_is_taken(kind: str, client: httpx.AsyncClient) -> None:
    headers = {"content-type": kind} if kind else {}

    answer = await client.post("/v1/programs", content=b'{"name": "x"}', headers=headers)

    assert (answer.status_code, answer.headers["accept"]) == (415, "application/json")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "\x00"},
        {"name": "  "},
        {"email": "ada"},
        {"time_zone": "Mars/Olympus"},
        {"working_hours": {"starts": 600, "ends": 600}},
        {"salary": 1},
        {"employee_level": "4"},
        {"hired_on": 0},
    ],
)
async def test_what_is_wrong_is_said_in_words(wrong: dict[str, Any], client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/participants", json=a_person(**wrong))

    assert answer.status_code == 422
    for error in answer.json()["errors"]:
        assert not any(sign in error["detail"] for sign in ("^", "\\", "[", "$", "Value error", "pattern '")), error


async def test_a_whole_number_may_be_written_with_a_point(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/participants", json=a_person(employee_level=4.0))
    half = await client.post("/v1/participants", json=a_person(employee_level=4.5))

    assert (answer.status_code, half.status_code) == (201, 422)
    assert answer.json()["employee_level"] == 4
