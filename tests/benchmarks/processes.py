"""Child processes of a measurement: servers to be loaded, and contestants that measure themselves and print what they saw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from peerloom_kafka import free_ports
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings, read_settings
from peerloom_service.use_cases.runtime import Runtime
from tests.benchmarks.load import Job, Seen
from tests.support.processes import environment_of

ROOT = Path(__file__).parents[2]
_START_SECONDS = 30.0


class MeasurementFailed(RuntimeError):
    """There is no figure; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a process of its own, on 127.0.0.1."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time it has used so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def uvicorn_server(app: str, *, ready: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Server]:
    """`app` ("module:name") under one uvicorn worker, with what our services tell uvicorn."""
    port = free_ports(1)[0]
    quiet = ["--no-access-log", "--no-server-header", "--log-level", "warning"]
    command = ["uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *quiet]
    async with _server(command, {**os.environ, **(environment or {})}, port, ready) as server:
        yield server


@asynccontextmanager
async def service_server(package: str, process: str, environment: Mapping[str, str]) -> AsyncIterator[Server]:
    """`python -m <package> <process>`, as it really runs."""
    port = free_ports(1)[0]
    async with _server([package, process], {**environment, "PEERLOOM_HTTP_PORT": str(port)}, port, "/health/ready") as server:
        yield server


@asynccontextmanager
async def _server(module: list[str], environment: Mapping[str, str], port: int, ready: str) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *module,
        cwd=ROOT,
        env=dict(environment),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await _answering(process, f"http://127.0.0.1:{port}{ready}", module[0])
        yield Server(port, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answering(process: asyncio.subprocess.Process, url: str, name: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                raise MeasurementFailed(f"{name} ended with {process.returncode} while starting")
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(0.05)
    raise MeasurementFailed(f"{name} was not ready after {_START_SECONDS:.0f} s")


async def loaded(job: Job) -> Seen:
    """What the load generator saw. Raises: MeasurementFailed when any answer was not 2xx."""
    seen = Seen(**await contestant("tests.benchmarks.load", asdict(job)))
    if seen.failures:
        raise MeasurementFailed(f"void: {job.request.splitlines()[0]} was answered {seen.failures}")
    return seen


async def contestant(
    module: str, task: Mapping[str, Any], *, settings: ServiceSettings | None = None, within: float = 300.0
) -> dict[str, Any]:
    """Run `python -m module` with `task` as JSON on its standard input and, where given, a service's settings in its
    environment; what it prints, read as JSON.
    """
    environment = os.environ if settings is None else environment_of(settings)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within):
            printed, _ = await process.communicate(json.dumps(task).encode())
    except TimeoutError as error:
        raise MeasurementFailed(f"{module} was not done after {within:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise MeasurementFailed(f"{module} ended with {process.returncode}")
    seen: dict[str, Any] = json.loads(printed)
    return seen


@asynccontextmanager
async def runtime_of(service: Service) -> AsyncIterator[Runtime]:
    """In a contestant: this process made ready as one of the service's own, with the settings in its environment."""
    async with service.running(read_settings(service.settings, service.name), worker=False) as (runtime, _health):
        yield runtime
