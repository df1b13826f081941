"""The event log on a real database and a real wire: nothing lost, nothing twice, in the order of commits."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from integrations_service import retention
from integrations_service.domain.events import today
from peerloom_service.identifiers import new_id
from tests.integrations.facts import an_acceptance, an_expiry
from tests.support import RunningService, eventually

Feed = Callable[..., Awaitable[Any]]


@pytest.fixture
def client(integrations: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return integrations.client(tenant)


async def read(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """All events behind a place, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await client.get("/v1/events", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["at_end"]:
            return found
        query["after"] = page["next"]


async def logged(client: httpx.AsyncClient, count: int, **query: Any) -> list[dict[str, Any]]:
    """The same, once there are so many."""

    async def enough() -> list[dict[str, Any]]:
        found = await read(client, **query)
        assert len(found) >= count, f"{len(found)} of {count} events are logged"
        return found

    return await eventually(enough, within=20, every=0.1)


async def test_an_event_is_read_as_it_was_published_with_all_that_was_said_about_it(
    client: httpx.AsyncClient, feed: Feed
) -> None:
    expired = an_expiry()
    (envelope,) = await feed(expired)

    (event,) = await logged(client, 1)

    assert event["id"] == envelope.id
    assert (event["type"], event["source"], event["subject"]) == (expired.type, "/matching", str(expired.match_id))
    assert event["correlationid"] == envelope.correlationid
    assert event["dataschema"] == expired.dataschema()
    assert type(expired).model_validate(event["data"]) == expired


async def test_pages_follow_each_other_without_a_gap_and_end_at_the_end(client: httpx.AsyncClient, feed: Feed) -> None:
    match = new_id()
    fed = await feed(*(an_acceptance(match, version=number) for number in range(1, 24)))
    await logged(client, 23)

    found = await read(client, limit=5)

    assert [event["id"] for event in found] == [envelope.id for envelope in fed]
    assert [event["data"]["version"] for event in found] == list(range(1, 24))


async def test_a_reader_asks_for_types_a_participant_and_a_program(client: httpx.AsyncClient, feed: Feed) -> None:
    accepted, expired = an_acceptance(), an_expiry()
    await feed(accepted, expired)
    await logged(client, 2)

    def ids(found: list[dict[str, Any]]) -> list[str]:
        return [event["subject"] for event in found]

    assert ids(await read(client, types=expired.type)) == [str(expired.match_id)]
    assert ids(await read(client, participant_id=str(accepted.participant_id))) == [str(accepted.match_id)]
    assert ids(await read(client, participant_id=str(expired.participant_ids[1]))) == [str(expired.match_id)]
    assert ids(await read(client, program_id=str(expired.program_id))) == [str(expired.match_id)]
    assert ids(await read(client, program_id=str(new_id()))) == []


async def test_an_organisation_reads_its_own_events_only(
    client: httpx.AsyncClient, feed: Feed, integrations: RunningService
) -> None:
    other = new_id()
    await feed(an_expiry())
    await feed(an_expiry(), an_expiry(), tenant=other)

    mine, theirs = await logged(client, 1), await logged(integrations.client(other), 2)

    assert len(mine) == 1
    assert {event["id"] for event in mine}.isdisjoint(event["id"] for event in theirs)


async def test_an_event_that_is_delivered_twice_is_logged_once(client: httpx.AsyncClient, feed: Feed) -> None:
    expired, id_ = an_expiry(), str(new_id())
    await feed(expired, id=id_)
    await feed(expired, id=id_)
    await feed(an_acceptance(expired.match_id))

    found = await logged(client, 2)

    assert len(found) == 2


async def test_who_waits_is_answered_as_soon_as_something_happens(client: httpx.AsyncClient, feed: Feed) -> None:
    waiting = asyncio.ensure_future(client.get("/v1/events", params={"after": "latest", "wait": 30}))
    await asyncio.sleep(0.2)
    expired = an_expiry()

    await feed(expired)

    page = (await waiting).json()
    assert [event["subject"] for event in page["items"]] == [str(expired.match_id)]


async def test_who_waits_in_vain_is_told_where_to_go_on(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/events", params={"wait": 0.1})

    assert answer.json()["items"] == []
    assert answer.json()["at_end"]
    again = await client.get("/v1/events", params={"after": answer.json()["next"]})
    assert again.status_code == 200


async def test_numbers_have_no_gap_though_many_write_at_once(integrations: RunningService, event_log: Any) -> None:
    tenants = [new_id() for _ in range(3)]

    await asyncio.gather(
        *(event_log.feed(*(an_expiry() for _ in range(40)), tenant=tenant) for tenant in tenants for _ in range(5))
    )

    for tenant in tenants:
        await logged(integrations.client(tenant), 200)
        numbers = await integrations.rows("SELECT seq FROM event WHERE tenant_id = $1 ORDER BY seq", tenant)
        assert [row["seq"] for row in numbers] == list(range(1, 201))


@pytest.mark.parametrize("cursor", ["!", "AAAAAAAAAAAAAAAB", "________________", "later"])
async def test_a_cursor_that_the_log_did_not_give_out_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/v1/events", params={"after": cursor})

    assert answer.status_code == 400, answer.text


async def test_a_day_that_is_old_enough_is_dropped_and_cursors_before_its_end_are_too_old(
    client: httpx.AsyncClient, feed: Feed, integrations: RunningService, tenant: UUID
) -> None:
    await feed(an_expiry(), an_expiry())
    await logged(client, 2)
    first = (await client.get("/v1/events", params={"limit": 1})).json()["next"]
    last = (await client.get("/v1/events", params={"after": "latest"})).json()["next"]
    old = today() - timedelta(days=400)
    await age(integrations, tenant, old)

    await retention.forget(integrations.runtime)

    assert await integrations.value("SELECT to_regclass($1)", f"event_days.day_{old:%Y%m%d}") is None
    answer = await client.get("/v1/events", params={"after": first})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor-too-old")
    assert (await client.get("/v1/events", params={"after": last})).status_code == 200, "nothing was missed from there"
    await feed(an_expiry())
    assert len(await logged(client, 1)) == 1


async def age(integrations: RunningService, tenant: UUID, day: Any) -> None:
    """As if everything the organisation has logged had been logged on that day."""
    await integrations.rows("SELECT open_event_day($1)", day)
    for table in ("event", "log_day", "log_head"):
        await integrations.rows(f"UPDATE {table} SET day = $2 WHERE tenant_id = $1", tenant, day)
