"""The server of a process: what would go on for ever is told when it stops."""

import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE


class Server(uvicorn.Server):
    """Uvicorn waits for open answers before it stops. An answer without an end, such as a stream, hears of it here and ends."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell them, then wait as long as the grace period allows."""
        app = self.config.app
        if isinstance(app, FastAPI):
            for end in endings(app):
                end()
        await super().shutdown(sockets)


def endings(app: FastAPI) -> list[Callable[[], None]]:
    """What is called once when the server begins to stop; whoever answers without an end adds to it."""
    found: list[Callable[[], None]] = app.state.endings
    return found


def serve(config: uvicorn.Config) -> None:
    """Serve until a signal. Raises: SystemExit where it does not start."""
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
