"""What a route may be, and what it does before its function is called."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi import Depends, Header, Response
from ledgers import an_account

from peerloom_service.access.rules import CLIENTS
from peerloom_service.http.bodies import Body
from peerloom_service.http.messages import Response as HttpResponse
from peerloom_service.http.routing import Router
from peerloom_service.http.work import Work, allowed
from tests.support import RunningService

Anybody = Annotated[Work, allowed("accounts:read", CLIENTS)]


class Something(Body):
    name: str


async def _open_to_all(name: str) -> HttpResponse: ...
async def _with_another_dependency(work: Anybody, other: Annotated[str, Depends(lambda: "x")]) -> HttpResponse: ...
async def _with_a_header(work: Anybody, x_name: Annotated[str, Header()]) -> HttpResponse: ...
async def _with_a_response_to_fill(work: Anybody, response: Response) -> HttpResponse: ...
async def _with_two_bodies(work: Anybody, one: Something, two: Something) -> HttpResponse: ...
async def _with_a_body_that_may_be_left_out(work: Anybody, body: Something | None = None) -> HttpResponse: ...


@pytest.mark.parametrize(
    "function",
    [
        _open_to_all,
        _with_another_dependency,
        _with_a_header,
        _with_a_response_to_fill,
        _with_two_bodies,
        _with_a_body_that_may_be_left_out,
    ],
)
def test_a_route_that_asks_for_what_no_route_is_given_is_refused_where_it_is_declared(function: Any) -> None:
    with pytest.raises(TypeError, match="/things: a route takes"):
        Router().post("/things", response_model=None)(function)


async def test_what_is_wrong_with_parameters_and_body_is_said_together(ledger: RunningService, tenant: UUID) -> None:
    answer = await ledger.client(tenant).post("/v1/accounts/me/bookings", json={"amount": 10**9, "note": "x"})

    assert answer.status_code == 422
    assert {(one["pointer"], one["code"]) for one in answer.json()["errors"]} == {
        ("path:account_id", "uuid_parsing"),
        ("#/amount", "less_than_equal"),
        ("#/note", "extra_forbidden"),
    }


async def test_a_body_that_is_missing_is_named_as_such(ledger: RunningService, tenant: UUID) -> None:
    answer = await ledger.client(tenant).post("/v1/accounts", headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "#", "detail": "Field required", "code": "missing"}]


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"])
async def test_json_by_any_of_its_names_is_taken(kind: str, ledger: RunningService, tenant: UUID) -> None:
    body = f'{{"name": "{an_account()["name"]}"}}'.encode()

    answer = await ledger.client(tenant).post("/v1/accounts", content=body, headers={"content-type": kind})

    assert answer.status_code == 201, answer.text


async def test_of_a_body_that_comes_in_pieces_every_piece_counts(ledger: RunningService, tenant: UUID) -> None:
    name = an_account()["name"]

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"na', b'me": "', name.encode(), b'"}'):
            yield piece
            await asyncio.sleep(0.01)

    answer = await ledger.client(tenant).post("/v1/accounts", content=pieces(), headers={"content-type": "application/json"})

    assert answer.json()["name"] == name


async def test_nobodys_body_is_read_before_the_token_was_looked_at(ledger: RunningService) -> None:
    """The answer comes while the body is still on its way."""
    at = urlsplit(ledger.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(b"POST /v1/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")

    async with asyncio.timeout(5):
        assert b" 401 " in await reader.readline()
    writer.close()


async def test_a_caller_who_leaves_before_the_body_is_complete_does_no_harm(ledger: RunningService, tenant: UUID) -> None:
    client, at = ledger.client(tenant), urlsplit(ledger.url)
    token = client.headers["authorization"]
    head = f"POST /v1/accounts HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
    for _ in range(20):
        _, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(f"{head}idempotency-key: {uuid4()}\r\ncontent-length: 100\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()

    assert (await client.post("/v1/accounts", json=an_account())).status_code == 201


async def test_a_method_a_path_does_not_take_is_told_which_it_takes(ledger: RunningService, tenant: UUID) -> None:
    answer = await ledger.client(tenant).put("/v1/accounts", json=an_account())

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_an_answer_somebody_has_already_is_not_sent_again(ledger: RunningService, tenant: UUID) -> None:
    client = ledger.client(tenant)
    created = await client.post("/v1/accounts", json=an_account())

    answer = await client.get(created.headers["location"], headers={"If-None-Match": created.headers["etag"]})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == created.headers["etag"]
    assert "content-type" not in answer.headers
