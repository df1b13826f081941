"""The body of a request: read within its limit, and taken for JSON only where it says so."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from peerloom_service.http.fastapi_parts import Finding
from peerloom_service.http.messages import header
from peerloom_service.problems import PayloadTooLarge, RequestTimeout, UnsupportedMediaType

_UNENCODED: Final = frozenset({"", "identity"})


class JsonBody:
    """The JSON body of a route."""

    def __init__(self, kind: Any) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, kind))

    def value(self, scope: Scope, body: bytes) -> tuple[Any, list[Finding]]:
        """What was sent, and what is wrong with it.

        Raises: UnsupportedMediaType for a body that says it is no JSON, or that it is compressed.
        """
        if not body:
            return None, [{"type": "missing", "loc": ("body",), "msg": "Field required"}]
        _refuse_what_is_no_json(scope)
        try:
            return self._adapter.validate_json(body), []
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            whole = _with_whole_numbers(body, found)
            if whole is not None:
                return self.value(scope, whole)
            return None, [{**finding, "loc": ("body", *finding["loc"])} for finding in found]


def _with_whole_numbers(body: bytes, found: Sequence[Any]) -> bytes | None:
    """The body with 4 for each 4.0 that was refused, which JSON Schema takes for the same whole number; None where none was."""
    refused = [finding for finding in found if finding["type"] == "int_type"]
    floats = [finding for finding in refused if isinstance(finding["input"], float) and finding["input"].is_integer()]
    if not floats:
        return None
    document: Any = from_json(body)
    for finding in floats:
        *way, last = finding["loc"]
        place = document
        for step in way:
            place = place[step]
        place[last] = int(finding["input"])
    return bytes(to_json(document))


def _refuse_what_is_no_json(scope: Scope) -> None:
    kind, _, subtype = header(scope, b"content-type").partition(";")[0].strip().lower().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise UnsupportedMediaType(
            "Send JSON, with the header Content-Type: application/json.", headers={"accept": "application/json"}
        )
    if header(scope, b"content-encoding").strip().lower() not in _UNENCODED:
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")


def limited(scope: Scope, receive: Receive, limit: int, seconds: float) -> Receive:
    """The same body, refused once it is longer than the limit, whether or not it says how long it is, and given up where
    nothing more of it comes for so many seconds.
    """
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError as error:
            raise RequestTimeout(f"Nothing more of the body came for {seconds:g} seconds.") from error
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return receive_limited


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"Send less at once: the body is larger than the {limit:,} bytes this address takes.")


async def read(receive: Receive) -> bytes:
    """The whole body.

    Raises: ClientDisconnect where the caller leaves before it is complete.
    """
    pieces = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)
