"""Tokens, and a client for an organisation, both through the public APIs of the issuer and of the profile service."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from peerloom_dev.stack import SERVICES


class CredentialError(RuntimeError):
    """The issuer or the profile service refused; the text is a sentence for people."""


def token(issuer: str, client_id: str, client_secret: str) -> str:
    """An access token with all scopes of the client, good for an hour. Raises: CredentialError."""
    form = {"grant_type": "client_credentials"}
    return str(_post(f"{issuer}/oauth/token", data=form, auth=(client_id, client_secret))["access_token"])


def organisation_client(profile: str, issuer: str, operator_secret: str, name: str) -> dict[str, str]:
    """A new organisation of this name and a client for it: organisation_id, client_id, client_secret, scope.

    It has every scope of every service that is not the operator's; a real front end or HR system is given fewer.
    Raises: CredentialError.
    """
    operator = {"Authorization": f"Bearer {token(issuer, 'operator', operator_secret)}"}
    once = {**operator, "Idempotency-Key": str(uuid.uuid4())}
    organisation = _post(f"{profile}/v1/organisations", headers=once, json={"name": name})
    scopes = [scope for service in SERVICES for scope in service.organisation_scopes]
    metadata = {"client_name": name, "scope": " ".join(scopes), "org_id": organisation["id"]}
    client = _post(f"{issuer}/oauth/register", headers=operator, json=metadata)
    secret = {key: str(client[key]) for key in ("client_id", "client_secret", "scope")}
    return {"organisation_id": str(organisation["id"]), **secret}


def _post(url: str, **request: Any) -> dict[str, Any]:
    try:
        with httpx.Client(trust_env=False, timeout=30) as http:  # no proxy stands between us and this machine
            answer = http.post(url, **request)
    except httpx.HTTPError as error:
        raise CredentialError(f"{url} does not answer: {error}") from error
    if answer.is_error:
        raise CredentialError(f"{url} answered {answer.status_code}: {answer.text[:500]}")
    body: dict[str, Any] = answer.json()
    return body
