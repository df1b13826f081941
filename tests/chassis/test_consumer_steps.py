"""Each step of the consumer by itself: decode → dedupe → handle → retry → park."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from ledger_service.main import ledger as make_ledger
from ledgers import a_match

from peerloom_events import MatchConfirmed
from peerloom_events.topics import MATCHES
from peerloom_service.consuming.decoding import Decoder, InBatches, Received, Undecodable
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.consuming.handling import Handling
from peerloom_service.consuming.inbox import first_deliveries
from peerloom_service.consuming.parking import Parking, first_parked, overview
from peerloom_service.consuming.retry import GivenUp, RetryPolicy, retried
from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction
from tests.support import Surroundings
from tests.support.log import envelope_of


def a_delivery(match: MatchConfirmed, tenant: UUID, offset: int = 0, **envelope: str) -> Delivery:
    headers = tuple(envelope_of(match, tenant, **envelope).headers())
    return Delivery(MATCHES.name, 0, offset, str(match.match_id).encode(), match.to_json(), headers)


async def ignore(_tx: Transaction, _event: Any) -> None:
    """A handler that does nothing."""


@pytest.fixture(scope="module")
async def database(surroundings: Surroundings) -> AsyncIterator[Database]:
    async with (
        surroundings.migrated(make_ledger()) as settings,
        Database.opened(settings.database_url, name="steps") as opened,
    ):
        yield opened


# -- decode -----------------------------------------------------------------------------------------------------------


def test_decoding_gives_the_event_its_id_and_its_organisation(tenant: UUID) -> None:
    match = a_match()

    received = Decoder({MatchConfirmed: ignore}).one(a_delivery(match, tenant))

    assert received is not None
    assert (received.event, received.tenant_id, str(received.event_id)) == (match, tenant, received.envelope.id)


def test_decoding_passes_over_a_type_without_a_handler_and_a_tombstone(tenant: UUID) -> None:
    delivery = a_delivery(a_match(), tenant)

    assert Decoder({}).one(delivery) is None
    assert Decoder({MatchConfirmed: ignore}).one(delivery._replace(value=None)) is None


def test_decoding_says_what_is_wrong_with_a_record(tenant: UUID) -> None:
    with pytest.raises(Undecodable, match="match_id: Field required"):
        Decoder({MatchConfirmed: ignore}).one(a_delivery(a_match(), tenant)._replace(value=b"{}"))


# -- dedupe -----------------------------------------------------------------------------------------------------------


def received_by(handler: Any, deliveries: Sequence[Delivery]) -> list[Received]:
    return Decoder({MatchConfirmed: handler}).all(deliveries)


async def test_an_event_is_new_to_each_consumer_once(database: Database, tenant: UUID) -> None:
    events = received_by(ignore, [a_delivery(a_match(), tenant) for _ in range(3)])
    async with database.connection(None) as connection:
        assert await first_deliveries(connection, "one", events[:2]) == events[:2]
        assert await first_deliveries(connection, "one", [*events, events[2]]) == [events[2]]
        assert await first_deliveries(connection, "other", events) == events


# -- handle -----------------------------------------------------------------------------------------------------------


async def test_handlers_are_called_in_order_and_for_one_organisation_at_a_time(database: Database) -> None:
    ours, theirs = uuid4(), uuid4()
    calls: list[tuple[UUID, list[UUID]]] = []

    async def note(tx: Transaction, events: Sequence[MatchConfirmed]) -> None:
        calls.append((tx.tenant_id, [event.match_id for event in events]))

    matches = [a_match() for _ in range(4)]
    tenants = [ours, ours, theirs, ours]
    subscribes = {MatchConfirmed: InBatches(note)}
    received = Decoder(subscribes).all([a_delivery(*one) for one in zip(matches, tenants, strict=True)])
    async with database.connection(None) as connection:
        await Handling("in order", subscribes, {}, asyncio.Event())(connection, received)

    first, second, third, fourth = (match.match_id for match in matches)
    assert calls == [(ours, [first, second]), (theirs, [third]), (ours, [fourth])]


async def test_a_handler_that_fails_leaves_nothing_and_its_event_new(database: Database, tenant: UUID) -> None:
    fails = True

    async def record_it(tx: Transaction, event: MatchConfirmed) -> None:
        await tx.execute("INSERT INTO obstacle VALUES ($1)", event.match_id)
        if fails:
            raise RuntimeError("after its effect")

    match, subscribes = a_match(), {MatchConfirmed: record_it}
    handling = Handling("fails", subscribes, {}, asyncio.Event())
    received = Decoder(subscribes).all([a_delivery(match, tenant)])
    effects = "SELECT count(*) FROM obstacle WHERE match_id = $1"
    async with database.connection(None) as connection:
        with pytest.raises(RuntimeError, match="after its effect"):
            await handling(connection, received)
        assert await connection.fetchval(effects, match.match_id) == 0
        fails = False
        await connection.serve(None)
        for _ in range(2):
            await handling(connection, received)
        assert await connection.fetchval(effects, match.match_id) == 1


# -- retry ------------------------------------------------------------------------------------------------------------


class Attempts:
    """Something that fails with these errors, one after the other, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made = 0

    async def __call__(self) -> None:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)


