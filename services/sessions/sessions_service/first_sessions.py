"""The worker's job that schedules first sessions which could not be scheduled the moment their match was confirmed.

Facts travel on several topics, so that a match may be confirmed before its people or its program are known here; and people
may have no hours in common until one of them changes theirs. Such relationships wait in their table until they are due.
"""

from typing import Final

from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.runtime import Runtime
from sessions_service import sql, use_cases

_AT_ONCE: Final = 50


async def schedule(runtime: Runtime) -> bool:
    """Relationships that are due, some of one organisation; several workers may do this."""
    row = await runtime.database.fetchrow(None, sql.TENANT_WITH_DUE)
    if row is None:
        return False
    cause = Cause(correlation_id=new_id().hex)
    return await runtime.perform(use_cases.schedule_due, _AT_ONCE, tenant_id=row["tenant_id"], cause=cause) > 0
