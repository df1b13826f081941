"""What is asked and answered, as ASGI passes it on."""

from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope, Send

_BODILESS: Final = frozenset({204, 304})


def header(scope: Scope, name: bytes) -> str:
    """A header of the request by its name in lower case; the first where there are several, empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


@dataclass(frozen=True, slots=True)
class Response:
    """What a client is told: status, body and headers. The body is JSON where the headers say nothing else."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, send: Send, *, to: str = "GET") -> None:
        """Hand it to the server; to a HEAD request without its body."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        if self.status not in _BODILESS:
            headers.append((b"content-length", b"%d" % len(self.body)))
            if "content-type" not in self.headers:
                headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if to == "HEAD" else self.body})
