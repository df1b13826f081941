"""One topic, or one event, that cannot be sent: the others go on, and it is sent when it can be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from ledgers import Ledger, a_match, an_account

from peerloom_events import ParticipantRegistered, dead_letter_topic
from peerloom_events.topics import MATCHES
from peerloom_service.publishing.outbox import LARGEST_EVENT
from peerloom_service.publishing.producer import Record
from peerloom_service.publishing.record_batch import encoded_headers
from tests.support import EventLog, RunningService, eventually
from tests.support.log import envelope_of
from tests.support.processes import environment_of, run

pytestmark = pytest.mark.real_kafka


@asynccontextmanager
async def administering(own: Ledger) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=own.settings.kafka_bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def put_into_outbox(own: Ledger, topic: str, *values: tuple[str, bytes]) -> None:
    """Events of these keys, in this order."""
    for key, value in values:
        await own.rows(
            "INSERT INTO outbox (shard, topic, key, encoded_headers, value) VALUES (0, $1, $2, $3, $4)",
            topic,
            key,
            encoded_headers([]),
            value,
        )


async def opens_an_account(ledger: RunningService, tenant: UUID, event_log: EventLog) -> None:
    """And everybody hears of it: the other topics flow."""
    before = len(event_log.overheard(ParticipantRegistered, tenant))
    assert (await ledger.client(tenant).post("/v1/accounts", json=an_account())).status_code == 201
    await event_log.heard(ParticipantRegistered, tenant, before + 1, within=30)


async def why_not_ready(ledger: RunningService) -> str:
    return (await ledger.client_with(None).get("/health/ready")).text


async def values_in(event_log: EventLog, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    return [(record.key, record.value) for record in await event_log.records(topic)]


async def command(own: Ledger, *words: str) -> str:
    code, output = await run("ledger_service", *words, environment=environment_of(own.settings))
    assert code == 0, output
    return output


async def test_a_topic_that_is_gone_keeps_nobody_elses_events_back_and_its_own_are_sent_once_it_is_there(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID
) -> None:
    gone = f"gone.{uuid4().hex}.v1"
    async with own_ledger.serving() as ledger:
        await put_into_outbox(own_ledger, gone, ("a", b"1"), ("b", b"2"), ("a", b"3"))
        await eventually(lambda: _names(ledger, f"{gone} cannot be sent to"), within=30)
        for _ in range(3):
            await opens_an_account(ledger, tenant, event_log)
        assert f"{gone}: 3 event(s) wait since" in await command(own_ledger, "unsent")

        async with administering(own_ledger) as admin:
            await admin.create_topics([NewTopic(gone, 1, 1)])
        await own_ledger.settled()
        await ledger.ready()

    assert await values_in(event_log, gone) == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


async def test_an_event_the_broker_refuses_is_set_aside_with_its_key_until_somebody_has_it_sent_again(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID
) -> None:
    narrow, large = f"narrow.{uuid4().hex}.v1", b"x" * 5000
    async with administering(own_ledger) as admin, own_ledger.serving() as ledger:
        await admin.create_topics([NewTopic(narrow, 1, 1, topic_configs={"max.message.bytes": "2000"})])
        await put_into_outbox(own_ledger, narrow, ("bad", b"1"), ("bad", large), ("bad", b"3"), ("good", b"4"))
        await opens_an_account(ledger, tenant, event_log)
        await eventually(lambda: _is_set_aside(own_ledger, large), within=30, what="the large event set aside")
        await put_into_outbox(own_ledger, narrow, ("bad", b"5"), ("good", b"6"))
        await eventually(lambda: _has(event_log, narrow, (b"good", b"6")), within=30)
        await ledger.ready()
        before = await values_in(event_log, narrow)
        told = await command(own_ledger, "unsent")

        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, narrow, {"max.message.bytes": "100000"})])
        await command(own_ledger, "resend", narrow, "bad")
        await own_ledger.settled()
        after = await values_in(event_log, narrow)

    assert f"{narrow} bad: 3 event(s) set aside" in told
    assert "MessageSizeTooLargeError" in told
    assert [value for key, value in before if key == b"bad"] == [b"1"]
    assert [value for key, value in after if key == b"bad"] == [b"1", large, b"3", b"5"]
    assert [value for key, value in after if key == b"good"] == [b"4", b"6"]


async def test_an_event_is_parked_though_its_dead_letter_cannot_be_sent_and_the_letter_follows(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID, feed
) -> None:
    letters = dead_letter_topic(own_ledger.service.name, MATCHES.name)
    bad, good = a_match(), a_match()
    padded = bad.to_json() + b" " * (LARGEST_EVENT + 50_000)
    await own_ledger.rows("INSERT INTO obstacle VALUES ($1)", bad.match_id)
    async with administering(own_ledger) as admin, own_ledger.serving() as ledger:
        await admin.delete_topics([letters])
        await event_log.feed_records(
            Record(MATCHES.name, str(bad.match_id).encode(), padded, envelope_of(bad, tenant).headers())
        )
        await feed(good)
        await eventually(lambda: _had_its_effect(own_ledger, good.match_id), within=30)
        await eventually(lambda: _names(ledger, f"{letters} cannot be sent to"), within=30)
        parked = await own_ledger.rows("SELECT length(value) FROM parked_event")

        await admin.create_topics([NewTopic(letters, 1, 1)])
        await own_ledger.settled()

    assert [row[0] for row in parked] == [len(padded)]
    (letter,) = await event_log.records(letters)
    assert (letter.key, letter.value) == (str(bad.match_id).encode(), b"")
    assert dict(letter.headers)["dlt_body_left_out"] == f"{len(padded)} bytes".encode()
    assert dict(letter.headers)["dlt_topic"] == MATCHES.name.encode()


async def _names(ledger: RunningService, words: str) -> bool:
    told = await why_not_ready(ledger)
    assert words in told, told
    return True


async def _is_set_aside(own: Ledger, value: bytes) -> bool:
    return bool(await own.rows("SELECT 1 FROM outbox WHERE set_aside IS NOT NULL AND value = $1", value))


async def _has(event_log: EventLog, topic: str, wanted: tuple[bytes, bytes]) -> bool:
    return wanted in await values_in(event_log, topic)


async def _had_its_effect(own: Ledger, match_id: UUID) -> bool:
    return match_id in await own.effects()
