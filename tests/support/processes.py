"""A service as the operating-system process it is in production, so that tests can kill it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import httpx

from peerloom_kafka import free_ports
from peerloom_service.settings import ServiceSettings
from tests.support.waiting import eventually

START_SECONDS = 30.0


class ServiceProcess:
    """`python -m <package> api|worker|all`, running. `url` serves its API and health, or a worker's health."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self._process = process
        self.url = url
        self.log = log

    @classmethod
    @asynccontextmanager
    async def started(
        cls,
        package: str,
        command: str,
        settings: ServiceSettings,
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        ready: bool = True,
    ) -> AsyncIterator[Self]:
        """Start a process and wait until it says it is ready (`ready` false: do not wait); kill it at the end.

        `environment` comes on top of the settings. Output goes to the end of the file `log`.
        """
        port = free_ports(1)[0]
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                package,
                command,
                env={**environment_of(settings), "PEERLOOM_HTTP_PORT": str(port), **(environment or {})},
                stdout=output,
                stderr=output,
            )
        running = cls(process, f"http://127.0.0.1:{port}", log)
        try:
            if ready:
                await running.ready()
            yield running
        finally:
            await running.kill()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended (negative: by that signal), None while it runs."""
        return self._process.returncode

    async def ready(self, within: float = START_SECONDS) -> None:
        """Return when /health/ready says so."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:

            async def is_ready() -> bool:
                assert self.returncode is None, f"it ended with {self.returncode}:\n{self.log.read_text()[-4000:]}"
                try:
                    answer = await client.get("/health/ready")
                except httpx.TransportError:
                    return False
                assert answer.status_code == 200, f"{self.url} is not ready: {answer.text}"
                return True

            await eventually(is_ready, within=within, every=0.1, what=f"readiness of {self.url}")

    async def kill(self) -> None:
        """SIGKILL: no code of its own runs any more."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def terminate(self, within: float = 20.0) -> int:
        """SIGTERM, as a rolling restart sends it; returns the exit code. Raises: TimeoutError."""
        self._process.send_signal(signal.SIGTERM)
        return await self.ended(within)

    async def ended(self, within: float = 20.0) -> int:
        """Its exit code once it has ended by itself. Raises: TimeoutError."""
        async with asyncio.timeout(within):
            return await self._process.wait()


async def run(package: str, *command: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run one of a service's commands to its end; its exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        package,
        *command,
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")


def environment_of(settings: ServiceSettings) -> dict[str, str]:
    """The environment that gives a process these settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEERLOOM_")}
    told = settings.model_dump(mode="json", exclude_none=True, exclude={"http_port"})
    return inherited | {f"PEERLOOM_{name.upper()}": _text(value) for name, value in told.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
