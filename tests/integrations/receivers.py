"""A receiver of webhooks: a real HTTP server that keeps what it gets and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.support import eventually
from tests.support.serving import served


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class Receiver:
    """`answers`: by what it is sent, a status and headers; None: it hangs until the test ends."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: Callable[[Received], tuple[int, dict[str, str]] | None] = lambda _: (200, {})
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        one = Received({name.decode(): value.decode() for name, value in scope["headers"]}, body)
        self.got.append(one)
        answer = self.answers(one)
        if answer is None:
            await self.ended.wait()
            return
        status, headers = answer
        written = [(name.encode(), value.encode()) for name, value in {**headers, "content-length": "0"}.items()]
        await send({"type": "http.response.start", "status": status, "headers": written})
        await send({"type": "http.response.body", "body": b""})

    async def gets(self, count: int, within: float = 20.0) -> list[Received]:
        """What it has got, once that are so many."""

        def enough() -> list[Received]:
            assert len(self.got) >= count, f"{len(self.got)} of {count} deliveries have come"
            return self.got

        return await eventually(enough, within=within)


@asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with served(receiver) as url:
        receiver.url = f"{url}/events"
        yield receiver
        receiver.ended.set()
