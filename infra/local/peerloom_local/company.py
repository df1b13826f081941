"""Peerloom as a client of one organisation sees it: its public HTTP API, and its events on Kafka."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar

import httpx
from aiokafka import AIOKafkaConsumer

from peerloom_events import TOPICS
from peerloom_local.credentials import token

Item = TypeVar("Item")

_AT_ONCE: Final = 16
_KEEPALIVE_SECONDS: Final = 2.0  # the services close what was idle for five: a request sent in that very moment would be lost
_PAGE: Final = 1000


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
    """An organisation's client. Every POST carries an Idempotency-Key of its own."""

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
        return _body(await self._http.get(self._services[service] + path, params=query, headers=self._headers))

    async def found(self, service: str, path: str) -> dict[str, Any] | None:
        """What is there, or None while it is not there yet."""
        answer = await self._http.get(self._services[service] + path, headers=self._headers)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _body(answer)

    async def post(self, service: str, path: str, body: object = None, *, content: bytes | None = None) -> dict[str, Any]:
        """Raises: CallRefused."""
        return _body(await self.attempt(service, path, body, content=content))

    async def attempt(self, service: str, path: str, body: object = None, *, content: bytes | None = None) -> httpx.Response:
        """A POST whose refusal the caller deals with."""
        headers = {**self._headers, "idempotency-key": uuid.uuid4().hex}
        if content is not None:
            headers["content-type"] = "text/csv"
            return await self._http.post(self._services[service] + path, content=content, headers=headers)
        return await self._http.post(self._services[service] + path, json=body or {}, headers=headers)

    async def put(self, service: str, path: str, body: object) -> dict[str, Any]:
        """Raises: CallRefused."""
        return _body(await self._http.put(self._services[service] + path, json=body, headers=self._headers))

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


async def at_once(jobs: Iterable[Any], done: Callable[[], None] = lambda: None) -> list[Any]:
    """Results of coroutines, some of them at a time, in their order."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(job: Any) -> Any:
        async with gate:
            result = await job
            done()
            return result

    return await asyncio.gather(*map(one, jobs))


async def events_by_type(addresses: Addresses, organisation_id: str, within: float = 20.0) -> Counter[str]:
    """How many events of each type there are on Kafka for the organisation, read from the beginning by nobody's group."""
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in TOPICS), bootstrap_servers=addresses.kafka, auto_offset_reset="earliest", group_id=None
    )
    counted: Counter[str] = Counter()
    seen: set[bytes] = set()
    async with asyncio.timeout(within):
        await consumer.start()
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


def _body(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise CallRefused(f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text[:500]}")
    body: dict[str, Any] = answer.json()
    return body
