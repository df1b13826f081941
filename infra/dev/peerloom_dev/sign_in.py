"""The demo company's people sign in at the development issuer: both sides are told of each other, through their public APIs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from peerloom_dev.credentials import CredentialError, token

PEOPLES_AUDIENCE: Final = "peerloom-people"
_TAKEN: Final = 409


def let_people_sign_in(
    profile: str, issuer: str, operator_secret: str, client: Mapping[str, str], redirect_uri: str
) -> tuple[str, int]:
    """Every participant of the client's organisation may sign in through a new public client, whose id is returned with how
    many they are. The first is an HR administrator, the second manages every program.

    Raises: CredentialError.
    """
    mine = {"Authorization": f"Bearer {token(issuer, client['client_id'], client['client_secret'])}"}
    operator = {"Authorization": f"Bearer {token(issuer, 'operator', operator_secret)}"}
    organisation = client["organisation_id"]
    with httpx.Client(trust_env=False, timeout=30) as http:
        people = list(_pages(http, f"{profile}/v1/participants", mine))
        registration = {
            "issuer": issuer,
            "audience": PEOPLES_AUDIENCE,
            "organisation_claim": "org_id",
            "organisation_value": organisation,
            "roles_claim": "roles",
            "roles": {"hr": "hr_administrator"},
        }
        _post(http, f"{profile}/v1/issuers", mine, registration)
        for program in _pages(http, f"{profile}/v1/programs", mine) if len(people) > 1 else ():
            grant = {"participant_id": people[1]["id"], "role": "program_manager", "program_id": program["id"]}
            _post(http, f"{profile}/v1/role-grants", mine, grant)
        accounts = [
            {"sub": one["id"], "email": one["email"], "name": one["name"], "roles": [] if place else ["hr"]}
            for place, one in enumerate(people)
        ]
        _sound(http.put(f"{issuer}/people/{organisation}", headers=operator, json=accounts))
        metadata = {
            "client_name": "A front end",
            "scope": "openid",
            "org_id": organisation,
            "redirect_uris": [redirect_uri],
        }
        registered = _sound(http.post(f"{issuer}/oauth/register", headers=operator, json=metadata)).json()
    return str(registered["client_id"]), len(people)


def _pages(http: httpx.Client, url: str, headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = _sound(http.get(url, headers=headers, params={"limit": 500, **({"cursor": cursor} if cursor else {})})).json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def _post(http: httpx.Client, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> None:
    """Create something; that it is there already is as good."""
    answer = http.post(url, headers={**headers, "Idempotency-Key": str(uuid.uuid4())}, json=body)
    if answer.status_code != _TAKEN:
        _sound(answer)


def _sound(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise CredentialError(f"{answer.url} answered {answer.status_code}: {answer.text[:500]}")
    return answer
