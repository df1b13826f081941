"""The server's side of HTTP/1.1, with what uvicorn has no setting for: how large a request's head may be, and how long it may
take.

A head is the request line and all headers. Whoever sends more than is allowed, or does not come to its end in time, is told so
and thrown out, before any code of ours has seen the request.
"""

import asyncio
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LARGE: Final = "431 Request Header Fields Too Large", "The request's headers are larger than this server takes."
_TOO_SLOW: Final = "408 Request Timeout", "The request did not arrive in time."


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `head_bytes` and `head_seconds` are set by `limited_protocol`."""

    head_bytes: ClassVar[int]
    head_seconds: ClassVar[float]

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected, and has so long to send the head of a request."""
        super().connection_made(transport)
        self._received = 0
        self._in_head = True
        self._patience: asyncio.TimerHandle | None = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some more of a request."""
        if self._in_head:
            self._received += len(data)
        super().data_received(data)
        if self._in_head and self._received > self.head_bytes:
            self._refuse(*_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._wait()

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._stop_waiting()
        self._in_head, self._received = False, 0
        if sum(len(name) + len(value) for name, value in self.headers) > self.head_bytes:
            self._refuse(*_TOO_LARGE)
        else:
            super().on_headers_complete()

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.head_seconds, self._refuse, *_TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, status: str, sentence: str) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if status == _TOO_SLOW[0] and not self._received:  # a connection that was made in advance, perhaps
            self.transport.close()
            return
        head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(sentence)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n{sentence}".encode())
        self.transport.close()


def limited_protocol(head_bytes: int, head_seconds: float) -> type[LimitedProtocol]:
    """The protocol with these limits, for uvicorn's option `http`."""
    limits = {"head_bytes": head_bytes, "head_seconds": head_seconds}
    return cast(type[LimitedProtocol], type("LimitedProtocol", (LimitedProtocol,), limits))
