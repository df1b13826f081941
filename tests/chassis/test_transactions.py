"""One use case, one transaction: all of it or nothing, and never over somebody else's change."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_service.main import Account
from ledgers import an_account

from peerloom_events import ParticipantRegistered
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound, PreconditionFailed
from peerloom_service.use_cases.transaction import Transaction
from tests.support import RunningService, a_participant_registered, a_participant_updated

Result = TypeVar("Result")
STEPS = st.lists(st.tuples(st.sampled_from(["open", "book", "look"]), st.integers(0, 2)), min_size=1, max_size=8)


async def perform(
    ledger: RunningService, tenant: UUID, use_case: Callable[[Transaction, Any], Awaitable[Result]], command: Any = None
) -> Result:
    return await ledger.runtime.perform(use_case, command, tenant_id=tenant, cause=Cause(correlation_id="test"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, stumbles=st.booleans())
async def test_whatever_a_use_case_does_all_of_it_is_true_and_said_or_nothing_is(
    ledger: RunningService, steps: list[tuple[str, int]], stumbles: bool
) -> None:
    tenant = new_id()
    accounts: list[Account] = []
    said: list[tuple[UUID, int]] = []

    async def do_it(tx: Transaction, _: None) -> None:
        for step, which in steps:
            if step == "open" or not accounts:
                accounts.append(Account(new_id(), 1, new_id().hex))
                tx.add(accounts[-1])
                tx.publish(a_participant_registered(accounts[-1].id))
                said.append((accounts[-1].id, 1))
                continue
            at = which % len(accounts)
            account = await tx.lock(Account, accounts[at].id)
            assert account == accounts[at], "it does not see what it has done itself"
            if step == "book":
                accounts[at] = replace(account, version=account.version + 1, balance=account.balance + 1)
                await tx.save(accounts[at])
                tx.publish(a_participant_updated(account.id, version=accounts[at].version))
                said.append((account.id, accounts[at].version))
        if stumbles:
            raise RuntimeError("stumbled")

    if stumbles:
        with pytest.raises(RuntimeError, match="stumbled"):
            await perform(ledger, tenant, do_it)
        accounts, said = [], []
    else:
        await perform(ledger, tenant, do_it)
    await ledger.settled()

    kept = await ledger.rows("SELECT id, version, name, balance FROM account WHERE tenant_id = $1", tenant)
    assert {row["id"]: Account(**dict(row.items())) for row in kept} == {account.id: account for account in accounts}
    heard = sorted((one.event.key, one.event.version) for one in ledger.log.overheard(None, tenant))
    assert heard == sorted(said)


async def test_what_was_read_unlocked_and_changed_by_somebody_meanwhile_is_not_overwritten(
    ledger: RunningService, tenant: UUID
) -> None:
    client = ledger.client(tenant)
    at = (await client.post("/v1/accounts", json=an_account())).headers["location"]

    async def set_the_balance(tx: Transaction, account_id: UUID) -> None:
        account = await tx.get(Account, account_id)
        booked = await client.post(f"{at}/bookings", json={"amount": 5})
        assert booked.status_code == 200
        await tx.save(replace(account, version=account.version + 1, balance=1_000))

    with pytest.raises(PreconditionFailed):
        await perform(ledger, tenant, set_the_balance, UUID(at.rpartition("/")[2]))

    assert (await client.get(at)).json()["balance"] == 5


@pytest.mark.parametrize("read", [Transaction.get, Transaction.lock])
async def test_an_entity_of_another_organisation_cannot_be_read_even_where_rows_of_all_are_seen(
    ledger: RunningService, tenant: UUID, read: Callable[[Transaction, type[Account], UUID], Awaitable[Account]]
) -> None:
    at = (await ledger.client(tenant).post("/v1/accounts", json=an_account())).headers["location"]

    async with ledger.runtime.database.connection(None) as everything:
        tx = Transaction(everything, ledger.runtime.storages, tenant_id=new_id(), cause=Cause(correlation_id="test"))
        with pytest.raises(NotFound):
            await read(tx, Account, UUID(at.rpartition("/")[2]))
        await tx.rollback()


async def test_events_of_one_transaction_are_heard_in_the_order_they_were_said(
    ledger: RunningService, tenant: UUID, heard
) -> None:
    someone = new_id()

    async def say_three_things(tx: Transaction, _: None) -> None:
        for version in (1, 2, 3):
            tx.publish(a_participant_registered(someone, version=version))

    await perform(ledger, tenant, say_three_things)

    assert [event.version for event in await heard(ParticipantRegistered, 3)] == [1, 2, 3]


async def test_a_value_that_postgresql_refuses_is_the_requests_fault_and_changes_nothing(
    ledger: RunningService, tenant: UUID
) -> None:
    client = ledger.client(tenant)
    account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
    await ledger.rows("UPDATE account SET balance = 2147483000 WHERE id = $1", UUID(account))

    answer = await client.post(f"/v1/accounts/{account}/bookings", json={"amount": 1000})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:peerloom:problem:invalid")
    assert (await client.get(f"/v1/accounts/{account}")).json()["balance"] == 2147483000
