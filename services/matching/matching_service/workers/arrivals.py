"""Matches newcomers as they arrive, where their program asks for that."""

from typing import Final

import structlog

from matching_service import queries
from matching_service.domain.programs import CannotBeMatched
from matching_service.domain.runs import RunInProgress
from matching_service.engine import FORMATS
from matching_service.use_cases import runs
from peerloom_service.context import Cause
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.runtime import Runtime

_FORMATS: Final = [name for name, format_ in FORMATS.items() if format_.newcomers]


async def match(runtime: Runtime) -> bool:
    """Ask for a run in every program in which somebody has arrived; several workers at it ask for one."""
    for row in await runtime.database.fetch(None, queries.PROGRAMS_OF, _FORMATS):
        cause = Cause(correlation_id=row["id"].hex)
        try:
            await runtime.perform(runs.match_arrivals, row["id"], tenant_id=row["tenant_id"], cause=cause)
        except RunInProgress:
            continue
        except (CannotBeMatched, NotFound) as error:
            _log.warning("arrivals not matched", program_id=str(row["id"]), reason=str(error))
    return False


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
