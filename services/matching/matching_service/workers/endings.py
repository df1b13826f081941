"""Ends what is still open in programs that were closed, some matches at a time."""

from typing import Final

from matching_service import queries
from matching_service.use_cases import endings
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

_PAGE: Final = 500


async def end_closed(runtime: Runtime) -> bool:
    """One page of each closed program; several workers at it do no harm, each match is locked. Whether there may be more."""
    more = False
    for row in await runtime.database.fetch(None, queries.OPEN_IN_CLOSED, _PAGE):
        if row["matches"]:
            cause = Cause(correlation_id=row["id"].hex)
            await runtime.perform(endings.end_some, row["matches"], tenant_id=row["tenant_id"], cause=cause)
            more |= len(row["matches"]) == _PAGE
    return more
