"""PostgreSQL ends connections, or cannot be reached, while the API is used."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from ledgers import Ledger, a_match, an_account

from peerloom_service.use_cases import outcome
from tests.support import RunningService, Surroundings, eventually
from tests.support.proxy import Proxy

_TERMINATE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


async def end_all_connections(surroundings: Surroundings, ledger: Ledger) -> None:
    await surroundings.administer(_TERMINATE, ledger.settings.database_url.rpartition("/")[2])


async def test_requests_survive_that_all_connections_are_ended_between_them(
    own_ledger: Ledger, surroundings: Surroundings, tenant: UUID
) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).headers["location"]
        statuses = []
        for _ in range(5):
            await asyncio.gather(*(client.get(account) for _ in range(20)))  # fills the pool
            await end_all_connections(surroundings, own_ledger)
            answers = await asyncio.gather(
                *(client.post("/v1/accounts", json=an_account()) for _ in range(10)), *(client.get(account) for _ in range(10))
            )
            statuses += [answer.status_code for answer in answers]

    assert statuses == ([201] * 10 + [200] * 10) * 5


async def test_a_request_whose_connection_is_ended_in_its_middle_is_done_once(
    own_ledger: Ledger, surroundings: Surroundings, tenant: UUID
) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
        async with ledger.runtime.database.connection(None) as held:
            await held.execute("BEGIN")
            await held.execute("SELECT 1 FROM account FOR UPDATE")
            booking = asyncio.ensure_future(client.post(f"/v1/accounts/{account}/bookings", json={"amount": 5}))
            await eventually(lambda: _end_whoever_waits_for_a_lock(surroundings, own_ledger), what="a booking that waits")
            await held.execute("ROLLBACK")
            held.forget_tenant()
        answer = await booking
        after = await client.get(f"/v1/accounts/{account}")

    assert answer.status_code == 200, answer.text
    assert after.json()["balance"] == 5


async def test_a_creation_whose_connection_is_ended_in_its_middle_is_done_once(
    own_ledger: Ledger, surroundings: Surroundings, tenant: UUID
) -> None:
    body = an_account()
    async with own_ledger.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        async with ledger.runtime.database.connection(None) as held:
            await held.execute("BEGIN")
            await held.execute("INSERT INTO account VALUES ($1, $1, 1, $2, 0)", tenant, body["name"])
            opening = asyncio.ensure_future(client.post("/v1/accounts", json=body))
            await eventually(lambda: _end_whoever_waits_for_a_lock(surroundings, own_ledger), what="a creation that waits")
            await held.execute("ROLLBACK")
            held.forget_tenant()
        answer = await opening
        kept = await own_ledger.rows("SELECT id FROM account")

    assert answer.status_code == 201, answer.text
    assert [str(row["id"]) for row in kept] == [answer.json()["id"]]


async def test_a_request_that_waits_too_long_for_a_lock_is_told_to_come_back(own_ledger: Ledger, tenant: UUID) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
        async with ledger.runtime.database.connection(None) as held:
            await held.execute("BEGIN")
            await held.execute("SELECT 1 FROM account FOR UPDATE")
            answer = await client.post(f"/v1/accounts/{account}/bookings", json={"amount": 5})
            await held.execute("ROLLBACK")
            held.forget_tenant()

    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:peerloom:problem:unavailable"
    assert int(answer.headers["retry-after"]) > 0


async def _end_whoever_waits_for_a_lock(surroundings: Surroundings, ledger: Ledger) -> bool:
    name = ledger.settings.database_url.rpartition("/")[2]
    (row,) = await surroundings.administer(f"{_TERMINATE} AND wait_event_type = 'Lock'", name)
    return bool(row[0])


@pytest.fixture
async def proxied(own_ledger: Ledger) -> AsyncIterator[tuple[Ledger, Proxy]]:
    """A ledger whose way to its database can be cut."""
    there = urlsplit(own_ledger.settings.database_url)
    async with Proxy.to(str(there.hostname), there.port or 5432) as proxy:
        netloc = f"{there.username}:{there.password}@127.0.0.1:{proxy.port}"
        own_ledger.settings = own_ledger.settings.model_copy(update={"database_url": urlunsplit(there._replace(netloc=netloc))})
        yield own_ledger, proxy


async def test_while_the_database_cannot_be_reached_callers_are_told_so_and_nothing_is_lost(
    proxied: tuple[Ledger, Proxy], tenant: UUID, feed
) -> None:
    own, proxy = proxied
    match = a_match()
    async with own.serving() as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).headers["location"]
        proxy.cut = True
        proxy.disconnect()
        await feed(match)

        written = await client.post("/v1/accounts", json=an_account())
        read = await client.get(account)
        readiness = await client.get("/health/ready")

        proxy.cut = False
        again = await eventually(lambda: _taken(ledger, tenant))
        await own.settled()
        await ledger.ready()

    for answer in (written, read):
        assert answer.status_code == 503, answer.text
        assert answer.json()["type"] == "urn:peerloom:problem:unavailable"
        assert int(answer.headers["retry-after"]) > 0
    assert readiness.status_code == 503
    assert "database" in readiness.json()
    assert again
    assert await own.effects() == [match.match_id]


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_a_change_whose_commit_is_not_answered_is_told_as_it_was_stored(
    proxied: tuple[Ledger, Proxy], tenant: UUID, method: str
) -> None:
    own, proxy = proxied
    async with own.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).headers["location"]
        proxy.swallows = b"COMMIT"
        if method == "PATCH":
            answer = await client.patch(account, json=an_account(), headers={"If-Match": '"1"'})
        else:
            answer = await client.post(f"{account}/bookings", json={"amount": 5})
        kept = (await client.get(account)).json()

    assert proxy.swallows is None, "nothing was swallowed: this test proves nothing"
    assert answer.status_code == 200, answer.text
    assert answer.json() == kept
    assert kept["version"] == 2


async def test_an_outcome_that_cannot_be_looked_up_is_told_as_unknown(
    proxied: tuple[Ledger, Proxy], tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "_LOOKUP_SECONDS", 0.5)
    own, proxy = proxied
    async with own.serving(worker=False) as ledger:
        client = ledger.client(tenant)
        account = (await client.post("/v1/accounts", json=an_account())).headers["location"]
        changes = (
            lambda: client.patch(account, json=an_account(), headers={"If-Match": '"1"'}),
            lambda: client.post(f"{account}/bookings", json={"amount": 5}, headers={"Idempotency-Key": "the same"}),
        )
        told = []
        for change in changes:
            proxy.cuts_then, proxy.swallows = True, b"COMMIT"
            told.append(await change())
            proxy.cut = proxy.cuts_then = False
        again = await changes[1]()
        kept = (await client.get(account)).json()

    for answer in told:
        assert answer.status_code == 503, answer.text
        assert "not known whether" in answer.json()["detail"]
    assert again.headers["idempotent-replayed"] == "true"
    assert (kept["version"], kept["balance"]) == (3, 5)


async def _taken(ledger: RunningService, tenant: UUID) -> bool:
    return (await ledger.client(tenant).post("/v1/accounts", json=an_account())).status_code == 201


# -- while it is there, and takes no work -----------------------------------------------------------------------------


FAULTS = {
    "it takes no writes": (
        'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
        'ALTER DATABASE "{name}" RESET ALL',
    ),
    "its password is changed": (
        "ALTER ROLE \"{role}\" PASSWORD 'another'",
        "ALTER ROLE \"{role}\" PASSWORD '{password}'",
    ),
    "it takes no connections": ('ALTER ROLE "{role}" CONNECTION LIMIT 0', 'ALTER ROLE "{role}" CONNECTION LIMIT -1'),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_database_that_takes_no_work_for_a_while_is_waited_out_and_no_event_is_blamed(
    fault: str, own_ledger: Ledger, surroundings: Surroundings, tenant: UUID, feed
) -> None:
    address = urlsplit(own_ledger.settings.database_url)
    names = {"name": address.path[1:], "role": address.username, "password": address.password}
    begin, end = (statement.format(**names) for statement in FAULTS[fault])
    matches = [a_match() for _ in range(3)]
    async with own_ledger.serving() as ledger:
        client = ledger.client(tenant)
        await surroundings.administer(begin)
        try:
            await end_all_connections(surroundings, own_ledger)
            await feed(*matches)
            told = await eventually(lambda: _troubles(ledger), what="readiness that says what is wrong")
            refused = await client.post("/v1/accounts", json=an_account())
        finally:
            await surroundings.administer(end)
        taken = await eventually(lambda: _taken(ledger, tenant))
        await own_ledger.settled()
        await ledger.ready()

    assert {"relay", f"consumer {own_ledger.service.name}"} <= told.keys()
    assert refused.status_code == 503
    assert taken
    assert sorted(await own_ledger.effects()) == sorted(match.match_id for match in matches)
    assert await own_ledger.rows("SELECT 1 FROM parked_event") == []


async def _troubles(ledger: RunningService) -> dict[str, str] | None:
    """What readiness says, once neither the relay nor the consumer works."""
    answer = await ledger.client_with(None).get("/health/ready")
    return answer.json() if {"relay", f"consumer {ledger.service.name}"} <= answer.json().keys() else None
