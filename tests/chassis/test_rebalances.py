"""Consumers that come and go."""

import asyncio
import logging
from collections import Counter

import pytest
from ledgers import SESSION_MS, Ledger, a_match

from peerloom_service.consuming.member import Membership
from tests.support import eventually


async def test_nothing_is_lost_or_done_twice_while_members_come_and_go(own_ledger: Ledger, feed) -> None:
    matches = [a_match() for _ in range(600)]

    async def feed_all() -> None:
        for start in range(0, len(matches), 20):
            await feed(*matches[start : start + 20])
            await asyncio.sleep(0.1)

    async with own_ledger.serving():
        feeding = asyncio.ensure_future(feed_all())
        for _ in range(3):
            async with own_ledger.serving():
                await asyncio.sleep(0.3)
        await feeding
        await own_ledger.settled()

    assert Counter(await own_ledger.effects()) == Counter(match.match_id for match in matches)


async def test_a_member_that_joins_in_the_middle_of_a_batch_repeats_nothing_of_it(own_ledger: Ledger, feed) -> None:
    matches = [a_match() for _ in range(30)]

    async with own_ledger.serving() as first:
        await first.rows("INSERT INTO slowness VALUES (0.05)")
        await feed(*matches)
        await asyncio.sleep(0.3)
        assert await own_ledger.effects() == [], "the batch is done already: this test proves nothing"
        async with own_ledger.serving():
            await own_ledger.settled()

    assert Counter(await own_ledger.effects()) == Counter(match.match_id for match in matches)


async def test_what_a_member_has_read_ahead_is_left_to_whom_a_rebalance_gives_it(
    own_ledger: Ledger, feed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    own_ledger = own_ledger.changed(batch=5)
    matches = [a_match() for _ in range(60)]

    async with own_ledger.serving() as first:
        await first.rows("INSERT INTO slowness VALUES (0.5)")
        await feed(*matches)
        await eventually(own_ledger.effects)
        async with own_ledger.serving():
            await first.rows("DELETE FROM slowness")
            await own_ledger.settled()

    assert "events read before a rebalance are left to whom it gives them" in caplog.messages, "this test proves nothing"
    assert Counter(await own_ledger.effects()) == Counter(match.match_id for match in matches)


@pytest.mark.real_kafka
async def test_what_a_killed_member_held_is_taken_over_when_its_session_ends(own_ledger: Ledger, feed) -> None:
    matches = [a_match() for _ in range(24)]

    async with own_ledger.process("worker") as doomed, own_ledger.process("worker"):
        await feed(*matches[:12])
        await own_ledger.settled()
        await doomed.kill()
        await feed(*matches[12:])
        await own_ledger.settled()

    assert Counter(await own_ledger.effects()) == Counter(match.match_id for match in matches)


@pytest.mark.real_kafka
async def test_who_starts_after_a_member_was_killed_waits_for_its_place_instead_of_giving_up_again_and_again(
    own_ledger: Ledger, feed, caplog: pytest.LogCaptureFixture
) -> None:
    # All times as in production, in proportion: a killed member holds up its group for longer than a batch may take to drain.
    in_proportion = Membership(drain_seconds=SESSION_MS / 1000 * 20 / 45, rebalance_ms=SESSION_MS * 60 // 45)
    match = a_match()

    async with own_ledger.process("worker") as doomed:
        await doomed.kill()
    await feed(match)
    async with own_ledger.changed(membership=in_proportion).serving():
        await own_ledger.settled(within=4 * SESSION_MS / 1000)

    assert await own_ledger.effects() == [match.match_id]
    assert "consumer starts anew" not in caplog.messages