AT_ONCE = RetryPolicy(tries=3, first_pause=0)


async def test_what_fails_now_and_then_succeeds_in_one_of_its_tries() -> None:
    attempts = Attempts(RuntimeError(), ValueError())

    await retried(AT_ONCE, attempts)

    assert attempts.made == 3


async def test_what_fails_every_time_is_given_up_with_its_last_error() -> None:
    attempts = Attempts(RuntimeError("first"), RuntimeError("second"), RuntimeError("third"), RuntimeError("never"))

    with pytest.raises(GivenUp) as given_up:
        await retried(AT_ONCE, attempts)

    assert (str(given_up.value.error), given_up.value.attempts, attempts.made) == ("third", 3, 3)


async def test_what_no_other_try_can_mend_is_given_up_at_once() -> None:
    with pytest.raises(GivenUp) as given_up:
        await retried(AT_ONCE, Attempts(Undecodable("no event")), hopeless=(Undecodable,))

    assert given_up.value.attempts == 1


async def test_an_error_of_the_database_is_no_try() -> None:
    attempts = Attempts(ConnectionResetError())

    with pytest.raises(ConnectionResetError):
        await retried(AT_ONCE, attempts)

    assert attempts.made == 1


def test_pauses_grow_by_their_factor() -> None:
    policy = RetryPolicy(tries=4, first_pause=0.1, factor=3.0)

    assert [round(policy.pause_after(attempt), 3) for attempt in (1, 2, 3)] == [0.1, 0.3, 0.9]


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"first_pause": -1}, {"factor": 0.5}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least one try"):
        replace(RetryPolicy(), **wrong)


# -- park -------------------------------------------------------------------------------------------------------------


async def test_a_parked_key_holds_its_later_records_behind_it_and_no_other_key(database: Database, tenant: UUID) -> None:
    bad, good = a_match(), a_match()
    first, later, other = a_delivery(bad, tenant, 1), a_delivery(bad, tenant, 2), a_delivery(good, tenant, 3)
    parking = Parking("parks", database, asyncio.Event())

    assert not await parking.parked_behind(first)
    await parking.park(first, RuntimeError("an obstacle"), attempts=4)

    assert await parking.parked_behind(later)
    assert not await parking.parked_behind(other)
    letters = await database.fetch(None, "SELECT topic, value FROM outbox WHERE key = $1", str(bad.match_id))
    assert [(one["topic"], one["value"]) for one in letters] == [(f"dlt.parks.{MATCHES.name}", first.value)]
    assert await first_parked(database, "parks", first.topic, first.key) == first


async def test_a_parked_record_that_is_delivered_again_keeps_its_reason(database: Database, tenant: UUID) -> None:
    first = a_delivery(a_match(), tenant, 1)
    parking = Parking("again", database, asyncio.Event())
    await parking.park(first, RuntimeError("an obstacle"), attempts=4)

    assert await parking.parked_behind(first)

    ((events, reason),) = [(row["events"], row["reason"]) for row in await overview(database, "again")]
    assert (events, reason) == (1, "RuntimeError: an obstacle")
