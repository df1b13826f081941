"""Ends proposals whose time to answer is over."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from opentelemetry import metrics

from matching_service import queries
from matching_service.use_cases import answers
from peerloom_service.context import Cause
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime

_PAGE: Final = 500
_BEGINNING: Final = (datetime.fromtimestamp(0, UTC), UUID(int=0))

skipped = metrics.get_meter("matching_service").create_counter(
    "peerloom.matching.expiry.skipped", description="Overdue proposals that could not be ended; each is tried again next turn"
)


async def expire(runtime: Runtime) -> bool:
    """End all that are overdue; each is looked at again under its lock, so that several workers at it do no harm.

    One that cannot be ended is counted, logged and passed over: the others do not wait for it.
    """
    after = _BEGINNING
    while overdue := await runtime.database.fetch(None, queries.OVERDUE, *after, _PAGE):
        for row in overdue:
            cause = Cause(correlation_id=row["id"].hex)
            try:
                await runtime.perform(answers.expire, row["id"], tenant_id=row["tenant_id"], cause=cause)
            except asyncpg.LockNotAvailableError:
                continue  # somebody answers it at this moment
            except TRANSIENT:
                raise
            except Exception:  # noqa: BLE001 - a defect that concerns this one proposal
                skipped.add(1)
                _log.exception("proposal could not be ended", match_id=str(row["id"]))
        after = overdue[-1]["answer_by"], overdue[-1]["id"]
    return False


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
