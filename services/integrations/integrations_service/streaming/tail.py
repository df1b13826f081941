"""The end of the log, followed once a process for all who read there.

While somebody waits, the heads of their organisations are looked at every few milliseconds, in one statement. What is new is
read once and kept in memory for all streams of the organisation; who lies further behind reads from the database.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final
from uuid import UUID

import structlog
from fastapi import FastAPI

from integrations_service import queries
from integrations_service.domain.events import Cursor, Head, Logged, Wanted
from peerloom_service.http.server import endings
from peerloom_service.storage.database import TRANSIENT, Database

_POLL_SECONDS: Final = 0.02
_OUTAGE_SECONDS: Final = 1.0
_KEPT_EVENTS: Final = 1000
_EVERYTHING: Final = Wanted()


class Tail:
    """The end of every organisation's log that somebody of this process waits at."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followed: dict[UUID, _Followed] = {}
        self._following: asyncio.Task[None] | None = None
        self.closed = False
        """Set when the process ends: who reads, ends too."""

    def close(self) -> None:
        """Wake all who wait, for the last time."""
        self.closed = True
        for followed in self._followed.values():
            followed.wake()

    @contextmanager
    def at_end(self, tenant: UUID) -> Iterator[asyncio.Event]:
        """Be woken whenever the organisation's log has grown, and when the process ends. Who is woken clears the event."""
        followed = self._followed.setdefault(tenant, _Followed())
        woken = asyncio.Event()
        followed.waiting.add(woken)
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(), name="tail of the log")
        try:
            yield woken
        finally:
            followed.waiting.discard(woken)
            if not followed.waiting:
                del self._followed[tenant]

    async def events(self, tenant: UUID, after: Cursor, wanted: Wanted, limit: int) -> tuple[list[Logged], Cursor, bool]:
        """Events behind a place; the place up to which these are all; and whether that is the end of the log."""
        followed = self._followed.get(tenant)
        if followed is not None and followed.head is not None:
            if after >= followed.head.last:
                return [], after, True
            recent = followed.behind(after)
            if recent is not None:
                found = [one for one in recent if wanted.wants(one)]
                if len(found) > limit:
                    return found[:limit], found[limit - 1].cursor, False
                return found, followed.recent[-1].cursor, True
        head = await queries.head(self._database, tenant)
        found, upto = await queries.events(self._database, tenant, after, wanted, limit, head.last)
        return found, upto, upto >= head.last

    async def _follow(self) -> None:
        while self._followed:
            try:
                heads = await queries.heads(self._database, self._followed)
                for tenant, last in heads.items():
                    followed = self._followed.get(tenant)
                    if followed is not None and (followed.head is None or last > followed.head.last.seq):
                        await self._read(tenant, followed)
            except TRANSIENT as error:
                _log.warning("the end of the log cannot be followed", error=type(error).__name__)
                await asyncio.sleep(_OUTAGE_SECONDS)
            await asyncio.sleep(_POLL_SECONDS)

    async def _read(self, tenant: UUID, followed: "_Followed") -> None:
        head = await queries.head(self._database, tenant)
        before = followed.head
        if before is None or head.last.seq - before.last.seq > _KEPT_EVENTS:
            followed.recent.clear()
        else:
            found, _ = await queries.events(self._database, tenant, before.last, _EVERYTHING, _KEPT_EVENTS, head.last)
            followed.recent.extend(found)
        followed.head = head
        followed.wake()


class _Followed:
    """An organisation's log, as far as it has been seen: its head, its newest events without a gap, and who waits."""

    __slots__ = ("head", "recent", "waiting")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.recent: deque[Logged] = deque(maxlen=_KEPT_EVENTS)
        self.waiting: set[asyncio.Event] = set()

    def wake(self) -> None:
        for woken in self.waiting:
            woken.set()

    def behind(self, place: Cursor) -> list[Logged] | None:
        """All events behind a place; None where not all of them are in memory."""
        if not self.recent or place.seq < self.recent[0].seq - 1:
            return None
        return [*islice(self.recent, place.seq - self.recent[0].seq + 1, None)]


def tail_of(app: FastAPI, database: Database) -> Tail:
    """The tail of this process."""
    tail: Tail | None = getattr(app.state, "tail", None)
    if tail is None:
        tail = app.state.tail = Tail(database)
        endings(app).append(tail.close)
    return tail


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
