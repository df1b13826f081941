"""Forgets what nobody will ask for again: answered idempotency keys and ids of events older than any topic keeps."""

from peerloom_service.consuming import inbox
from peerloom_service.jobs import Job
from peerloom_service.use_cases import idempotency
from peerloom_service.use_cases.runtime import Runtime


async def forget(runtime: Runtime) -> bool:
    """All that is old enough."""
    await runtime.database.execute(None, idempotency.FORGET, idempotency.KEPT_HOURS)
    await runtime.database.execute(None, inbox.FORGET, inbox.KEPT_DAYS)
    return False


HOUSEKEEPING = Job(forget, every=3600.0)
