"""Kafka dies, hangs and comes back while the API is used."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from conftest import Breakable
from ledgers import Ledger, a_match, an_account, deliveries, versions_in_order

from peerloom_events import ParticipantRegistered
from peerloom_service.publishing import producer
from tests.support import eventually
from tests.support.log import envelope_of

pytestmark = pytest.mark.breaks_kafka


async def write(client: httpx.AsyncClient, times: int, pause: float = 0) -> set[UUID]:
    """Opens accounts; every one of them is taken."""
    opened = set()
    for _ in range(times):
        answer = await client.post("/v1/accounts", json=an_account())
        assert answer.status_code == 201, answer.text
        opened.add(UUID(answer.json()["id"]))
        await asyncio.sleep(pause)
    return opened


async def test_the_api_works_on_while_the_broker_is_down_and_everything_is_heard_when_it_is_back(
    breakable: Breakable, tmp_path: Path, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "_SEND_SECONDS", 3.0)  # so that the relay gives up, and more than once
    monkeypatch.setattr(producer, "_STOP_SECONDS", 0.5)
    async with Ledger.made(breakable.surroundings, tmp_path / "log") as own, own.serving() as ledger:
        client = ledger.client(tenant)
        opened = await write(client, 10)
        await asyncio.to_thread(breakable.broker.kill)
        try:
            opened |= await write(client, 40, pause=0.1)
            assert (await client.get(f"/v1/accounts/{next(iter(opened))}")).status_code == 200
        finally:
            await asyncio.to_thread(breakable.broker.restart)
        opened |= await write(client, 10)
        match = a_match()
        await eventually(lambda: _fed(breakable, match, tenant), within=30)
        await own.settled()
        assert await own.effects() == [match.match_id]

    heard = versions_in_order(breakable.log.overheard(ParticipantRegistered, tenant))
    assert heard == {account: [1] for account in opened}


async def test_a_producer_that_a_whole_outage_broke_in_the_middle_of_sending_is_replaced(
    breakable: Breakable, tmp_path: Path, tenant: UUID
) -> None:
    async with Ledger.made(breakable.surroundings, tmp_path / "log") as own, own.serving() as ledger:
        writing = asyncio.ensure_future(write(ledger.client(tenant), 250, pause=0.02))
        for _ in range(2):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(breakable.broker.kill)
            await asyncio.to_thread(breakable.broker.restart)
        opened = await writing
        await own.settled(within=60)

    heard = versions_in_order(breakable.log.overheard(ParticipantRegistered, tenant))
    assert heard == {account: [1] for account in opened}


async def test_what_a_hanging_broker_took_and_did_not_acknowledge_is_repeated_and_has_one_effect(
    breakable: Breakable, tmp_path: Path, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "_SEND_SECONDS", 1.0)
    monkeypatch.setattr(producer, "_STOP_SECONDS", 0.2)
    async with Ledger.made(breakable.surroundings, tmp_path / "log") as own, own.serving() as ledger:
        client = ledger.client(tenant)
        opened = await write(client, 1)
        await own.settled()
        await asyncio.to_thread(breakable.broker.freeze)
        try:
            opened |= await write(client, 20)
            await asyncio.sleep(3)
        finally:
            await asyncio.to_thread(breakable.broker.thaw)
        await own.settled()
        copies = await own.rows("SELECT id, version FROM account_copy")

    sent = deliveries(breakable.log.overheard(ParticipantRegistered, tenant))
    assert len(sent) == 21
    assert max(sent.values()) > 1, "nothing arrived twice: this test proves nothing"
    assert Counter(row["id"] for row in copies) == Counter(opened)


async def test_a_producer_that_was_given_up_leaves_nothing_running(
    breakable: Breakable, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "_SEND_SECONDS", 1.0)
    monkeypatch.setattr(producer, "_STOP_SECONDS", 0.5)
    sender, match = producer.Sender(breakable.broker.bootstrap, idempotent=True), a_match()
    record = producer.Record(match.topic.name, b"key", match.to_json(), envelope_of(match, tenant).headers())
    before = _tasks_of_the_kafka_client()

    await sender.send([record])
    await asyncio.to_thread(breakable.broker.freeze)
    try:
        with pytest.raises(producer.SendFailed):
            await sender.send([record])
        await asyncio.sleep(0.1)
        left = _tasks_of_the_kafka_client() - before
    finally:
        await asyncio.to_thread(breakable.broker.thaw)

    assert not left, f"{sum(left.values())} tasks go on for it: {left}"


async def test_a_worker_ends_in_time_though_its_broker_hangs(breakable: Breakable, tmp_path: Path, tenant: UUID) -> None:
    async with (
        Ledger.made(breakable.surroundings, tmp_path / "log") as own,
        own.serving(worker=False) as api,
        own.process("worker") as worker,
    ):
        await asyncio.to_thread(breakable.broker.freeze)
        try:
            await write(api.client(tenant), 5)
            await asyncio.sleep(1)
            await worker.terminate(within=25)
        finally:
            await asyncio.to_thread(breakable.broker.thaw)


async def _fed(breakable: Breakable, match: object, tenant: UUID) -> bool:
    try:
        await breakable.log.feed(match, tenant=tenant)  # type: ignore[arg-type]
    except producer.SendFailed:
        return False
    return True


def _tasks_of_the_kafka_client() -> Counter[str]:
    """But those that only consumers have: the services beside this test begin and end some all the time."""
    found = [task.get_coro() for task in asyncio.all_tasks()]
    files = [(one.__qualname__, Path(one.cr_code.co_filename).parts) for one in found]  # type: ignore[union-attr]
    return Counter(name for name, parts in files if "aiokafka" in parts and "consumer" not in parts)
