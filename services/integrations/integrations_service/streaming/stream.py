"""A stream of events (server-sent events): resumed by `Last-Event-ID`, kept alive by comments, at the pace of its reader."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client import Gauge
from starlette.types import Receive, Send

from integrations_service.domain.events import Cursor, Logged, Wanted
from integrations_service.streaming.tail import Tail

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0
_AT_ONCE: Final = 100
_STUCK_SECONDS: Final = 60.0
_HEADERS: Final = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy in between hands on what comes at once
]
_OPEN: Final = Gauge("integrations_open_streams", "Streams of events that are open")


@dataclass(frozen=True, slots=True)
class EventStream:
    """An answer that goes on until its reader leaves, its time is up, or the process ends. All but the first are no loss: the
    reader comes again with the id of the last event it has.

    What a reader does not take is not sent and not kept: it stays in the log until there is room on the connection. Who takes
    nothing for a minute is let go.
    """

    tail: Tail
    tenant: UUID
    after: Cursor
    wanted: Wanted
    seconds: float
    receive: Receive

    async def send(self, send: Send, *, to: str = "GET") -> None:
        """Hand it to the server, as long as it lasts."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if to == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        with _OPEN.track_inprogress(), self.tail.at_end(self.tenant) as woken:
            left = asyncio.create_task(self._left(woken))
            try:
                with suppress(TimeoutError):
                    await self._go_on(send, woken, left)
            finally:
                left.cancel()

    async def _go_on(self, send: Send, woken: asyncio.Event, left: "asyncio.Task[None]") -> None:
        """Raises: TimeoutError where the reader takes nothing."""
        place, ends = self.after, time.monotonic() + self.seconds
        await _sent(send, b"retry: 1000\n: connected\n\n")
        while not (left.done() or self.tail.closed or time.monotonic() >= ends):
            woken.clear()
            found, upto, at_end = await self.tail.events(self.tenant, place, self.wanted, _AT_ONCE)
            if found:
                await _sent(send, _written(found))
            elif upto != place and not at_end:
                await _sent(send, b"id: %b\n\n" % str(upto).encode())  # what is passed over need not be passed over again
            place = upto
            if at_end and not left.done():
                try:
                    async with asyncio.timeout(min(HEARTBEAT_SECONDS, max(0.0, ends - time.monotonic()))):
                        await woken.wait()
                except TimeoutError:
                    await _sent(send, b": still here\n\n")
        await _sent(send, b"", more=False)

    async def _left(self, woken: asyncio.Event) -> None:
        """Return when the reader is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        woken.set()


def _written(events: Sequence[Logged]) -> bytes:
    return b"".join(b"id: %b\ndata: %b\n\n" % (str(one.cursor).encode(), one.document) for one in events)


async def _sent(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(_STUCK_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})
