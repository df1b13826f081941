"""A database, or a copy in another service, that has lost something is whole again: the owner says the present state again."""

import asyncio
from uuid import UUID

import pytest
from ledgers import Ledger, an_account

from peerloom_service.publishing import republish
from tests.support.processes import environment_of, run


async def test_a_copy_that_was_lost_or_is_too_old_is_whole_again_and_a_sound_one_does_not_change(
    own_ledger: Ledger, tenant: UUID
) -> None:
    """The steps of docs/restore.md: copies are restored from a backup, then the owner says what is true now."""
    async with own_ledger.serving() as ledger:
        client = ledger.client(tenant)
        for _ in range(5):
            account = (await client.post("/v1/accounts", json=an_account())).headers["location"]
            assert (await client.post(f"{account}/bookings", json={"amount": 7})).status_code == 200
        await own_ledger.settled()
        whole = await own_ledger.rows("SELECT * FROM account_copy ORDER BY id")
        ids = [row["id"] for row in whole]
        await own_ledger.rows("DELETE FROM account_copy WHERE id = ANY($1)", ids[:2])
        await own_ledger.rows("UPDATE account_copy SET version = 1, balance = 0 WHERE id = $1", ids[2])

        code, output = await run("ledger_service", "republish", environment=_named(own_ledger))
        await own_ledger.settled()

        assert code == 0, output
        assert "5 event(s) said again" in output
        assert await own_ledger.rows("SELECT * FROM account_copy ORDER BY id") == whole


async def test_a_republish_goes_no_faster_than_it_is_told(
    own_ledger: Ledger, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(republish, "_PAGE", 2)
    pauses, sleep = list[float](), asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async with own_ledger.serving(worker=False) as ledger:
        for _ in range(5):
            assert (await ledger.client(tenant).post("/v1/accounts", json=an_account())).status_code == 201
        monkeypatch.setattr(republish.asyncio, "sleep", noted)
        said = await republish.republish(ledger.runtime, own_ledger.service.republishes, per_second=7)
        monkeypatch.undo()

    assert said == 5
    assert [one for one in pauses if one in (2 / 7, 1 / 7)] == [2 / 7, 2 / 7, 1 / 7]


def _named(own: Ledger) -> dict[str, str]:
    return {**environment_of(own.settings), "LEDGER_NAME": own.service.name}
