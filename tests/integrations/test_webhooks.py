"""Webhooks on a real wire: signed so that the reference library accepts them, in order, and tried again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from standardwebhooks import Webhook as ReferenceVerifier
from standardwebhooks import WebhookVerificationError

from peerloom_service.identifiers import new_id
from tests.integrations.facts import an_acceptance, an_expiry
from tests.integrations.receivers import Received, Receiver, a_receiver
from tests.support import RunningService, eventually

Feed = Callable[..., Awaitable[Any]]


@pytest.fixture
def client(integrations: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return integrations.client(tenant)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


async def registered(client: httpx.AsyncClient, url: str, **changed: Any) -> dict[str, Any]:
    answer = await client.post("/v1/webhooks", json={"url": url, **changed})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def deliveries(client: httpx.AsyncClient, count: int, **query: Any) -> list[dict[str, Any]]:
    async def enough() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await client.get("/v1/webhook-deliveries", params=query)).json()["items"]
        assert len(found) >= count, f"{len(found)} of {count} deliveries: {found}"
        return found

    return await eventually(enough, within=20, every=0.05)


async def due_now(integrations: RunningService, webhook: dict[str, Any]) -> None:
    """As if the pause before the next try, and that of the endpoint, were over."""
    await integrations.rows(
        "UPDATE webhook_delivery SET next_attempt_at = now() WHERE webhook_id = $1 AND next_attempt_at IS NOT NULL",
        UUID(webhook["id"]),
    )
    await integrations.rows("UPDATE webhook_progress SET open_until = NULL WHERE webhook_id = $1", UUID(webhook["id"]))


async def test_the_reference_verifier_accepts_what_is_delivered(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver
) -> None:
    webhook = await registered(client, receiver.url)
    expired = an_expiry()
    (envelope,) = await feed(expired)

    (one,) = await receiver.gets(1)

    ReferenceVerifier(webhook["secret"]).verify(one.body, one.headers)
    assert one.headers["webhook-id"] == envelope.id == one.event["id"]
    assert one.headers["content-type"] == "application/cloudevents+json"
    assert type(expired).model_validate(one.event["data"]) == expired


async def test_the_reference_verifier_refuses_what_was_tampered_with_or_is_stale_or_of_another_sender(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver
) -> None:
    webhook = await registered(client, receiver.url)
    await feed(an_expiry())
    (one,) = await receiver.gets(1)
    verifier = ReferenceVerifier(webhook["secret"])
    stale = str(int((datetime.now(UTC) - timedelta(minutes=6)).timestamp()))
    other = (await registered(client, receiver.url))["secret"]

    for body, headers, by in (
        (one.body + b" ", one.headers, verifier),
        (one.body, one.headers | {"webhook-timestamp": stale}, verifier),
        (one.body, one.headers | {"webhook-id": str(new_id())}, verifier),
        (one.body, one.headers, ReferenceVerifier(other)),
    ):
        with pytest.raises(WebhookVerificationError):
            by.verify(body, headers)


async def test_after_a_rotation_both_secrets_verify(client: httpx.AsyncClient, feed: Feed, receiver: Receiver) -> None:
    webhook = await registered(client, receiver.url)
    rotated = (await client.post(f"/v1/webhooks/{webhook['id']}/secrets")).json()
    await feed(an_expiry())

    (one,) = await receiver.gets(1)

    assert rotated["secret"] != webhook["secret"]
    for secret in (rotated["secret"], webhook["secret"]):
        ReferenceVerifier(secret).verify(one.body, one.headers)
    read = (await client.get(f"/v1/webhooks/{webhook['id']}")).json()
    assert "secret" not in read


async def test_events_arrive_in_the_order_of_the_log_and_only_those_asked_for(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver
) -> None:
    match = new_id()
    await registered(client, receiver.url, types=[an_acceptance().type])
    await feed(an_expiry(), *(an_acceptance(match, version=number) for number in range(1, 121)), an_expiry())

    got = await receiver.gets(120)

    assert [one.event["data"]["version"] for one in got] == list(range(1, 121))


async def test_deliveries_begin_where_one_asks(client: httpx.AsyncClient, feed: Feed, receiver: Receiver) -> None:
    await feed(*(an_expiry() for _ in range(3)))

    async def logged() -> dict[str, Any] | None:
        page = (await client.get("/v1/events")).json()
        return page if len(page["items"]) == 3 else None

    await eventually(logged)
    await registered(client, receiver.url, after="earliest")

    await receiver.gets(3)


async def test_what_fails_is_tried_again_with_the_same_id_and_what_is_about_it_waits_behind_it(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver, integrations: RunningService
) -> None:
    bad, good = new_id(), new_id()
    broken = True
    receiver.answers = lambda one: (500, {}) if broken and one.event["subject"] == str(bad) else (200, {})
    webhook = await registered(client, receiver.url)
    await feed(*(an_acceptance(match, version=number) for number in (1, 2) for match in (bad, good)))

    got = await receiver.gets(3)
    versions = {
        match: [one.event["data"]["version"] for one in got if one.event["subject"] == str(match)] for match in (bad, good)
    }
    assert versions == {bad: [1], good: [1, 2]}
    refused = next(one for one in got if one.event["subject"] == str(bad))
    waiting = await deliveries(client, 2, state="waiting")
    assert [len(one["attempts"]) for one in waiting] == [1, 0]
    assert waiting[0]["attempts"][0]["problem"] == "answered 500"
    pause = datetime.fromisoformat(waiting[0]["next_attempt_at"]) - datetime.fromisoformat(waiting[0]["attempts"][0]["at"])
    assert timedelta(seconds=5) <= pause <= timedelta(seconds=6)

    broken = False
    await due_now(integrations, webhook)
    got = await receiver.gets(5)
    assert [one.event["data"]["version"] for one in got[3:]] == [1, 2]
    assert got[3].headers["webhook-id"] == refused.headers["webhook-id"]
    assert len(await deliveries(client, 4, state="delivered")) == 4


async def test_an_endpoint_that_is_gone_is_disabled_and_gets_nothing_more(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver
) -> None:
    receiver.answers = lambda _: (410, {})
    webhook = await registered(client, receiver.url)
    await feed(an_expiry(), an_expiry())

    async def disabled() -> bool:
        return bool((await client.get(f"/v1/webhooks/{webhook['id']}")).json()["state"] == "disabled")

    await eventually(disabled)
    assert len(receiver.got) == 1
    tested = await client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert (tested.status_code, tested.json()["code"]) == (409, "webhook-disabled")

    receiver.answers = lambda _: (200, {})
    etag = (await client.get(f"/v1/webhooks/{webhook['id']}")).headers["etag"]
    enabled = await client.patch(f"/v1/webhooks/{webhook['id']}", json={"state": "enabled"}, headers={"If-Match": etag})
    assert enabled.json()["disabled_because"] is None
    await receiver.gets(2)


async def test_who_asks_to_be_left_alone_is(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver, integrations: RunningService
) -> None:
    receiver.answers = lambda _: (429, {"retry-after": "120"})
    webhook = await registered(client, receiver.url)
    await feed(an_expiry(), an_expiry())

    (one,) = await deliveries(client, 1, state="waiting")
    asked = datetime.fromisoformat(one["next_attempt_at"]) - datetime.fromisoformat(one["attempts"][0]["at"])
    left = await integrations.value(
        "SELECT open_until - now() FROM webhook_progress WHERE webhook_id = $1", UUID(webhook["id"])
    )

    assert asked == timedelta(seconds=120)
    assert timedelta(seconds=60) < left <= timedelta(seconds=120)
    assert len(receiver.got) == 1, "the second event waits, and none of its tries is used up"


async def test_an_endpoint_that_only_fails_is_left_alone_and_others_get_theirs(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver, integrations: RunningService
) -> None:
    async with a_receiver() as hanging:
        hanging.answers = lambda _: None
        failing = await registered(client, hanging.url)
        await registered(client, receiver.url)
        await feed(*(an_expiry() for _ in range(20)))

        await receiver.gets(20)

        async def left_alone() -> bool:
            return bool(
                await integrations.value(
                    "SELECT failures >= 5 AND open_until > now() FROM webhook_progress WHERE webhook_id = $1",
                    UUID(failing["id"]),
                )
            )

        await eventually(left_alone, within=30)
        assert (await deliveries(client, 1, webhook_id=failing["id"]))[0]["attempts"][0]["problem"] == "no answer in time"
        assert len(hanging.got) < 20


async def test_what_fails_for_good_is_listed_and_can_be_delivered_again(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver, integrations: RunningService
) -> None:
    receiver.answers = lambda _: (302, {"location": "http://127.0.0.1/elsewhere"})
    webhook = await registered(client, receiver.url)
    await feed(an_expiry())
    for tries in range(1, 10):
        await receiver.gets(tries)
        await eventually(
            lambda tries=tries: integrations.value(  # type: ignore[misc]
                "SELECT 1 FROM webhook_delivery WHERE webhook_id = $1 AND jsonb_array_length(attempts) = $2",
                UUID(webhook["id"]),
                tries,
            )
        )
        await due_now(integrations, webhook)

    (failed,) = await deliveries(client, 1, state="failed")
    assert [one["problem"] for one in failed["attempts"]] == ["redirects are not followed"] * 10
    assert len(receiver.got) == 10

    receiver.answers = lambda _: (204, {})
    again = await client.post(f"/v1/webhook-deliveries/{failed['id']}/replay")
    assert again.status_code == 202, again.text
    assert (await deliveries(client, 1, state="delivered"))[0]["id"] == failed["id"]


async def test_a_test_event_arrives_and_its_delivery_tells(client: httpx.AsyncClient, receiver: Receiver) -> None:
    webhook = await registered(client, receiver.url)

    answer = await client.post(f"/v1/webhooks/{webhook['id']}/test")

    (one,) = await receiver.gets(1)
    ReferenceVerifier(webhook["secret"]).verify(one.body, one.headers)
    assert one.event["type"] == "io.peerloom.integrations.webhook.tested.v1"

    async def told() -> bool:
        return bool((await client.get(answer.headers["location"])).json()["state"] == "delivered")

    await eventually(told)


async def test_a_removed_webhook_gets_nothing_more(client: httpx.AsyncClient, feed: Feed, receiver: Receiver) -> None:
    webhook = await registered(client, receiver.url)
    assert (await client.delete(f"/v1/webhooks/{webhook['id']}")).status_code == 200
    other = await registered(client, receiver.url)
    await feed(an_expiry())

    (one,) = await receiver.gets(1)
    ReferenceVerifier(other["secret"]).verify(one.body, one.headers)
    assert (await client.get(f"/v1/webhooks/{webhook['id']}")).status_code == 404


async def test_an_organisation_sees_its_own_webhooks_only(
    client: httpx.AsyncClient, integrations: RunningService, receiver: Receiver
) -> None:
    webhook = await registered(client, receiver.url)
    stranger = integrations.client(new_id())

    assert (await stranger.get(f"/v1/webhooks/{webhook['id']}")).status_code == 404
    assert (await stranger.get("/v1/webhooks")).json()["items"] == []
    assert (await stranger.post(f"/v1/webhooks/{webhook['id']}/test")).status_code == 404


async def test_a_worker_that_is_lost_leaves_its_endpoint_to_the_next_and_nothing_is_missing(
    client: httpx.AsyncClient, feed: Feed, receiver: Receiver, integrations: RunningService
) -> None:
    webhook = await registered(client, receiver.url)
    await integrations.rows(
        "UPDATE webhook_progress SET lease = $2, leased_until = now() + interval '3 seconds' WHERE webhook_id = $1",
        UUID(webhook["id"]),
        new_id(),
    )
    await feed(*(an_expiry() for _ in range(5)))

    got: list[Received] = await receiver.gets(5)

    assert len({one.headers["webhook-id"] for one in got}) == 5


async def test_many_organisations_are_delivered_to_at_once(integrations: RunningService, event_log: Any) -> None:
    async with a_receiver() as receiver:
        tenants = [new_id() for _ in range(10)]
        for tenant in tenants:
            await registered(integrations.client(tenant), receiver.url)
        await asyncio.gather(*(event_log.feed(*(an_expiry() for _ in range(20)), tenant=tenant) for tenant in tenants))

        got = await receiver.gets(200)

        assert len({one.headers["webhook-id"] for one in got}) == 200
