"""Connections are lent and given back: never more than allowed, nobody's turn is lost, nothing of one user reaches the next."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from peerloom_service.storage import database as chassis
from peerloom_service.storage.database import Database
from tests.support import Surroundings

MOST = 3


@pytest.fixture
async def database(surroundings: Surroundings) -> AsyncIterator[Database]:
    async with surroundings.database("lent") as address, Database.opened(address, name="lent", connections=MOST) as opened:
        yield opened


async def connections_of(database: Database) -> int:
    row = await database.fetchrow(
        None, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lent' AND datname = current_database()"
    )
    assert row is not None
    return int(row[0])


async def test_there_are_never_more_than_allowed_and_everybody_has_a_turn(database: Database) -> None:
    async def use() -> int:
        async with database.connection(None) as connection:
            await connection.execute("SELECT pg_sleep(0.01)")
            return connection.get_server_pid()

    used = await asyncio.gather(*(use() for _ in range(50)))

    assert len(set(used)) == MOST
    assert await connections_of(database) == MOST


async def test_turns_come_in_the_order_in_which_they_were_asked_for(database: Database) -> None:
    order: list[int] = []
    held = [await database.take() for _ in range(MOST)]

    async def use(number: int) -> None:
        connection = await database.take()
        order.append(number)
        await connection.execute("SELECT pg_sleep(0.01)")
        database.give_back(connection, broken=False)

    waiting = asyncio.gather(*(use(number) for number in range(20)))
    await asyncio.sleep(0)
    for one in held:
        database.give_back(one, broken=False)
    await waiting

    assert order == sorted(order)


async def test_a_turn_that_comes_while_somebody_gives_up_is_passed_on(database: Database) -> None:
    """Cancelled in the very step in which the connection is given back: it is neither lost nor held twice."""
    for _ in range(50):
        held = [await database.take() for _ in range(MOST)]
        impatient = asyncio.ensure_future(database.take())
        patient = asyncio.ensure_future(database.take())
        await asyncio.sleep(0)
        database.give_back(held.pop(), broken=False)
        impatient.cancel()

        taken = await asyncio.wait_for(patient, 2)

        assert impatient.cancelled() or (await asyncio.gather(impatient, return_exceptions=True))
        for one in (*held, taken):
            database.give_back(one, broken=False)
    assert await connections_of(database) == MOST


async def test_who_waits_too_long_is_told_so_and_takes_nothing_with_him(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis, "_WAIT_SECONDS", 0.1)
    held = [await database.take() for _ in range(MOST)]

    with pytest.raises(TimeoutError):
        await database.fetchrow(None, "SELECT 1")
    for one in held:
        database.give_back(one, broken=False)

    assert await connections_of(database) == MOST


async def test_a_connection_left_inside_a_transaction_is_not_given_to_anybody(database: Database) -> None:
    async with database.connection(None) as connection:
        await connection.execute("BEGIN")
        await connection.execute("CREATE TABLE left_behind ()")
        left = connection.get_server_pid()

    row = await database.fetchrow(None, "SELECT to_regclass('left_behind') IS NULL AS gone, pg_backend_pid() AS pid")

    assert row is not None
    assert row["gone"]
    assert row["pid"] != left


async def test_a_connection_serves_who_it_is_lent_to(database: Database) -> None:
    ours, theirs = uuid4(), uuid4()
    wanted = [ours, theirs, None, ours, ours, None, theirs] * 5

    async def served(tenant: object) -> str:
        row = await database.fetchrow(tenant, "SELECT current_setting('peerloom.tenant')")  # type: ignore[arg-type]
        assert row is not None
        return str(row[0])

    assert await asyncio.gather(*(served(one) for one in wanted)) == [str(one) if one else "*" for one in wanted]


async def test_when_one_was_cut_off_the_others_at_hand_are_made_anew(database: Database, surroundings: Surroundings) -> None:
    held = [await database.take() for _ in range(MOST)]
    pids = [one.get_server_pid() for one in held]
    for one in held:
        database.give_back(one, broken=False)
    await surroundings.administer("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", pids[:1])

    failed = 0
    for _ in range(MOST + 1):
        try:
            await database.fetchrow(None, "SELECT 1")
        except chassis.LOST:
            failed += 1

    assert failed <= 1
    assert await connections_of(database) <= MOST
