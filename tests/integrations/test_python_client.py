"""The Python client as an organisation's developer uses it: with and without asyncio, through outages."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from peerloom_client import AsyncPeerloom, ClientCredentials, Event, Peerloom, Problem
from peerloom_client.paths import SERVICE_OF
from peerloom_service.identifiers import new_id
from tests.integrations.facts import an_acceptance, an_expiry
from tests.support import RunningService, eventually
from tests.support.proxy import Proxy

Feed = Callable[..., Awaitable[Any]]


@pytest.fixture
async def peerloom(integrations: RunningService, tenant: UUID) -> AsyncIterator[AsyncPeerloom]:
    token = integrations.issuer.token(tenant, integrations.scopes())
    async with AsyncPeerloom({"integrations": integrations.url}, token) as client:
        yield client


def test_it_knows_who_serves_which_path() -> None:
    documents = Path("docs/openapi").glob("*.json")
    served = {path.split("/")[2]: file.stem for file in documents for path in json.loads(file.read_text())["paths"]}

    assert served == SERVICE_OF


async def test_lists_are_read_page_by_page_and_changes_name_the_version_they_change(peerloom: AsyncPeerloom) -> None:
    for number in range(5):
        await peerloom.post("/v1/webhooks", {"url": "https://hooks.example.com/", "description": str(number)})

    found = [webhook async for webhook in peerloom.items("/v1/webhooks", limit=2)]

    assert [webhook["description"] for webhook in found] == list("01234")
    changed = await peerloom.patch(f"/v1/webhooks/{found[0]['id']}", {"state": "disabled"}, version=found[0]["version"])
    assert changed["state"] == "disabled"
    with pytest.raises(Problem) as refused:
        await peerloom.patch(f"/v1/webhooks/{found[0]['id']}", {"state": "enabled"}, version=found[0]["version"])
    assert (refused.value.status, refused.value.code) == (412, "precondition-failed")


async def test_a_request_is_repeated_with_its_key_and_has_one_effect(peerloom: AsyncPeerloom) -> None:
    body, key = {"url": "https://hooks.example.com/"}, new_id().hex

    first = await peerloom.post("/v1/webhooks", body, key=key)
    second = await peerloom.post("/v1/webhooks", body, key=key)

    assert first == second
    assert len([one async for one in peerloom.items("/v1/webhooks")]) == 1


async def test_who_follows_misses_nothing_and_hears_nothing_twice_though_the_connection_is_cut_again_and_again(
    integrations: RunningService, tenant: UUID, feed: Feed
) -> None:
    token = integrations.issuer.token(tenant, integrations.scopes())
    match = new_id()
    seen: list[Event] = []
    async with (
        Proxy.to("127.0.0.1", urlsplit(integrations.url).port or 80) as proxy,
        AsyncPeerloom({"integrations": f"http://127.0.0.1:{proxy.port}"}, token) as client,
    ):
        following = asyncio.ensure_future(_collect(client, 60, seen))
        for start in range(1, 61, 20):
            await eventually(lambda start=start: len(seen) >= start - 1)  # type: ignore[misc]
            proxy.disconnect()
            await feed(*(an_acceptance(match, version=number) for number in range(start, start + 20)))
        async with asyncio.timeout(30):
            await following

    assert [event.data["version"] for event in seen] == list(range(1, 61))


async def _collect(client: AsyncPeerloom, count: int, seen: list[Event]) -> None:
    async for event in client.follow(after="earliest"):
        seen.append(event)
        if len(seen) == count:
            return


async def test_it_does_the_same_without_asyncio(integrations: RunningService, tenant: UUID, feed: Feed) -> None:
    expired = an_expiry()
    await feed(expired)
    token = integrations.issuer.token(tenant, integrations.scopes())

    def use() -> Event:
        with Peerloom({"integrations": integrations.url}, lambda: token) as client:
            assert client.get("/v1/webhooks")["items"] == []
            return next(client.follow(after="earliest", types=[expired.type]))

    event = await asyncio.to_thread(use)

    assert event.subject == str(expired.match_id)
    assert event.cursor


async def test_nobody_serves_what_is_not_there() -> None:
    async with AsyncPeerloom({"profile": "http://127.0.0.1:9"}, "token") as client:
        with pytest.raises(ValueError, match="No address is known for /v1/unicorns"):
            await client.get("/v1/unicorns")


def test_credentials_do_not_show_their_secret() -> None:
    assert "hunter2" not in repr(ClientCredentials("https://issuer.example.com", "me", "hunter2"))
