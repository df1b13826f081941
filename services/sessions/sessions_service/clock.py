"""What time it is for an organisation: the database's clock, put forward where an integrator tries the months ahead."""

from datetime import datetime

from peerloom_service.problems import Conflict
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import sql


class ClockOnlyGoesForward(Conflict):
    title = "A test clock only goes forward"


async def now(tx: Transaction) -> datetime:
    """The organisation's time in UTC. Every use case takes it from here."""
    row = await tx.fetchrow(sql.NOW, tx.tenant_id)
    assert row is not None
    moment: datetime = row[0]
    return moment


async def read(tx: Transaction, _command: None) -> datetime:
    """The organisation's time, as a use case of its own."""
    return await now(tx)


async def put_forward(tx: Transaction, to: datetime) -> datetime:
    """Let it be that time for the organisation from now on; the clock keeps running. Answers with the new time.

    Raises: ClockOnlyGoesForward.
    """
    if await tx.execute(sql.PUT_FORWARD, tx.tenant_id, to) != "INSERT 0 1":
        raise ClockOnlyGoesForward(f"It is {(await now(tx)).isoformat()} already.")
    return await now(tx)
