"""Ends proposals whose time to answer is over."""

import asyncio
from typing import Final

import structlog

from matching_service import sql, use_cases
from peerloom_service.context import Cause
from peerloom_service.database import TRANSIENT
from peerloom_service.runtime import Runtime

_EVERY_SECONDS: Final = 0.5
_AT_ONCE: Final = 500


async def watch(runtime: Runtime) -> None:
    """The worker's job, until cancelled. Several workers at it do no harm: each proposal is looked at again under its lock."""
    while True:
        try:
            overdue = await runtime.database.fetch(None, sql.OVERDUE, _AT_ONCE)
            for row in overdue:
                cause = Cause(correlation_id=row["id"].hex)
                await runtime.perform(use_cases.expire_proposal, row["id"], tenant_id=row["tenant_id"], cause=cause)
        except TRANSIENT as error:
            _log.warning("expiry put off", error=type(error).__name__)
        await asyncio.sleep(_EVERY_SECONDS)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
