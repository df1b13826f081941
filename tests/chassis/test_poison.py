"""Events that cannot be handled: set aside with their key, in order, while everything else flows on."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import Breakable
from ledgers import Ledger, a_match

from peerloom_events.topics import MATCHES
from peerloom_service.consuming.decoding import Decoder, Received
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.publishing import producer
from peerloom_service.publishing.producer import Record
from tests.support import EventLog, RunningService, eventually
from tests.support.log import envelope_of
from tests.support.processes import environment_of, run


def letters_of(ledger: RunningService) -> str:
    return f"dlt.{ledger.service.name}.{MATCHES.name}"


async def parked(ledger: RunningService, key: UUID | bytes) -> list[tuple[int, str]]:
    """Offset and reason of what is parked under a key, in order."""
    rows = await ledger.rows(
        "SELECT record_offset, reason FROM parked_event WHERE key = $1 ORDER BY record_offset",
        key if isinstance(key, bytes) else str(key).encode(),
    )
    return [tuple(row) for row in rows]


async def versions(ledger: RunningService, match_id: UUID) -> list[int]:
    """Versions of a match that had their effect, in the order they had it."""
    rows = await ledger.rows("SELECT version FROM effect WHERE match_id = $1 ORDER BY number", match_id)
    return [row["version"] for row in rows]


async def command(ledger: RunningService, *words: str) -> str:
    """What one of the ledger's own commands prints."""
    code, output = await run("ledger_service", *words, environment=environment_of(ledger.settings))
    assert code == 0, output
    return output


async def test_later_events_of_a_bad_events_key_wait_in_order_and_other_keys_flow_on(ledger: RunningService, feed) -> None:
    bad, good = uuid4(), uuid4()
    await ledger.rows("INSERT INTO obstacle VALUES ($1)", bad)

    await feed(a_match(bad, 1), a_match(good, 1), a_match(bad, 2), a_match(good, 2), a_match(bad, 3))
    await ledger.settled()
    await feed(a_match(bad, 4), a_match(good, 3))
    await ledger.settled()

    assert await versions(ledger, good) == [1, 2, 3]
    assert await versions(ledger, bad) == []
    waiting = await parked(ledger, bad)
    assert "an obstacle" in waiting[0][1]
    assert [reason for _, reason in waiting[1:]] == ["an earlier event of its key is parked"] * 3

    await ledger.rows("DELETE FROM obstacle WHERE match_id = $1", bad)
    assert str(bad) in await command(ledger, "parked")
    assert "4 event(s) handled" in await command(ledger, "release", MATCHES.name, str(bad))
    await feed(a_match(bad, 5))
    await ledger.settled()

    assert await versions(ledger, bad) == [1, 2, 3, 4, 5]
    assert await parked(ledger, bad) == []


