"""Ends proposals whose time to answer is over."""

from typing import Final

from matching_service import sql, use_cases
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

_AT_ONCE: Final = 500


async def expire(runtime: Runtime) -> bool:
    """Those that are overdue; each is looked at again under its lock, so that several workers at it do no harm."""
    overdue = await runtime.database.fetch(None, sql.OVERDUE, _AT_ONCE)
    for row in overdue:
        cause = Cause(correlation_id=row["id"].hex)
        await runtime.perform(use_cases.expire_proposal, row["id"], tenant_id=row["tenant_id"], cause=cause)
    return len(overdue) == _AT_ONCE
