"""What was said is heard: nothing lost, nothing out of order, nothing said that did not happen."""

import asyncio
import os
import random
import signal
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import Ledger, a_match, an_account, deliveries, metric, versions_in_order

from peerloom_events import ParticipantRegistered
from peerloom_service.publishing.outbox import runs
from peerloom_service.publishing.producer import Record, Sender
from peerloom_service.publishing.record_batch import encoded_headers
from peerloom_service.publishing.relay import Relay
from peerloom_service.storage.database import Connection
from tests.support import EventLog, RunningService, ServiceProcess, Surroundings, eventually
from tests.support.log import envelope_of

_RELAY_LOCKS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND classid = 2828 AND datname = $1
"""


async def test_concurrent_changes_of_hot_aggregates_are_heard_in_their_order(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID
) -> None:
    accounts, writers, bookings = 3, 8, 25
    async with own_ledger.serving() as one, own_ledger.serving() as other:
        opened = [(await one.client(tenant).post("/v1/accounts", json=an_account())).json()["id"] for _ in range(accounts)]

        async def write(client: httpx.AsyncClient) -> None:
            for _ in range(bookings):
                answer = await client.post(f"/v1/accounts/{random.choice(opened)}/bookings", json={"amount": 1})
                assert answer.status_code == 200, answer.text

        await asyncio.gather(*(write(process.client(tenant)) for process in (one, other) for _ in range(writers // 2)))
        await own_ledger.settled()
        final = {row["id"]: row["version"] for row in await own_ledger.rows("SELECT id, version FROM account")}

    heard = versions_in_order(event_log.overheard(None, tenant))
    assert sum(final.values()) == accounts + writers * bookings
    assert heard == {account: list(range(1, version + 1)) for account, version in final.items()}


async def test_what_did_not_happen_is_not_said(ledger: RunningService, tenant: UUID, heard) -> None:
    client, account = ledger.client(tenant), an_account()

    first = await client.post("/v1/accounts", json=account)
    again = await client.post("/v1/accounts", json=account)
    await ledger.settled()

    assert (first.status_code, again.status_code) == (201, 409)
    assert len(await heard(ParticipantRegistered)) == 1


@pytest.mark.real_kafka
async def test_a_crash_between_publishing_and_forgetting_is_heard_as_a_repeat_and_has_one_effect(
    own_ledger: Ledger, tenant: UUID, feed
) -> None:
    match = a_match()

    async with own_ledger.process("worker", dies="before_delete") as worker:
        await feed(match)
        assert await worker.ended() == -signal.SIGKILL
    async with own_ledger.process("worker"):
        await own_ledger.settled()

    assert await own_ledger.effects() == [match.match_id]
    assert list(deliveries(own_ledger.said(tenant)).values()) == [2], (
        "the event was not published twice: this test proves nothing"
    )


@pytest.mark.real_kafka
async def test_no_entity_is_without_its_event_and_no_event_without_its_entity_however_the_api_dies(
    own_ledger: Ledger, event_log: EventLog, surroundings: Surroundings, tenant: UUID
) -> None:
    promised: set[UUID] = set()

    async def write(url: str, token: str) -> None:
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
            while True:
                name = an_account()
                answer = await client.post("/v1/accounts", json=name, headers={"Idempotency-Key": name["name"]})
                promised.add(UUID(answer.json()["id"]))

    token = surroundings.issuer.token(tenant, ["accounts:write"])
    async with own_ledger.serving():
        for _ in range(3):
            async with own_ledger.process("api") as api:
                writers = [asyncio.ensure_future(write(api.url, token)) for _ in range(8)]
                before = len(promised)
                await eventually(lambda: len(promised) > before + 40)  # noqa: B023 - used up before it changes
                await asyncio.sleep(random.random() / 10)
                await api.kill()
                ended = await asyncio.gather(*writers, return_exceptions=True)
                assert all(isinstance(error, httpx.TransportError) for error in ended), ended
        await own_ledger.settled()

    kept = {row["id"] for row in await own_ledger.rows("SELECT id FROM account")}
    said = {one.event.key for one in event_log.overheard(ParticipantRegistered, tenant)}
    assert kept - said == set(), "entities without an event"
    assert said - kept == set(), "events without an entity"
    assert promised - kept == set(), "answered 201 and not kept"


@pytest.mark.real_kafka
async def test_another_relay_takes_over_from_one_that_lost_its_lock_and_its_late_sending_does_no_harm(
    own_ledger: Ledger, event_log: EventLog, surroundings: Surroundings, tenant: UUID
) -> None:
    async def book(client: httpx.AsyncClient, account: str, times: int) -> None:
        for _ in range(times):
            assert (await client.post(f"/v1/accounts/{account}/bookings", json={"amount": 1})).status_code == 200

    async with own_ledger.serving(worker=False) as api:
        client = api.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
        async with own_ledger.process("worker") as first:
            await own_ledger.settled()
            (leader,) = await _relays(surroundings, own_ledger)
            async with own_ledger.process("worker", ready=False):
                _signal(first, signal.SIGSTOP)  # in the middle of whatever it is doing
                await book(client, account, 20)
                await _terminate(surroundings, leader)
                await eventually(lambda: _led_by_another(surroundings, own_ledger, leader), within=10)
                await book(client, account, 20)
                _signal(first, signal.SIGCONT)
                await book(client, account, 20)
                await own_ledger.settled()

    assert versions_in_order(event_log.overheard(None, tenant)) == {UUID(account): list(range(1, 62))}


async def test_a_relay_works_on_when_its_connection_is_ended_again_and_again(
    own_ledger: Ledger, event_log: EventLog, surroundings: Surroundings, tenant: UUID
) -> None:
    async with own_ledger.serving() as ledger:
        client = ledger.client(tenant)
        for _ in range(5):
            for _ in range(10):
                assert (await client.post("/v1/accounts", json=an_account())).status_code == 201
            for relay in await _relays(surroundings, own_ledger):
                await _terminate(surroundings, relay)
        await own_ledger.settled()

    assert len(deliveries(event_log.overheard(ParticipantRegistered, tenant))) == 50


async def test_metrics_tell_how_old_the_outbox_is(own_ledger: Ledger, tenant: UUID, surroundings: Surroundings) -> None:
    token = surroundings.issuer.token(tenant, ["accounts:write"])
    async with own_ledger.process("all") as ledger, httpx.AsyncClient(base_url=ledger.url) as client:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
        assert (await client.post("/v1/accounts", json=an_account(), headers=headers)).status_code == 201
        await own_ledger.settled()

        assert await metric(ledger.url, "messaging_client_sent_messages_total") == 1
        assert await metric(ledger.url, "peerloom_outbox_age_seconds_count") == 1


async def test_large_events_are_sent_a_few_at_a_time(own_ledger: Ledger, tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that wait at once would be more than a process may hold, and than a broker takes within a deadline."""
    large, count, sent, send = 800_000, 30, list[Sequence[Record]](), Sender.send
    match = a_match()
    headers = encoded_headers(envelope_of(match, tenant, type="io.peerloom.ledger.account.audited.v1").headers())

    async def watched(sender: Sender, records: Sequence[Record]) -> None:
        sent.append(records)
        await send(sender, records)

    monkeypatch.setattr(Sender, "send", watched)
    async with own_ledger.serving(worker=False) as api:
        await api.runtime.database.execute(
            None,
            "INSERT INTO outbox (shard, topic, key, encoded_headers, value) "
            "SELECT 0, $1, number, $2, decode(repeat('ab', $3), 'hex') FROM generate_series(1, $4::int) AS number",
            match.topic.name,
            headers,
            large,
            count,
        )
        async with own_ledger.serving():
            await own_ledger.settled()

    batches = [records for records in sent if records]
    assert [record.key for records in batches for record in records] == [str(number).encode() for number in range(1, count + 1)]
    assert max(sum(len(record.value or b"") for record in records) for records in batches) <= 8 * 1024 * 1024 + large


