"""The page where the API is tried: it loads nothing from elsewhere, and its login reaches the issuer."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from profile_service.main import service
from tests.support import RunningService, Surroundings
from tests.support.serving import served


async def test_everything_the_page_loads_comes_from_the_service_itself(profile: RunningService) -> None:
    client = profile.client_with(None)
    page = await client.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert [address for address in loaded if "//" in address] == []
    for address in (one for one in loaded if not one.startswith("data:")):
        answer = await client.get(f"/{address}")
        assert (answer.status_code, len(answer.content) > 500) == (200, True), address
        assert not re.search(r"\bimport\s*\(?[\"']https?://|sourceMappingURL=http", answer.text[:20_000]), address


async def test_the_document_is_that_of_the_service_and_names_its_issuers_token_address(profile: RunningService) -> None:
    document = (await profile.client_with(None).get("/openapi.json")).json()
    written = profile.app.openapi()

    assert document["paths"] == written["paths"]
    assert document["servers"] == [{"url": "/"}]


async def test_what_is_no_part_of_the_page_is_not_there(profile: RunningService) -> None:
    for path in ("/docs/secrets.py", "/docs/..%2fdocs_page.py", "/docs/docs.html"):
        assert (await profile.client_with(None).get(path)).status_code == 404, path


async def test_a_login_on_the_page_reaches_the_issuer_and_nothing_else(surroundings: Surroundings) -> None:
    async with an_issuer() as (issuer, asked), surroundings.running(service, worker=False, auth_issuer=issuer) as running:
        client = running.client_with(None)
        document = (await client.get("/openapi.json")).json()
        answer = await client.post(
            "/docs/token", data={"grant_type": "client_credentials", "scope": "people:read"}, auth=("acme", "secret")
        )
        too_much = await client.post("/docs/token", content=b"x" * 20_000)

    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{issuer}/oauth2/v2.0/token"
    assert (answer.status_code, answer.json()) == (200, {"access_token": "abc", "token_type": "Bearer"})
    assert answer.headers["cache-control"] == "no-store"
    assert asked == [("Basic YWNtZTpzZWNyZXQ=", "grant_type=client_credentials&scope=people%3Aread")]
    assert too_much.status_code == 413


async def test_while_the_issuer_cannot_be_reached_the_page_says_so(surroundings: Surroundings) -> None:
    async with surroundings.running(service, worker=False, auth_issuer="http://127.0.0.1:9") as running:
        client = running.client_with(None)
        answer = await client.post("/docs/token", data={"grant_type": "client_credentials"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@asynccontextmanager
async def an_issuer() -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    """One whose token endpoint is where Entra has it; and what it was asked."""
    asked: list[tuple[str, str]] = []

    async def issuer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        document: dict[str, Any] = {}
        if scope["path"] == "/.well-known/openid-configuration":
            document = {"token_endpoint": f"{address}/oauth2/v2.0/token", "jwks_uri": f"{address}/jwks"}
        elif scope["path"] == "/oauth2/v2.0/token":
            message = await receive()
            asked.append((httpx.Headers(scope["headers"])["authorization"], message["body"].decode()))
            document = {"access_token": "abc", "token_type": "Bearer"}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    async with served(issuer) as address:
        yield address, asked
