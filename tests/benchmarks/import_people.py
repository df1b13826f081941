"""import_people_per_s, import_rss_mb: a large company's file through the API of the running stack."""

from __future__ import annotations

import asyncio
import importlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx

from peerloom_dev.credentials import organisation_client, token
from peerloom_dev.people import write_people_file
from peerloom_dev.stack import BASE_PORT, SERVICES, Stack
from peerloom_kafka import free_ports
from peerloom_kafka.ports import port_is_free
from peerloom_service.service import Service
from tests.benchmarks.figures import Effort, Measured
from tests.benchmarks.memory import most_memory
from tests.benchmarks.processes import MeasurementFailed
from tests.support.log import EventLog
from tests.support.services import Surroundings
from tests.support.waiting import eventually

KEYS = ("import_people_per_s", "import_rss_mb")

_SEED: Final = 1
_WITHIN_SECONDS: Final = 300.0
_PIECE: Final = 256 * 1024
_MEMBERS: Final = "SELECT count(*) FROM member WHERE tenant_id = $1"


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from the first byte sent until the file was received, worked through, and known to matching."""

    people: int
    received: float
    worked_through: float
    consumed: float


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """One import into a stack that has nothing else to do."""
    with tempfile.TemporaryDirectory(prefix="peerloom-bench.") as folder:
        file = Path(folder) / "people.csv"
        write_people_file(file, effort.people, _SEED)
        size = file.stat().st_size
        async with _stack(surroundings, Path(folder) / "stack") as stack:
            await _nothing_waits(surroundings.log)
            credential = organisation_client(stack.services["profile"], stack.issuer, stack.operator_secret, "Bench")
            run = await _import(stack, credential, file)
            most = most_memory(stack)
    largest = max(most, key=lambda name: most[name])
    how = f"{run.people:,} people, a CSV file of {size / 1e6:.1f} MB, all five services up as `all`"
    ordered = sorted(most.items(), key=lambda one: -one[1])
    times = (
        f"received after {run.received:.1f} s, worked through after {run.worked_through:.1f} s, "
        f"known to matching after {run.consumed:.1f} s"
    )
    memories = ", ".join(f"{name} {megabytes:,.0f} MB" for name, megabytes in ordered)
    measured = {
        KEYS[0]: Measured(KEYS[0], run.people / run.consumed, f"{how}: {run.consumed:.1f} s", [times]),
        KEYS[1]: Measured(KEYS[1], most[largest], f"{how}: largest is {largest}", [memories]),
    }
    return [measured[key] for key in wanted]


@asynccontextmanager
async def _stack(surroundings: Surroundings, directory: Path) -> AsyncIterator[Stack]:
    """The laptop's stack, on the real parts that are there instead of the embedded ones."""
    given = {"PEERLOOM_LOCAL_POSTGRES": surroundings.postgres, "PEERLOOM_LOCAL_KAFKA": surroundings.kafka}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        stack = await asyncio.to_thread(Stack.up, directory, base_port=_free_base_port(), tied=True)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    try:
        yield stack
    finally:
        await asyncio.to_thread(stack.__exit__)


def _free_base_port() -> int:
    """Where the issuer and the services, on the ports behind it, can listen."""
    needed = max(service.port for service in SERVICES) - BASE_PORT
    return next(port for port in free_ports(1000) if all(port_is_free(port + offset) for offset in range(needed + 1)))


async def _nothing_waits(log: EventLog) -> None:
    """Given brokers may hold events of others, which the services would consume first."""

    async def nothing_waits() -> bool:
        for each in SERVICES:
            service: Service = importlib.import_module(f"{each.module}.main").service
            if await log.lag(service.name, {kind.topic.name for kind in service.subscribes}):
                return False
        return True

    await eventually(nothing_waits, within=_WITHIN_SECONDS, every=1.0, what="the services to have nothing to do")


async def _import(stack: Stack, credential: dict[str, str], file: Path) -> Run:
    access = token(stack.issuer, credential["client_id"], credential["client_secret"])
    headers = {"authorization": f"Bearer {access}", "idempotency-key": uuid4().hex, "content-type": "text/csv"}
    matching = await asyncpg.connect(stack.databases["matching"])
    await matching.execute("SET peerloom.tenant = '*'")
    try:
        async with httpx.AsyncClient(
            base_url=stack.services["profile"], headers=headers, timeout=_WITHIN_SECONDS, trust_env=False
        ) as client:
            began = time.perf_counter()
            answer = await client.post("/v1/imports", content=_pieces(file))
            received = time.perf_counter() - began
            answer.raise_for_status()
            job: dict[str, Any] = answer.json()
            while job["state"] in ("waiting", "running"):
                await _later(began, "the import")
                job = (await client.get(f"/v1/imports/{job['id']}")).json()
            worked_through = time.perf_counter() - began
            if job["state"] != "completed":
                raise MeasurementFailed(f"the import was {job['state']}: {job['problem']}")
            while await matching.fetchval(_MEMBERS, UUID(credential["organisation_id"])) < job["registered"]:
                await _later(began, "matching")
            consumed = time.perf_counter() - began
    finally:
        await matching.close()
    return Run(job["registered"], received, worked_through, consumed)


async def _later(began: float, what: str) -> None:
    if time.perf_counter() - began > _WITHIN_SECONDS:
        raise MeasurementFailed(f"{what} was not done after {_WITHIN_SECONDS:.0f} s")
    await asyncio.sleep(0.2)


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece
