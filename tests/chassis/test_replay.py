"""A running group is given the events it has passed by: once each, in order, and without stopping.

On Apache Kafka only: the embedded broker says a topic ends at the first record of its last batch.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from ledger_service.main import ledger as make_ledger
from ledgers import Ledger, a_match

from peerloom_events import MatchConfirmed, MatchDeclined
from peerloom_events.topics import MATCHES
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.decoding import Received
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.consuming.replay import Replay
from tests.support.processes import environment_of, run


async def ignore(_tx: Any, _event: Any) -> None:
    """What the release before did with the one event of the topic it subscribed to."""


def before_it_subscribed(ledger: Ledger) -> Ledger:
    """The release before, which reads the topic of matches and has no handler for MatchConfirmed."""
    return ledger.changed(subscribes={MatchDeclined: ignore})


async def replay(ledger: Ledger, *options: str) -> tuple[int, str]:
    environment = environment_of(ledger.settings) | {"LEDGER_NAME": ledger.service.name}
    return await run("ledger_service", "replay", *options, environment=environment)


async def versions_of(ledger: Ledger, match_id: UUID) -> list[int]:
    rows = await ledger.rows("SELECT version FROM effect WHERE match_id = $1 ORDER BY number", match_id)
    return [row["version"] for row in rows]


@pytest.mark.real_kafka
async def test_a_group_that_runs_is_given_what_it_passed_by_since_a_time_once_each(own_ledger: Ledger, feed) -> None:
    too_early, passed_by = [a_match() for _ in range(3)], [a_match() for _ in range(300)]
    async with before_it_subscribed(own_ledger).serving():
        await feed(*too_early)
        await asyncio.sleep(1.1)  # the broker's clock tells them apart
        since = datetime.now(UTC)
        await asyncio.sleep(1.1)
        await feed(*passed_by)
        await own_ledger.settled()

    async with own_ledger.serving():
        live = [a_match() for _ in range(100)]

        async def feed_live() -> None:
            for start in range(0, len(live), 10):
                await feed(*live[start : start + 10])

        (code, output), _ = await asyncio.gather(replay(own_ledger, "--from", since.isoformat()), feed_live())
        again = await replay(own_ledger, "--from", since.isoformat(), "--types", "MatchConfirmed")
        await own_ledger.settled()

    assert code == 0, output
    assert again[0] == 0, again
    assert "0 event(s) were new" in again[1].splitlines()[-2]
    wanted = {match.match_id for match in (*passed_by, *live)}
    effects = Counter(one for one in await own_ledger.effects() if one not in {match.match_id for match in too_early})
    assert effects == dict.fromkeys(wanted, 1)
    assert not set(await own_ledger.effects()) & {match.match_id for match in too_early}


@pytest.mark.real_kafka
async def test_a_replay_from_the_beginning_keeps_the_order_of_each_key_and_ends_where_the_topic_ended(
    own_ledger: Ledger, feed
) -> None:
    first, second = a_match(), a_match()
    history = [a_match(one.match_id, version) for version in range(1, 21) for one in (first, second)]
    async with before_it_subscribed(own_ledger).serving():
        await feed(*history)
        await own_ledger.settled()

    async with own_ledger.serving():
        code, output = await replay(own_ledger, "--from", "beginning", "--types", MatchConfirmed.type)
        await own_ledger.settled()

    assert code == 0, output
    assert [await versions_of(own_ledger, one.match_id) for one in (first, second)] == [list(range(1, 21))] * 2


@pytest.mark.real_kafka
async def test_an_event_of_a_parked_key_waits_in_its_place_behind_and_before_the_others(own_ledger: Ledger, feed) -> None:
    bad, good = a_match(), a_match()
    async with before_it_subscribed(own_ledger).serving():
        await feed(a_match(bad.match_id, 1), a_match(good.match_id, 1))
        await own_ledger.settled()

    async with own_ledger.serving() as ledger:
        await ledger.rows("INSERT INTO obstacle VALUES ($1)", bad.match_id)
        await feed(a_match(bad.match_id, 2))
        await own_ledger.settled()
        code, output = await replay(own_ledger, "--from", "beginning", "--types", "MatchConfirmed")
        while_parked = [await versions_of(own_ledger, one.match_id) for one in (good, bad)]
        await ledger.rows("DELETE FROM obstacle")
        environment = environment_of(own_ledger.settings) | {"LEDGER_NAME": own_ledger.service.name}
        released = await run("ledger_service", "release", MATCHES.name, str(bad.match_id), environment=environment)

    assert code == 0, output
    assert str(bad.match_id) in output, "it does not say what is parked"
    assert while_parked == [[1], []]
    assert released[0] == 0, released
    assert await versions_of(own_ledger, bad.match_id) == [1, 2]


class FailsNowAndThen(Chain):
    """A chain whose every third batch loses its connections, after its effects or before them."""

    calls = 0

    async def handle(self, deliveries: Sequence[Delivery], received: Sequence[Received] | None = None) -> None:
        self.calls += 1
        if self.calls % 3 == 1:
            raise ConnectionError("before its effects")
        await super().handle(deliveries, received)
        if self.calls % 3 == 2:
            raise ConnectionError("after its effects")


@pytest.mark.real_kafka
async def test_a_replay_that_is_interrupted_goes_on_and_repeats_nothing(
    own_ledger: Ledger, feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerloom_service.consuming.replay._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("peerloom_service.consuming.replay._BATCH", 100)
    matches = [a_match() for _ in range(250)]
    async with before_it_subscribed(own_ledger).serving():
        await feed(*matches)
        await own_ledger.settled()

    async with own_ledger.serving(worker=False) as ledger:
        service, runtime = own_ledger.service, ledger.runtime
        subscribes = {MatchConfirmed: service.subscribes[MatchConfirmed]}
        monkeypatch.setattr("peerloom_service.service.Chain", FailsNowAndThen)
        chain = service.chain(runtime, subscribes)
        repeated = Replay(chain, runtime.database, own_ledger.settings.kafka_bootstrap, subscribes)
        progress = await repeated.run(None)

    ours = {match.match_id for match in matches}
    assert Counter(one for one in await own_ledger.effects() if one in ours) == dict.fromkeys(ours, 1)
    assert progress.read == progress.records
    assert isinstance(chain, FailsNowAndThen)
    assert chain.calls > 4, "it was not interrupted: this test proves nothing"


@pytest.mark.real_kafka
async def test_nothing_is_read_where_nothing_has_been_sent_since(own_ledger: Ledger) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    code, output = await replay(own_ledger, "--from", later)

    assert code == 0, output
    assert "0 of 0 record(s) read" in output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "yesterday"], "yesterday is no time; write 2026-11-30T08:00:00Z, or beginning"),
        (["--from", "2026-11-30T08:00:00"], "2026-11-30T08:00:00 has no zone; write 2026-11-30T08:00:00Z for UTC"),
        (
            ["--from", "beginning", "--types", "MatchDeclined"],
            "ledger does not handle MatchDeclined; it handles MatchConfirmed",
        ),
        ([], "required: --from"),
    ],
)
def test_a_replay_of_what_there_is_not_is_refused_with_a_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        make_ledger().run(["replay", *options])

    assert stopped.value.code == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
