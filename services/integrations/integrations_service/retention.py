"""What is old enough is forgotten: days of the log, entries of the delivery log, tickets nobody used."""

from datetime import timedelta

from integrations_service import queries, sql
from integrations_service.domain.events import today
from integrations_service.settings import Settings
from integrations_service.use_cases.log import drop_day
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction


async def forget(runtime: Runtime) -> bool:
    """All that is old enough; several workers may be at it."""
    settings = runtime.settings
    assert isinstance(settings, Settings)
    first = today() - timedelta(days=settings.log_days)
    for day in await queries.days_before(runtime.database, first):
        async with runtime.database.connection(None) as connection:
            tx = Transaction(connection, runtime.storages, tenant_id=None, cause=Cause(new_id().hex))
            try:
                await drop_day(tx, day)
                await tx.commit()
            except BaseException:
                await tx.rollback()
                raise
    await runtime.database.execute(None, sql.FORGET_DELIVERIES, settings.log_days)
    await runtime.database.execute(None, sql.FORGET_TICKETS)
    return False
