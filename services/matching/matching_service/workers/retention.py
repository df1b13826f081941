"""Drops what was stored of runs long ago: the people's facts and the answer. Certificates stay; they name nobody."""

from matching_service import sql
from matching_service.settings import Settings
from peerloom_service.use_cases.runtime import Runtime


async def forget(runtime: Runtime) -> bool:
    """Drop what has been stored for long enough."""
    assert isinstance(runtime.settings, Settings)
    await runtime.database.execute(None, sql.FORGET_STORED_RUNS, runtime.settings.stored_runs_kept_days)
    return False