async def test_an_event_that_reading_stumbles_over_is_parked_like_any_other_that_cannot_be_handled(
    ledger: RunningService, feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = a_match(), a_match()
    decode = Decoder.one

    def stumble(decoder: Decoder, delivery: Delivery) -> Received | None:
        if delivery.key == str(bad.match_id).encode():
            raise RecursionError("too deep")
        return decode(decoder, delivery)

    monkeypatch.setattr(Decoder, "one", stumble)
    await feed(bad, good)
    await ledger.settled()

    assert await versions(ledger, good.match_id) == [1]
    assert [reason for _, reason in await parked(ledger, bad.match_id)] == ["RecursionError: too deep"]


async def test_an_event_with_a_value_that_postgresql_refuses_is_its_own_fault_and_no_outage(
    ledger: RunningService, feed, caplog: pytest.LogCaptureFixture
) -> None:
    too_large, good = a_match(version=2**40), a_match()

    await feed(too_large, good)
    await ledger.settled()

    assert await versions(ledger, good.match_id) == [1]
    ((_, reason),) = await parked(ledger, too_large.match_id)
    assert reason.startswith("DataError: invalid input for query argument")
    assert "consumer waits for its database" not in caplog.messages


async def test_the_dead_letter_has_the_records_bytes_and_says_why(
    ledger: RunningService, event_log: EventLog, tenant: UUID
) -> None:
    match = a_match()
    await ledger.rows("INSERT INTO obstacle VALUES ($1)", match.match_id)
    headers = [*envelope_of(match, tenant).headers(), ("x-of-somebody-else", b"\x00\xff")]
    sent = Record(MATCHES.name, str(match.match_id).encode(), match.to_json() + b" ", headers)

    await event_log.feed_records(sent)
    await ledger.settled()

    (letter,) = [one for one in await event_log.records(letters_of(ledger)) if one.key == sent.key]
    (original,) = [one for one in await event_log.records(MATCHES.name) if one.key == sent.key]
    assert letter.value == sent.value
    assert list(letter.headers)[: len(headers)] == headers
    why = {name: value.decode() for name, value in list(letter.headers)[len(headers) :]}
    assert why.pop("dlt_reason").startswith("RuntimeError: an obstacle")
    assert why == {
        "dlt_topic": MATCHES.name,
        "dlt_partition": str(original.partition),
        "dlt_offset": str(original.offset),
        "dlt_attempts": "4",
    }


BAD_RECORDS: dict[str, dict[str, Any]] = {
    "no headers at all": {"headers": []},
    "a body that is no JSON": {"value": b"\x00\xff not json"},
    "a body that lacks a field": {"value": b"{}"},
    "a body nested too deeply": {"value": b"[" * 100_000},
    "a tenant that is no id": {"tenantid": "acme"},
    "an id that is no id": {"id": "first"},
    "an envelope of another version": {"specversion": "2.0"},
    "a time without a zone": {"time": "2026-11-23T10:00:00"},
    "a header that is not UTF-8": {"headers": [("ce_type", b"\xff\xfe")]},
}


@pytest.mark.parametrize("what", BAD_RECORDS)
async def test_a_record_that_cannot_be_read_is_set_aside_at_once(
    what: str, ledger: RunningService, event_log: EventLog, tenant: UUID
) -> None:
    changed = dict(BAD_RECORDS[what])
    match = a_match()
    key = str(match.match_id).encode()
    value, headers = changed.pop("value", match.to_json()), changed.pop("headers", None)
    headers = envelope_of(match, tenant, **changed).headers() if headers is None else headers

    await event_log.feed_records(Record(MATCHES.name, key, value, headers))
    await ledger.settled()

    ((_, reason),) = await parked(ledger, key)
    assert reason.startswith("Undecodable: ")
    (letter,) = [one for one in await event_log.records(letters_of(ledger)) if one.key == key]
    assert letter.value == value
    assert dict(letter.headers)["dlt_attempts"] == b"1"


async def test_what_can_never_be_read_is_discarded_and_those_behind_it_are_released(
    ledger: RunningService, event_log: EventLog, feed
) -> None:
    match = uuid4()
    await event_log.feed_records(Record(MATCHES.name, str(match).encode(), b"?", []))
    await feed(a_match(match, 2), a_match(match, 3))
    await ledger.settled()

    assert "`discard` drops it" in await command(ledger, "release", MATCHES.name, str(match))
    assert await versions(ledger, match) == []
    assert "dropped" in await command(ledger, "discard", MATCHES.name, str(match))
    assert "2 event(s) handled" in await command(ledger, "release", MATCHES.name, str(match))

    assert await versions(ledger, match) == [2, 3]
    assert "nothing is parked" in await command(ledger, "discard", MATCHES.name, str(match))


async def test_a_release_stops_at_the_first_event_that_still_cannot_be_handled(ledger: RunningService, feed) -> None:
    match = uuid4()
    await ledger.rows("INSERT INTO obstacle VALUES ($1)", match)
    await feed(a_match(match, 1), a_match(match, 2))
    await ledger.settled()

    code, output = await run("ledger_service", "release", MATCHES.name, str(match), environment=environment_of(ledger.settings))

    assert code != 0
    assert "an obstacle" in output
    assert len(await parked(ledger, match)) == 2
    assert await versions(ledger, match) == []


async def test_a_repeat_of_an_event_that_was_released_changes_nothing(ledger: RunningService, feed) -> None:
    match = a_match()
    await ledger.rows("INSERT INTO obstacle VALUES ($1)", match.match_id)
    (sent,) = await feed(match)
    await ledger.settled()
    await ledger.rows("DELETE FROM obstacle WHERE match_id = $1", match.match_id)
    await command(ledger, "release", MATCHES.name, str(match.match_id))

    await feed(match, id=sent.id)
    await ledger.settled()

    assert await versions(ledger, match.match_id) == [1]


@pytest.mark.breaks_kafka
async def test_a_bad_event_that_cannot_be_put_aside_at_the_moment_is_put_aside_later(
    breakable: Breakable, tmp_path: Path, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer, "_SEND_SECONDS", 1.0)
    async with Ledger.made(breakable.surroundings, tmp_path / "log") as own, own.serving() as ledger:
        bad, good = a_match(), a_match()
        await ledger.rows("INSERT INTO obstacle VALUES ($1)", bad.match_id)
        await ledger.rows("INSERT INTO slowness VALUES (2)")  # long enough to freeze the broker in the middle
        await breakable.log.feed(good, bad, tenant=tenant)
        await eventually(lambda: _waits_for_its_handler(own), what="a handler in the middle of its work")
        await ledger.rows("DELETE FROM slowness")
        await asyncio.to_thread(breakable.broker.freeze)
        try:
            await asyncio.sleep(6)
        finally:
            await asyncio.to_thread(breakable.broker.thaw)
        await own.settled()

        assert len(await parked(ledger, bad.match_id)) == 1
        assert await own.effects() == [good.match_id]
        await ledger.ready()


async def _waits_for_its_handler(own: Ledger) -> bool:
    (row,) = await own.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    return bool(row[0])
