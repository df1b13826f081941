"""The worker's job that acts on leaving dates on the day they come."""

from typing import Final

from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.runtime import Runtime
from profile_service import queries
from profile_service.use_cases import departures

_AT_ONCE: Final = 200


async def take_effect(runtime: Runtime) -> bool:
    """Let some people go whose leaving date has come, in whatever organisation; whether there may be more."""
    found = 0
    for row in await runtime.database.fetch(None, queries.DUE_TO_LEAVE, _AT_ONCE):
        command = departures.LeaveToday(tuple(row["ids"]))
        cause = Cause(correlation_id=new_id().hex)
        found += await runtime.perform(departures.leave_today, command, tenant_id=row["tenant_id"], cause=cause)
    return found >= _AT_ONCE
