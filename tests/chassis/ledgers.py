"""A ledger of a test's own, and what to ask of it."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from ledger_service.main import id_of
from ledger_service.main import ledger as make_ledger

from peerloom_events import MatchConfirmed, SurveyRequested
from peerloom_service.identifiers import new_id
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings
from tests.support import Overheard, RunningService, ServiceProcess, Surroundings, a_match_confirmed, eventually, parts

SESSION_MS = 6_000 if parts.choice().kafka else 3_000
"""As short as a broker of ours allows: this long a killed member holds up its group. A given broker has Kafka's own limit."""


@dataclass
class Ledger:
    """A ledger of a test's own, in a consumer group and with a database of its own. Nothing of it runs yet."""

    service: Service
    settings: ServiceSettings
    surroundings: Surroundings
    output: Path

    @classmethod
    @asynccontextmanager
    async def made(cls, surroundings: Surroundings, output: Path) -> AsyncIterator["Ledger"]:
        service = make_ledger(f"ledger_{uuid4().hex[:6]}")
        async with surroundings.migrated(service, kafka_session_ms=SESSION_MS) as settings:
            await surroundings.log.start_at_the_end(service.name, {kind.topic.name for kind in service.subscribes})
            yield cls(service, settings, surroundings, output)

    def changed(self, **declared: Any) -> "Ledger":
        """The same ledger with something of its service declared differently."""
        return replace(self, service=replace(self.service, **declared))

    def serving(self, *, worker: bool = True, **changed: Any) -> AbstractAsyncContextManager[RunningService]:
        """It runs inside the test."""
        settings = self.settings.model_copy(update=changed)
        return self.surroundings.serving(self.service, settings, worker=worker)

    def process(
        self, command: str, *, dies: str | None = None, ready: bool = True, **environment: str
    ) -> AbstractAsyncContextManager[ServiceProcess]:
        """It runs as a process, which dies at a failpoint if one is named."""
        named = {"LEDGER_NAME": self.service.name, **({"LEDGER_DIES": dies} if dies else {}), **environment}
        return ServiceProcess.started("ledger_service", command, self.settings, log=self.output, environment=named, ready=ready)

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """What its database holds, of every organisation."""
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            await connection.execute("SET peerloom.tenant = '*'")
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    def said(self, tenant: UUID) -> list[Overheard]:
        """The SurveyRequested of this ledger; others answer the same events."""
        overheard = self.surroundings.log.overheard(SurveyRequested, tenant)
        return [one for one in overheard if getattr(one.event, "session_id", None) == id_of(self.service.name)]

    async def effects(self) -> list[UUID]:
        """Matches that had their effect, in the order of the effects; one that had it twice is here twice."""
        return [row["match_id"] for row in await self.rows("SELECT match_id FROM effect ORDER BY number")]

    async def settled(self, within: float = 30.0) -> None:
        """Return when its group has committed everything and its outbox is empty."""
        topics = {kind.topic.name for kind in self.service.subscribes}

        async def nothing_waits() -> None:
            waiting = (await self.rows("SELECT count(*) FROM outbox"))[0][0]
            assert waiting == 0, f"{waiting} event(s) are not published"

        async def nothing_left() -> bool:
            await nothing_waits()  # before: what is published by now is heard below
            await self.surroundings.log.heard_all()
            left = await self.surroundings.log.lag(self.service.name, topics)
            assert left == 0, f"{left} record(s) are not handled"
            await nothing_waits()  # after: what handling them has said is published too
            return True

        await eventually(nothing_left, within=within, every=0.2)


def a_match(match_id: UUID | None = None, version: int = 1) -> MatchConfirmed:
    """What the ledger answers with one effect and one SurveyRequested."""
    return a_match_confirmed((new_id(), new_id()), new_id(), match_id=match_id or new_id(), version=version)


def an_account() -> dict[str, Any]:
    """Body of POST /v1/accounts."""
    return {"name": uuid4().hex}


def versions_in_order(overheard: list[Overheard]) -> dict[UUID, list[int]]:
    """By aggregate: the versions in the order in which the log holds their first deliveries."""
    first: dict[str, Overheard] = {}
    for one in sorted(overheard, key=lambda one: (one.record.topic, one.record.partition, one.record.offset)):
        first.setdefault(one.envelope.id, one)
    found: dict[UUID, list[int]] = {}
    for one in first.values():
        found.setdefault(one.event.key, []).append(one.event.version)
    return found


def deliveries(overheard: list[Overheard]) -> Counter[str]:
    """How often each event lies in the log."""
    return Counter(one.envelope.id for one in overheard)


async def metric(url: str, name: str) -> float:
    """The sum of a counter as the process at `url` shows it on /metrics."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{url}/metrics")).text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))
