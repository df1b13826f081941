"""The log grows at its end, and is cut off at its beginning."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from integrations_service import sql
from integrations_service.domain.events import Entry, today
from peerloom_service.use_cases.transaction import Transaction


async def record(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Log events in this order behind those of their organisations that are logged already.

    An organisation's numbers have no gap, and whoever sees one sees all before it: its head is locked from the moment numbers
    are taken until they are committed.
    """
    counts = Counter(entry.tenant_id for entry in entries)
    tenants = sorted(counts)
    taken: Counter[UUID] = Counter()
    places = []
    for entry in entries:
        taken[entry.tenant_id] += 1
        places.append(counts[entry.tenant_id] - taken[entry.tenant_id])
    day = today()
    await tx.execute(sql.OPEN_DAY, day)
    await tx.execute(
        sql.RECORD,
        tenants,
        [counts[tenant] for tenant in tenants],
        day,
        [entry.tenant_id for entry in entries],
        places,
        [entry.event_id for entry in entries],
        [entry.type for entry in entries],
        [entry.subject for entry in entries],
        ["{" + ",".join(map(str, entry.people)) + "}" for entry in entries],
        [entry.program_id for entry in entries],
        [entry.document for entry in entries],
    )


async def drop_day(tx: Transaction, day: date) -> None:
    """Let go of all that was logged on a day, as a whole; cursors that lie before its end are too old from now on."""
    await tx.execute(sql.RAISE_FLOOR, day)
    await tx.execute(sql.FORGET_DAY, day)
    await tx.execute(sql.DROP_DAY, day)
