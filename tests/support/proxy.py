"""A TCP proxy that can be cut: what a network does to whoever stands behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self


class Proxy:
    """Passes 127.0.0.1:`port` on to a server. While `cut`, nobody gets through and whoever was connected is thrown out."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._open: set[asyncio.StreamWriter] = set()
        self.cut = False
        self.cuts_then = False
        self.swallows: bytes | None = None
        """Once somebody sends this, the answer is swallowed and everybody thrown out; then again only when it is set again."""
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, host: str, port: int) -> AsyncIterator[Self]:
        """Running until the end of the context."""
        proxy = cls(host, port)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            proxy.disconnect()
            server.close()

    def disconnect(self) -> None:
        """Reset every connection; new ones get through unless it is cut."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, far_writer}
        swallowing = asyncio.Event()

        def sent(data: bytes) -> bool:
            if self.swallows is not None and self.swallows in data:
                self.swallows = None
                swallowing.set()
            return True

        def answered(_data: bytes) -> bool:
            if swallowing.is_set():
                self.cut |= self.cuts_then
                self.disconnect()
            return not swallowing.is_set()

        await asyncio.gather(_pump(reader, far_writer, sent), _pump(far_reader, writer, answered))
        self._open -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]) -> None:
    with contextlib.suppress(OSError):
        while (data := await reader.read(65_536)) and passes(data):
            writer.write(data)
            await writer.drain()
    writer.close()
