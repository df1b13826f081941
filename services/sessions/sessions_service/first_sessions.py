"""The worker's job that schedules first sessions which could not be scheduled the moment their match was confirmed.

Facts travel on several topics, so that a match may be confirmed before its people or its program are known here; and people
may have no hours in common until one of them changes theirs. Such relationships wait in their table until they are due.
"""

import asyncio
from typing import Final

import structlog

from peerloom_service.context import Cause
from peerloom_service.database import TRANSIENT
from peerloom_service.identifiers import new_id
from peerloom_service.runtime import Runtime
from sessions_service import sql, use_cases

_AT_ONCE: Final = 50
_IDLE_SECONDS: Final = 0.1


async def schedule(runtime: Runtime) -> None:
    """Until cancelled: relationships that are due, some of one organisation at a time; several workers may do this."""
    while True:
        settled = 0
        try:
            row = await runtime.database.fetchrow(None, sql.TENANT_WITH_DUE)
            if row is not None:
                settled = await runtime.perform(
                    use_cases.schedule_due, _AT_ONCE, tenant_id=row["tenant_id"], cause=Cause(correlation_id=new_id().hex)
                )
        except TRANSIENT as error:
            _log.warning("first sessions put off", error=type(error).__name__)
        if not settled:
            await asyncio.sleep(_IDLE_SECONDS)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
