"""Sees to it that a run or replay is worked on by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

from matching_service import sql
from peerloom_service.storage.database import TRANSIENT, Database
from peerloom_service.storage.lease import leased

_A_DAY: Final = 86_400.0


@asynccontextmanager
async def alone_with(database: Database, id_: UUID) -> AsyncIterator[None]:
    """Waits until no other worker has this run or replay in hand. The lock is a lease: a worker that falls silent loses it.

    Raises: LeaseLost inside the block, where this worker has.
    """
    async with leased(database) as lease:
        await lease.execute(sql.WITHOUT_TIMEOUTS)
        try:
            await lease.execute(sql.LOCK_WORK, id_, within=_A_DAY)
            yield
        finally:
            with suppress(*TRANSIENT):
                await lease.execute(sql.UNLOCK_WORK, id_)
                await lease.execute(sql.WITH_TIMEOUTS)
