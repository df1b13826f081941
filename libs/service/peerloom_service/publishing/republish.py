"""A service says the present state of its aggregates again, so that a new or restored consumer heals.

Each event carries the version its aggregate has: who knows that one already changes nothing. Rows are read and said again in
one transaction under a shared lock, so that a change that comes meanwhile is said after it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from peerloom_events import Event
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction

Republished = Mapping[type[Any], Callable[[Any], Sequence[Event]]]
"""By kind of entity the events that say all of its present state."""

_PAGE: Final = 500
_MOST_WAITING: Final = 5_000
_LOOK_SECONDS: Final = 0.5
_WAITING: Final = "SELECT count(*) FROM outbox WHERE set_aside IS NULL"
_BEFORE_ALL: Final = UUID(int=0)


async def republish(runtime: Runtime, republished: Republished, *, per_second: int) -> int:
    """Put the events of every aggregate into the outbox, of each kind in the order given, at most so many a second, and never
    more than a few thousand ahead of the relay. Returns how many. May be stopped, and started from its beginning, at any time.

    Raises: errors of the database.
    """
    said = 0
    for entity, events_of in republished.items():
        table = runtime.storages[entity].table
        for row in await runtime.database.fetch(None, f"SELECT DISTINCT tenant_id FROM {table} ORDER BY tenant_id"):
            last = _BEFORE_ALL
            while page := await runtime.perform(
                _say_again, (entity, events_of, last), tenant_id=row["tenant_id"], cause=Cause(f"republish-{new_id().hex}")
            ):
                said, last = said + len(page), page[-1]
                await asyncio.sleep(len(page) / per_second)
                await _relay_keeps_up(runtime)
        print(f"{table}: {said:,} event(s) so far", flush=True)
    return said


async def _say_again(tx: Transaction, command: tuple[type[Any], Callable[[Any], Sequence[Event]], UUID]) -> list[UUID]:
    entity, events_of, last = command
    found = await tx.find(entity, f"id > $2 ORDER BY id LIMIT {_PAGE} FOR SHARE", last)
    for one in found:
        for event in events_of(one):
            tx.publish(event)
    return [one.id for one in found]


async def _relay_keeps_up(runtime: Runtime) -> None:
    while True:
        row = await runtime.database.fetchrow(None, _WAITING)
        if row is None or row[0] <= _MOST_WAITING:
            return
        await asyncio.sleep(_LOOK_SECONDS)
