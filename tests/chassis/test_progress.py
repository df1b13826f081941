"""Whoever is on call sees what waits, what is stuck and what is lost."""

import asyncio
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from conftest import Breakable
from ledgers import Ledger, a_match, metric

from peerloom_events.topics import MATCHES
from peerloom_service.consuming import progress
from tests.support import eventually


async def says(url: str, words: str) -> bool:
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/health/ready")
    assert words in answer.text, answer.text
    return answer.status_code == 503


async def test_what_waits_is_shown_whether_or_not_anything_succeeds(own_ledger: Ledger) -> None:
    await own_ledger.rows("INSERT INTO outbox (shard, topic, key, headers, value) VALUES (99, 'nobodys.v1', 'k', '{}', '')")
    await own_ledger.rows(
        "INSERT INTO outbox (shard, topic, key, headers, value, set_aside) VALUES (0, 'refused.v1', 'k', '{}', '', 'too large')"
    )
    await own_ledger.rows(
        "INSERT INTO parked_event VALUES ($1, $2, 0, 0, 'k', '[]', '', 'bad')", own_ledger.service.name, MATCHES.name
    )
    async with own_ledger.process("worker") as worker:
        await eventually(lambda: says(worker.url, "the oldest of 1 event(s), for nobodys.v1, has waited for"), within=40)
        shown = {
            name: await metric(worker.url, f"peerloom_{name}")
            for name in (
                "outbox_depth",
                "outbox_set_aside",
                "parked_keys",
                "relay_shards",
                "consumer_lag",
            )
        }
        age = await metric(worker.url, "peerloom_outbox_oldest_age_seconds")

    assert list(shown.values()) == [1, 1, 1, 8, 0], shown
    assert age > 5


async def test_a_consumer_that_handles_nothing_though_events_wait_is_not_ready(
    own_ledger: Ledger, feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_STUCK_SECONDS", 0.3)
    await own_ledger.rows("INSERT INTO slowness VALUES (4)")
    async with own_ledger.serving() as ledger:
        await feed(a_match())
        await eventually(lambda: says(ledger.url, "is 1 event(s) behind, and has handled nothing for"), within=30)
        monkeypatch.setattr(progress, "_HOPELESS_SECONDS", 0.3)
        life = await ledger.client_with(None).get("/health/live")
        await own_ledger.settled()
        await ledger.ready()
        after = await ledger.client_with(None).get("/health/live")

    assert (life.status_code, after.status_code) == (503, 200)


@pytest.mark.breaks_kafka
async def test_a_broker_that_has_fallen_silent_is_noticed(
    breakable: Breakable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SILENCE_SECONDS", 2.0)
    async with Ledger.made(breakable.surroundings, tmp_path / "log") as own, own.serving() as ledger:
        await asyncio.to_thread(breakable.broker.freeze)
        try:
            await eventually(lambda: says(ledger.url, "has not heard from its broker for"), within=20)
        finally:
            await asyncio.to_thread(breakable.broker.thaw)
        await ledger.ready()


@pytest.mark.real_kafka
async def test_events_that_retention_removed_before_they_were_handled_are_told(own_ledger: Ledger, tenant: UUID, feed) -> None:
    async with own_ledger.serving():
        await feed(*(a_match() for _ in range(20)))
        await own_ledger.settled()
    await feed(*(a_match() for _ in range(40)))
    await _remove_all(own_ledger)
    async with own_ledger.process("worker") as worker:
        await eventually(lambda: _told_as_lost(worker.url), within=30)

    assert "run `republish` in the service that publishes them" in own_ledger.output.read_text()


async def _remove_all(own: Ledger) -> None:
    """As retention does it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=own.settings.kafka_bootstrap)
    await admin.start()
    try:
        partitions = [TopicPartition(MATCHES.name, number) for number in range(MATCHES.partitions)]
        await admin.delete_records({partition: RecordsToDelete(-1) for partition in partitions})
    finally:
        await admin.close()


async def _told_as_lost(url: str) -> bool:
    return await metric(url, "peerloom_consumer_lost_total") == 40
