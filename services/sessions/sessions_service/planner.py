"""The worker's job that schedules the next sessions of relationships that have none to come.

One waits when its last session is over. So does a first session that could not be scheduled when its match was confirmed: facts
travel on several topics, so that a match may be confirmed before its people or its program are known here, and people may have
no hours in common until one of them changes theirs. Relationships wait in their table until they are due.
"""

from typing import Final

import structlog

from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime
from sessions_service import queries
from sessions_service.queries import Due
from sessions_service.use_cases import planning

_AT_ONCE: Final = 50


async def schedule(runtime: Runtime) -> bool:
    """Plan for some relationships of one organisation that are due; several workers may do this at once.

    Where planning fails with a defect, each of them is tried alone, so that a bad one holds up none of the others: it is
    logged, and is tried again after a pause that grows to an hour.
    """
    due = await queries.due(runtime.database, most=_AT_ONCE)
    if due is None:
        return False
    try:
        return await _plan(runtime, due) > 0
    except TRANSIENT:
        raise
    except Exception:  # noqa: BLE001 - one of them is bad: find out which
        for relationship_id in due.relationship_ids:
            await _plan_alone(runtime, Due(due.tenant_id, (relationship_id,)))
        return True


async def _plan(runtime: Runtime, due: Due) -> int:
    command = planning.ScheduleDue(due.relationship_ids)
    cause = Cause(correlation_id=new_id().hex)
    return await runtime.perform(planning.schedule_due, command, tenant_id=due.tenant_id, cause=cause)


async def _plan_alone(runtime: Runtime, due: Due) -> None:
    try:
        await _plan(runtime, due)
    except TRANSIENT:
        raise
    except Exception:  # noqa: BLE001 - a defect: it is logged, and the others go on
        (relationship_id,) = due.relationship_ids
        _log.exception("relationship could not be planned for", relationship_id=str(relationship_id))
        command = planning.PutOff(relationship_id)
        cause = Cause(correlation_id=new_id().hex)
        await runtime.perform(planning.put_off, command, tenant_id=due.tenant_id, cause=cause)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
