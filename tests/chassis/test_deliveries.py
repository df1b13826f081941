"""Whatever Kafka delivers, and however often, each event has its effect once."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from ledgers import Ledger, a_match, metric

from peerloom_events import MatchConfirmed, SurveyRequested
from peerloom_service.consuming.member import Membership
from peerloom_service.publishing.producer import Record
from tests.support import EventLog, RunningService, Surroundings, a_participant_registered, a_participant_updated, eventually
from tests.support.log import envelope_of


async def effects(ledger: RunningService, match: MatchConfirmed) -> int:
    return await ledger.value("SELECT count(*) FROM effect WHERE match_id = $1", match.match_id)


async def test_a_duplicate_delivery_has_one_effect(ledger: RunningService, feed, heard) -> None:
    match = a_match()

    (sent,) = await feed(match)
    await heard(SurveyRequested)
    await feed(match, id=sent.id)
    await ledger.settled()

    assert await effects(ledger, match) == 1
    assert len(await heard(SurveyRequested, 0)) == 1


async def test_an_event_that_comes_twice_in_one_batch_has_one_effect(ledger: RunningService, feed) -> None:
    match = a_match()

    await feed(match, match, id="01938fa0-5b3c-7d17-84e9-" + match.match_id.hex[-12:])
    await ledger.settled()

    assert await effects(ledger, match) == 1


async def test_an_older_version_after_a_newer_one_changes_nothing(ledger: RunningService, feed) -> None:
    account = a_participant_registered(department="10").participant_id

    await feed(a_participant_updated(account, version=3, department="30"))
    await ledger.settled()
    await feed(a_participant_updated(account, version=2, department="20"))
    await feed(a_participant_registered(account, version=1, department="10"))
    await ledger.settled()

    (copy,) = await ledger.rows("SELECT version, balance FROM account_copy WHERE id = $1", account)
    assert tuple(copy) == (3, 30)


async def test_tombstones_and_types_it_does_not_know_are_passed_over(
    ledger: RunningService, event_log: EventLog, tenant: UUID, feed
) -> None:
    match = a_match()
    key, headers = str(match.match_id).encode(), envelope_of(match, tenant).headers()
    unknown = envelope_of(match, tenant, type="io.peerloom.matching.match.praised.v1").headers()

    await event_log.feed_records(
        Record(match.topic.name, key, None, headers),
        Record(match.topic.name, key, None, []),  # of somebody else: it has no envelope
        Record(match.topic.name, key, b'{"stars": 5}', unknown),
    )
    await feed(match)
    await ledger.settled()

    assert await effects(ledger, match) == 1
    assert await ledger.value("SELECT count(*) FROM parked_event WHERE key = $1", key) == 0


async def test_an_event_that_cannot_be_handled_repeats_nothing_of_its_batch(ledger: RunningService, feed) -> None:
    before, bad, after = (a_match() for _ in range(3))
    await ledger.rows("INSERT INTO obstacle VALUES ($1)", bad.match_id)

    await feed(before, bad, after)
    await ledger.settled()

    assert [await effects(ledger, match) for match in (before, bad, after)] == [1, 0, 1]


@pytest.mark.real_kafka
async def test_a_crash_between_commit_and_offset_commit_repeats_no_effect(own_ledger: Ledger, tenant: UUID, feed) -> None:
    matches = [a_match() for _ in range(5)]

    async with own_ledger.process("worker", dies="before_offsets") as worker:
        await feed(*matches)
        assert await worker.ended() == -signal.SIGKILL
    assert await own_ledger.effects(), "it died before its effects: this test proves nothing"
    async with own_ledger.process("worker") as worker:
        await own_ledger.settled()
        repeats = await metric(worker.url, "peerloom_inbox_repeats_total")

    assert sorted(await own_ledger.effects()) == sorted(match.match_id for match in matches)
    assert repeats > 0, "nothing was delivered again: this test proves nothing"
    assert len(own_ledger.said(tenant)) == 5


async def test_a_handler_that_loses_its_database_has_its_effect_later_and_once(
    own_ledger: Ledger, surroundings: Surroundings, feed
) -> None:
    match = a_match()

    async def end_its_transaction() -> int:
        (ended,) = await surroundings.administer(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = $1 AND state = 'idle in transaction'",
            own_ledger.settings.database_url.rpartition("/")[2],
        )
        return ended[0]

    async with own_ledger.serving() as ledger:
        await ledger.rows("INSERT INTO slowness VALUES (0.5)")
        await feed(match)
        await eventually(end_its_transaction, what="a handler in the middle of its work")
        await own_ledger.settled()

    assert await own_ledger.effects() == [match.match_id]


def at_its_first_commit(
    monkeypatch: pytest.MonkeyPatch, group: str, happens: Callable[[AIOKafkaConsumer], Awaitable[None]]
) -> list[AIOKafkaClient]:
    """Let something happen in place of a group's first commit of offsets; returns whose it was, once it was made."""
    made, commit = list[AIOKafkaClient](), AIOKafkaConsumer.commit

    async def committed(client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        if client._group_id == group and not made:
            made.append(client._client)
            await happens(client)
        await commit(client, offsets)

    monkeypatch.setattr(AIOKafkaConsumer, "commit", committed)
    return made


async def test_a_commit_of_offsets_that_is_never_answered_is_made_again(
    own_ledger: Ledger, feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the next event of that partition only: until then whoever scales by lag would see work that is done."""
    match = a_match()

    async def unanswered(_client: AIOKafkaConsumer) -> None:
        await asyncio.sleep(60)

    first = at_its_first_commit(monkeypatch, own_ledger.service.name, unanswered)
    async with own_ledger.changed(membership=Membership(commit_seconds=0.3)).serving():
        await feed(match)
        await own_ledger.settled()

    assert first
    assert await own_ledger.effects() == [match.match_id]


async def test_a_client_whose_end_is_broken_off_is_replaced_and_leaves_no_connection(
    own_ledger: Ledger, feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka's `stop` cancels the requests still open, as an outage leaves them, and raises the first's CancelledError."""
    match = a_match()

    async def breaks_off(client: AIOKafkaConsumer) -> None:
        client._fetcher._pending_tasks.add(asyncio.ensure_future(asyncio.sleep(60)))
        raise KafkaConnectionError

    first = at_its_first_commit(monkeypatch, own_ledger.service.name, breaks_off)
    async with own_ledger.serving():
        await feed(match)
        await own_ledger.settled()

    assert await own_ledger.effects() == [match.match_id]
    assert not any(connection.connected() for connection in first[0]._conns.values())
