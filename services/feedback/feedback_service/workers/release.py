"""Releases answers to the results of their program, in batches of people."""

from feedback_service import sql
from feedback_service.domain.results import SMALLEST_CELL
from peerloom_service.use_cases.runtime import Runtime


async def release(runtime: Runtime) -> bool:
    """Every program with answers of enough people gets them released, all of them in one batch. One worker at a time."""
    async with runtime.database.connection(None) as connection, connection.transaction():
        if await connection.fetchval(sql.ALONE):
            await connection.execute(sql.RELEASE, SMALLEST_CELL)
    return False
