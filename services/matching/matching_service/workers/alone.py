"""Sees to it that a run or replay is worked on by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from matching_service import sql
from peerloom_service.storage.database import Database

_A_DAY: Final = 86_400.0


@asynccontextmanager
async def alone_with(database: Database, id_: UUID) -> AsyncIterator[None]:
    """Waits until no other worker has this run or replay in hand; the lock goes with the connection, so with the process."""
    async with database.connection(None) as connection:
        await connection.execute(sql.WITHOUT_TIMEOUTS)
        try:
            await connection.execute(sql.LOCK_WORK, id_, timeout=_A_DAY)
            yield
        finally:
            if not connection.is_closed():
                await connection.execute(sql.UNLOCK_WORK, id_)
                await connection.execute(sql.WITH_TIMEOUTS)
