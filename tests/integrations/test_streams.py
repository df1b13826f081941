"""Streams of events over a real connection: resumed without a gap, limited by tickets, ended cleanly."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from integrations_service.main import service
from peerloom_service.identifiers import new_id
from tests.integrations.facts import an_acceptance, an_expiry
from tests.support import RunningService, Surroundings, eventually

Feed = Callable[..., Awaitable[Any]]


@pytest.fixture
def client(integrations: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return integrations.client(tenant)


class Reader:
    """Reads a stream as a browser does."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def next(self) -> dict[str, Any]:
        """The next event. Raises: StopAsyncIteration where the stream has ended."""
        async with asyncio.timeout(20):
            while True:
                line = await anext(self._lines)
                if line.startswith("id: "):
                    self.last_id = line.removeprefix("id: ")
                if line.startswith("data: "):
                    event: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return event

    async def rest(self) -> list[str]:
        """All lines up to the stream's end."""
        async with asyncio.timeout(20):
            return [line async for line in self._lines]


@asynccontextmanager
async def stream(client: httpx.AsyncClient, last_id: str = "", **query: Any) -> AsyncIterator[Reader]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with client.stream("GET", "/v1/events/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream"
        yield Reader(answer)


async def test_events_are_streamed_as_they_happen(client: httpx.AsyncClient, feed: Feed) -> None:
    async with stream(client) as reader:
        first, second = an_expiry(), an_acceptance()
        await feed(first)
        assert (await reader.next())["subject"] == str(first.match_id)
        await feed(second)
        assert (await reader.next())["subject"] == str(second.match_id)


async def test_who_was_cut_off_goes_on_behind_the_last_event_with_none_missing_and_none_twice(
    client: httpx.AsyncClient, feed: Feed
) -> None:
    match = new_id()
    async with stream(client) as reader:
        await feed(*(an_acceptance(match, version=number) for number in range(1, 4)))
        seen = [(await reader.next())["data"]["version"] for _ in range(2)]
        last_id = reader.last_id
    await feed(*(an_acceptance(match, version=number) for number in range(4, 7)))

    async with stream(client, last_id) as reader:
        seen += [(await reader.next())["data"]["version"] for _ in range(4)]

    assert seen == [1, 2, 3, 4, 5, 6]


async def test_a_stream_from_the_beginning_goes_on_with_what_happens_next(client: httpx.AsyncClient, feed: Feed) -> None:
    match = new_id()
    await feed(*(an_acceptance(match, version=number) for number in range(1, 151)))
    async with stream(client, after="earliest") as reader:
        seen = [(await reader.next())["data"]["version"] for _ in range(150)]
        await feed(an_acceptance(match, version=151))
        seen.append((await reader.next())["data"]["version"])

    assert seen == list(range(1, 152))


async def test_streams_of_one_organisation_hear_nothing_of_another(
    client: httpx.AsyncClient, feed: Feed, integrations: RunningService
) -> None:
    other = new_id()
    async with stream(client) as mine, stream(integrations.client(other)) as theirs:
        await feed(an_expiry(), tenant=other)
        own = an_expiry()
        await feed(own)

        assert (await mine.next())["subject"] == str(own.match_id)
        assert (await theirs.next())["tenantid"] == str(other)


async def test_a_ticket_opens_one_stream_of_what_it_names_without_a_token(
    client: httpx.AsyncClient, feed: Feed, integrations: RunningService
) -> None:
    about = an_expiry()
    person = str(about.participant_ids[0])
    ticket = (await client.post("/v1/events/tickets", json={"participant_id": person})).json()["ticket"]
    browser = integrations.client_with(None)

    async with stream(browser, ticket=ticket) as reader:
        await feed(an_expiry(), about)
        assert (await reader.next())["subject"] == str(about.match_id)

    again = await browser.get("/v1/events/stream", params={"ticket": ticket})
    assert again.status_code == 401


async def test_a_ticket_cannot_be_widened(client: httpx.AsyncClient, feed: Feed, integrations: RunningService) -> None:
    mine, others = an_expiry(), an_expiry()
    ticket = (await client.post("/v1/events/tickets", json={"program_id": str(mine.program_id), "types": [mine.type]})).json()[
        "ticket"
    ]

    browser = integrations.client_with(None)
    async with stream(browser, ticket=ticket, types=an_acceptance().type, program_id=str(others.program_id)) as reader:
        await feed(others, an_acceptance(), mine)
        waiting = asyncio.ensure_future(reader.next())
        await asyncio.sleep(1.0)
        assert not waiting.done()
        waiting.cancel()


async def test_nobody_opens_a_stream_without_token_or_ticket(integrations: RunningService) -> None:
    browser = integrations.client_with(None)

    assert (await browser.get("/v1/events/stream")).status_code == 401
    assert (await browser.get("/v1/events/stream", params={"ticket": "ticket_guessed"})).status_code == 401
    assert (await browser.get("/v1/events", params={"ticket": "ticket_guessed"})).status_code == 401


async def test_streams_end_and_are_let_go_when_the_process_stops(surroundings: Surroundings, tenant: UUID) -> None:
    async with surroundings.migrated(service) as settings:
        async with surroundings.serving(service, settings, worker=False) as running:
            headers = {"Authorization": f"Bearer {running.issuer.token(tenant, ['events:read'])}"}
            readers = [httpx.AsyncClient(base_url=running.url, headers=headers, timeout=30) for _ in range(20)]
            streams = [stream(one) for one in readers]
            opened = [await one.__aenter__() for one in streams]
            url = running.url
        # The block above has ended: the server has stopped, in order, while twenty streams were open.
        rest = await asyncio.gather(*(one.rest() for one in opened), return_exceptions=True)

        assert [one for one in rest if isinstance(one, BaseException)] == [], "a stream was broken off"
        async with httpx.AsyncClient() as nobody:
            with pytest.raises(httpx.ConnectError):
                await nobody.get(url)


async def test_a_stream_ends_by_itself_and_says_when_to_come_again(surroundings: Surroundings, tenant: UUID) -> None:
    async with (
        surroundings.running(service, worker=False, stream_seconds=0.2) as running,
        stream(running.client(tenant)) as reader,
    ):
        assert "retry: 1000" in await reader.rest()


async def test_a_reader_who_leaves_is_forgotten(client: httpx.AsyncClient, integrations: RunningService, tenant: UUID) -> None:
    async with stream(client):
        assert tenant in integrations.app.state.tail._followed

    await eventually(lambda: tenant not in integrations.app.state.tail._followed)
