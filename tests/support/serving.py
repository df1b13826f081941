"""A real HTTP server on a loopback port for an ASGI app, inside the tests' own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from peerloom_service.http.server import Server


class _Server(Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to pytest."""
        yield


@asynccontextmanager
async def served(app: Any, http: Any = "auto") -> AsyncIterator[str]:
    """Serve `app` with its lifespan; yields its address, http://127.0.0.1:port. `http`: uvicorn's protocol.

    Raises: RuntimeError when the app would not start.
    """
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # named, or asyncio leaves Nagle's algorithm on: 40 ms an answer
        listener.bind(("127.0.0.1", 0))
        server = _Server(
            uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=5, lifespan="auto", http=http)
        )
        task = asyncio.ensure_future(_run(server, listener))
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise RuntimeError("the app did not start; its reason is in the captured output")
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    try:
        await server.serve([listener])
    except SystemExit as error:  # it would end pytest
        raise RuntimeError("the app did not start; its reason is in the captured output") from error
