"""Drops what was stored of runs long ago: the people's facts and the answer. Certificates stay; they name nobody."""

import asyncio
from typing import Final

import structlog

from matching_service import sql
from matching_service.settings import Settings
from peerloom_service.database import TRANSIENT
from peerloom_service.runtime import Runtime

_EVERY_SECONDS: Final = 3600.0


async def forget(runtime: Runtime) -> None:
    """Drop what has been stored for long enough."""
    assert isinstance(runtime.settings, Settings)
    await runtime.database.execute(None, sql.FORGET_STORED_RUNS, runtime.settings.stored_runs_kept_days)


async def watch(runtime: Runtime) -> None:
    """The worker's job, once an hour, until cancelled."""
    while True:
        try:
            await forget(runtime)
        except TRANSIENT as error:
            _log.warning("stored runs are kept for now", error=type(error).__name__)
        await asyncio.sleep(_EVERY_SECONDS)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
