"""A request that is sent again, for whatever reason, is done once and answered alike."""

import asyncio
from uuid import UUID, uuid4

import pytest
from ledgers import an_account

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from tests.support import RunningService


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def test_the_same_request_fifty_times_at_once_is_done_once_and_answered_alike(
    ledger: RunningService, tenant: UUID, heard
) -> None:
    client, body, headers = ledger.client(tenant), an_account(), key()

    answers = await asyncio.gather(*(client.post("/v1/accounts", json=body, headers=headers) for _ in range(50)))
    await ledger.settled()

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["location"], answer.headers["etag"]) for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await ledger.value("SELECT count(*) FROM account WHERE tenant_id = $1", tenant) == 1
    assert len(await heard(ParticipantRegistered)) == 1


async def test_the_same_change_fifty_times_at_once_is_done_once(ledger: RunningService, tenant: UUID, heard) -> None:
    client, headers = ledger.client(tenant), key()
    account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
    book = f"/v1/accounts/{account}/bookings"

    answers = await asyncio.gather(*(client.post(book, json={"amount": 7}, headers=headers) for _ in range(50)))
    await ledger.settled()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert (await client.get(f"/v1/accounts/{account}")).json()["balance"] == 7
    assert len(await heard(ParticipantUpdated)) == 1


async def test_a_key_that_was_used_with_another_body_or_address_is_refused(ledger: RunningService, tenant: UUID) -> None:
    client, body, headers = ledger.client(tenant), an_account(), key()
    account = (await client.post("/v1/accounts", json=body, headers=headers)).json()

    other_body = await client.post("/v1/accounts", json=an_account(), headers=headers)
    other_address = await client.post(f"/v1/accounts/{account['id']}/bookings", json=body, headers=headers)
    other_query = await client.post("/v1/accounts?dry=1", json=body, headers=headers)

    for answer in (other_body, other_query):
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:peerloom:problem:idempotency-key-reused"
    assert other_address.status_code == 422
    assert await ledger.value("SELECT count(*) FROM account WHERE tenant_id = $1", tenant) == 1


BAD_KEYS = {"none": "", "empty": '""', "too long": "k" * 256, "not ASCII": "schlüssel", "a control character": "tab\tinside"}


@pytest.mark.parametrize("what", BAD_KEYS)
async def test_a_request_without_a_sound_key_is_refused(what: str, ledger: RunningService, tenant: UUID) -> None:
    answer = await ledger.client(tenant).post(
        "/v1/accounts",
        json=an_account(),
        headers={"Idempotency-Key": BAD_KEYS[what].encode()},  # type: ignore[dict-item]
    )

    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await ledger.value("SELECT count(*) FROM account WHERE tenant_id = $1", tenant) == 0


async def test_keys_of_two_organisations_have_nothing_to_do_with_each_other(ledger: RunningService, tenant: UUID) -> None:
    body, headers = an_account(), key()

    mine = await ledger.client(tenant).post("/v1/accounts", json=body, headers=headers)
    theirs = await ledger.client(uuid4()).post("/v1/accounts", json=body, headers=headers)

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]
    assert "idempotent-replayed" not in theirs.headers


async def test_a_request_that_failed_may_be_tried_again_with_its_key(ledger: RunningService, tenant: UUID) -> None:
    client, body, headers = ledger.client(tenant), an_account(), key()
    in_the_way = (await client.post("/v1/accounts", json=body)).json()

    refused = await client.post("/v1/accounts", json=body, headers=headers)
    await ledger.rows("UPDATE account SET name = 'another' WHERE id = $1", UUID(in_the_way["id"]))
    taken = await client.post("/v1/accounts", json=body, headers=headers)
    repeated = await client.post("/v1/accounts", json=body, headers=headers)

    assert (refused.status_code, taken.status_code) == (409, 201)
    assert repeated.json() == taken.json()


async def test_a_repeat_while_the_first_request_is_worked_on_waits_for_its_answer(ledger: RunningService, tenant: UUID) -> None:
    client, headers = ledger.client(tenant), key()
    account = UUID((await client.post("/v1/accounts", json=an_account())).json()["id"])
    async with ledger.runtime.database.connection(None) as held:
        await held.execute("BEGIN")
        await held.execute("SELECT 1 FROM account WHERE id = $1 FOR UPDATE", account)
        both = [
            asyncio.ensure_future(client.post(f"/v1/accounts/{account}/bookings", json={"amount": 1}, headers=headers))
            for _ in range(2)
        ]
        await asyncio.sleep(0.3)
        assert not any(request.done() for request in both)
        await held.execute("ROLLBACK")
        held.forget_tenant()

    answers = await asyncio.gather(*both)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (await client.get(f"/v1/accounts/{account}")).json()["balance"] == 1
