"""How a call goes, without saying how it is sent: what both clients share.

A call is a generator: it yields requests and pauses, is given responses and errors, and returns what came of it.
"""

import random
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from peerloom_client.paths import SERVICE_OF
from peerloom_client.problems import Problem, problem_of

_TRIES: Final = 5
_LONGEST_PAUSE: Final = 30.0
_AGAIN: Final = frozenset({429, 502, 503, 504})
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so long, then go on."""

    seconds: float


Step = httpx.Request | Pause
Call = Generator[Step, httpx.Response | httpx.TransportError | None, Any]


class Addresses:
    """Where the services are: all behind one address, or each at its own."""

    def __init__(self, given: str | Mapping[str, str]) -> None:
        self._given = given

    def url(self, path: str) -> str:
        """The address of a path such as `/v1/matches`. Raises: ValueError where nobody serves it."""
        if isinstance(self._given, str):
            return self._given.rstrip("/") + path
        first = urlsplit(path).path.split("/")[2] if path.startswith("/v1/") else ""
        service = SERVICE_OF.get(first)
        if service is None or service not in self._given:
            raise ValueError(f"No address is known for {path}.")
        return self._given[service].rstrip("/") + path


def call(
    addresses: Addresses,
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Call:
    """One request, sent again where that is safe and may help. Returns the JSON of the answer.

    Raises: Problem; httpx.TransportError where nobody could be reached in all tries.
    """
    sent = dict(headers or {})
    if method == "POST":
        sent["idempotency-key"] = key or str(uuid.uuid4())
    for tried in range(1, _TRIES + 1):
        request = httpx.Request(
            method, addresses.url(path), params=_query(query), json=body, headers=sent, extensions=_patience(query)
        )
        outcome = yield request
        if isinstance(outcome, httpx.Response) and outcome.status_code not in _AGAIN:
            if outcome.is_error:
                raise problem_of(outcome)
            return outcome.json() if outcome.content else None
        if tried < _TRIES:
            yield Pause(pause_before(tried, outcome))
    if isinstance(outcome, httpx.Response):
        raise problem_of(outcome)
    assert outcome is not None
    raise outcome


def pause_before(tried: int, outcome: object) -> float:
    """Seconds before the next try: what the service asks for, or else twice as long each time."""
    if isinstance(outcome, httpx.Response):
        asked = outcome.headers.get("retry-after", "")
        if asked.isdigit():
            return min(float(asked), _LONGEST_PAUSE)
    return min(0.1 * 2.0**tried, _LONGEST_PAUSE) * (0.5 + random.random() / 2)  # noqa: S311 - no secret


def page(addresses: Addresses, path: str, query: Mapping[str, Any], cursor: str | None) -> Call:
    """A page of a list: its items, and the cursor of the next one."""
    asked = {"limit": _PAGE, **query} | ({"cursor": cursor} if cursor else {})
    return call(addresses, "GET", path, query=asked)


def stream_request(addresses: Addresses, query: Mapping[str, Any], cursor: str) -> httpx.Request:
    """The request for a stream behind a cursor."""
    place = {} if cursor in ("earliest", "latest") else {"last-event-id": cursor}
    asked = {**query, "after": cursor} if not place else query
    return httpx.Request("GET", addresses.url("/v1/events/stream"), params=_query(asked), headers=place)


def worth_another_try(error: Problem | httpx.TransportError) -> bool:
    """Whether a stream that could not be opened may be opened a little later."""
    return not isinstance(error, Problem) or error.status in _AGAIN


def _query(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (given or {}).items() if value is not None}


def _patience(query: Mapping[str, Any] | None) -> dict[str, Any]:
    seconds = 30.0 + float((query or {}).get("wait") or 0)
    return {"timeout": httpx.Timeout(seconds).as_dict()}
