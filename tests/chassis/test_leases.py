"""A lock that is a lease: whoever falls silent loses it, and knows."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from peerloom_service.storage import lease
from peerloom_service.storage.database import Database
from peerloom_service.storage.lease import LeaseLost, leased
from tests.support import Surroundings

_TAKE = "SELECT pg_try_advisory_lock(7)"


@pytest.fixture
async def database(surroundings: Surroundings) -> AsyncIterator[Database]:
    async with surroundings.database("leased") as address, Database.opened(address, name="leased") as opened:
        yield opened


async def test_a_holder_that_falls_silent_loses_its_lease_and_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1)
    monkeypatch.setattr(lease, "_BEAT_SECONDS", 3.0)
    with pytest.raises(LeaseLost):  # noqa: PT012 - it is raised at the end of the block
        async with leased(database) as silent:
            assert (await silent.fetch(_TAKE))[0][0]
            async with leased(database) as other:
                assert not (await other.fetch(_TAKE))[0][0]
            await asyncio.sleep(2)
            async with leased(database) as other:
                assert (await other.fetch(_TAKE))[0][0]
            await asyncio.sleep(60)

    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_a_holder_that_lives_keeps_its_lease_and_lets_it_go_at_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 2)
    monkeypatch.setattr(lease, "_BEAT_SECONDS", 0.2)
    async with leased(database) as one:
        assert (await one.fetch(_TAKE))[0][0]
        await asyncio.sleep(3)
        async with leased(database) as other:
            assert not (await other.fetch(_TAKE))[0][0]
    async with leased(database) as other:
        assert (await other.fetch(_TAKE))[0][0]
        ((idle,),) = await other.fetch("SHOW idle_session_timeout")
    ((after,),) = await database.fetch(None, "SHOW idle_session_timeout")

    assert (idle, after) == ("2s", "0")


async def test_both_sides_of_a_connection_notice_that_the_other_is_gone(database: Database) -> None:
    async with database.connection(None) as connection:
        told = [await connection.fetchval(f"SHOW {name}") for name in ("tcp_keepalives_idle", "tcp_user_timeout")]
        link = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        ours = (
            link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        )

    assert told == ["5", "10000"]
    assert ours == (1, 10_000)
