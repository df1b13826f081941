"""Forgets what nobody will ask for again: answered idempotency keys and ids of events older than any topic keeps."""

import asyncio
from typing import Final

import structlog

from peerloom_service import idempotency, inbox
from peerloom_service.database import TRANSIENT
from peerloom_service.runtime import Runtime

_EVERY_SECONDS: Final = 3600.0


async def run(runtime: Runtime) -> None:
    """Until cancelled, once an hour."""
    while True:
        try:
            await runtime.database.execute(None, idempotency.FORGET, idempotency.KEPT_HOURS)
            await runtime.database.execute(None, inbox.FORGET, inbox.KEPT_DAYS)
        except TRANSIENT as error:
            _log.warning("housekeeping put off", error=type(error).__name__)
        await asyncio.sleep(_EVERY_SECONDS)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
