"""Peerloom as a client of one organisation sees it: its public HTTP API, and its events on Kafka."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError

from peerloom_dev.credentials import token
from peerloom_events import TOPICS

Item = TypeVar("Item")

_AT_ONCE: Final = 16
_KEEPALIVE_SECONDS: Final = 2.0  # the services close what was idle for five: a request sent in that very moment would be lost
_PAGE: Final = 1000
_PATIENCE_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 0.2


class Addresses(Protocol):
    """Where a stack is."""

    services: dict[str, str]
    kafka: str
    issuer: str
    operator_secret: str


class CallRefused(RuntimeError):
    """A service answered with a problem nobody expected; the text says where and what."""


class TookTooLong(RuntimeError):
    """Something that should follow by itself did not; the text says what was waited for."""


class Company:
    """An organisation's client.

    Every POST carries an Idempotency-Key of its own. While a service does not answer, or answers 503, it is asked again, with
    the same key: so a POST happens once however often it was sent.
    """

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses, organisation_id: str, access_token: str) -> None:
        self._http = http
        self._services = addresses.services
        self._headers = {"authorization": f"Bearer {access_token}"}
        self.organisation_id = organisation_id

    @classmethod
    @asynccontextmanager
    async def client(cls, addresses: Addresses, credential: dict[str, str]) -> AsyncIterator["Company"]:
        """Connected with an access token for the credential's organisation."""
        access_token = await asyncio.to_thread(token, addresses.issuer, credential["client_id"], credential["client_secret"])
        limits = httpx.Limits(max_connections=_AT_ONCE, keepalive_expiry=_KEEPALIVE_SECONDS)
        async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as http:
            yield cls(http, addresses, credential["organisation_id"], access_token)

    async def get(self, service: str, path: str, **query: Any) -> dict[str, Any]:
        """Raises: CallRefused."""
        return _body(await self._sent("GET", service, path, params=query))

    async def found(self, service: str, path: str) -> dict[str, Any] | None:
        """What is there, or None while it is not there yet."""
        answer = await self._sent("GET", service, path)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _body(answer)

    async def post(self, service: str, path: str, body: object = None, *, content: bytes | None = None) -> dict[str, Any]:
        """Raises: CallRefused."""
        return _body(await self.attempt(service, path, body, content=content))

    async def attempt(self, service: str, path: str, body: object = None, *, content: bytes | None = None) -> httpx.Response:
        """A POST whose refusal the caller deals with."""
        key = {"idempotency-key": uuid.uuid4().hex}
        if content is not None:
            return await self._sent("POST", service, path, content=content, headers={**key, "content-type": "text/csv"})
        return await self._sent("POST", service, path, json=body or {}, headers=key)

    async def put(self, service: str, path: str, body: object) -> dict[str, Any]:
        """Raises: CallRefused."""
        return _body(await self._sent("PUT", service, path, json=body))

    async def all(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(service, path, limit=_PAGE, **query, **cursor)
            items += page["items"]
            if not page.get("next"):
                return items
            cursor = {"cursor": page["next"]}

    async def _sent(
        self, method: str, service: str, path: str, *, headers: dict[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        url, headers = self._services[service] + path, {**self._headers, **(headers or {})}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            in_time = time.monotonic() < deadline
            try:
                answer = await self._http.request(method, url, headers=headers, **request)
            except httpx.TransportError:
                if not in_time:
                    raise
            else:
                if not in_time or answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
            await asyncio.sleep(_AGAIN_SECONDS)


async def at_once(jobs: Iterable[Any], done: Callable[[], None] = lambda: None) -> list[Any]:
    """Results of coroutines, some of them at a time, in their order."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(job: Any) -> Any:
        async with gate:
            result = await job
            done()
            return result

    return await asyncio.gather(*map(one, jobs))


async def events_by_type(addresses: Addresses, organisation_id: str, within: float = 60.0) -> Counter[str]:
    """How many events of each type there are on Kafka for the organisation, read from the beginning by nobody's group."""
    counted: Counter[str] = Counter()
    seen: set[bytes] = set()
    async with asyncio.timeout(within):
        consumer = await _consumer(addresses.kafka)
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            waiting = {partition for partition, end in ends.items() if end > 0}
            while waiting:
                for partition, records in (await consumer.getmany(timeout_ms=200, max_records=5000)).items():
                    for record in records:
                        headers = dict(record.headers)
                        if headers.get("ce_tenantid") == organisation_id.encode() and headers["ce_id"] not in seen:
                            seen.add(headers["ce_id"])
                            counted[headers["ce_type"].decode()] += 1
                    if records[-1].offset + 1 >= ends[partition]:
                        waiting.discard(partition)
        finally:
            await consumer.stop()
    return counted


async def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    """A started consumer of all topics; a broker that is away is waited for."""
    topics = [topic.name for topic in TOPICS]
    while True:
        consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
        try:
            await consumer.start()
        except KafkaConnectionError:
            await consumer.stop()
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return consumer


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise CallRefused(f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text[:500]}")
    body: dict[str, Any] = answer.json()
    return body