async def _relays(surroundings: Surroundings, ledger: Ledger) -> set[int]:
    """Backends that hold a shard of the ledger's outbox."""
    rows = await surroundings.administer(_RELAY_LOCKS, ledger.settings.database_url.rpartition("/")[2])
    return {row["pid"] for row in rows}


async def _led_by_another(surroundings: Surroundings, ledger: Ledger, former: int) -> bool:
    return bool(await _relays(surroundings, ledger) - {former})


async def _terminate(surroundings: Surroundings, pid: int) -> None:
    await surroundings.administer("SELECT pg_terminate_backend($1)", pid)


def _signal(process: ServiceProcess, number: signal.Signals) -> None:
    os.kill(process.pid, number)


async def test_an_event_that_a_process_of_the_release_before_wrote_is_sent_with_its_headers(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID
) -> None:
    match = a_match()
    envelope = envelope_of(match, tenant)
    headers = {name: value.decode() for name, value in envelope.headers()}
    async with own_ledger.serving() as ledger:
        await ledger.runtime.database.execute(
            None,
            "INSERT INTO outbox (shard, topic, key, headers, value) VALUES (0, $1, $2, $3, $4)",
            match.topic.name,
            str(match.key),
            headers,
            match.to_json(),
        )
        await own_ledger.settled()

    assert [(one.envelope, one.event) for one in event_log.overheard(type(match), tenant)] == [(envelope, match)]


class _RelayOfTheReleaseBefore(Relay):
    """As it was when headers were JSON only: it reads nothing else."""

    async def _drain(self, connection: Connection, shards: list[int]) -> int:
        rows = await connection.fetch("SELECT headers FROM outbox WHERE shard = ANY($1::smallint[]) ORDER BY seq", shards)
        return len([[(name, text.encode()) for name, text in row["headers"].items()] for row in rows])


async def test_a_relay_of_the_release_before_stops_at_a_new_row_and_leaves_it_to_one_that_can_read_it(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID
) -> None:
    async with own_ledger.serving(worker=False) as api:
        settings = own_ledger.settings
        senders = [Sender(settings.kafka_bootstrap, idempotent=settings.kafka_idempotent) for _ in range(2)]
        old = _RelayOfTheReleaseBefore(api.runtime.database, *senders, asyncio.Event())
        draining = asyncio.ensure_future(old.run())
        try:
            assert (await api.client(tenant).post("/v1/accounts", json=an_account())).status_code == 201
            await eventually(lambda: old.trouble == "starts anew: AttributeError")
            assert [row["count"] for row in await own_ledger.rows("SELECT count(*) FROM outbox")] == [1]
            async with own_ledger.serving():  # while the old one goes on trying
                await own_ledger.settled()
            assert not draining.done()
        finally:
            draining.cancel()
            await asyncio.wait([draining])

    assert list(deliveries(event_log.overheard(ParticipantRegistered, tenant)).values()) == [1]


@given(st.sets(st.integers(1, 60)))
def test_runs_hold_exactly_the_numbers_they_are_made_of(numbers: set[int]) -> None:
    found = runs(sorted(numbers))

    assert [number for run in found for number in range(run.lower, run.upper)] == sorted(numbers)
    assert all(run.upper < behind.lower for run, behind in pairwise(found)), "two runs that are one"
