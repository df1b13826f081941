"""Schemathesis as whoever gets our API would run it: against a running service, from its own OpenAPI document."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from peerloom_service.identifiers import new_id
from tests.support.services import RunningService, Surroundings

_HERE = Path(__file__).parent
_QUICK = {"test_clocks": True, "stream_seconds": 0.05, "longest_wait_seconds": 0.05}
"""Settings of those services that have them: all of a service is there, and no answer takes long by itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What it found. `failures`: each once, with the request that shows it."""

    operations: int
    failures: list[str]
    output: str


async def fuzz(service: RunningService, token: str, *, examples: int, folder: Path, seed: int = 1) -> Outcome:
    """Every operation in every phase, with all checks and so many examples each."""
    report = folder / f"{service.service.name}.xml"
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(_HERE / "schemathesis.toml"),
        "run", f"{service.url}/openapi.json",
        "--header", f"Authorization: Bearer {token}",
        "--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--workers", "1",
        "--generation-database", "none", "--no-color", "--warnings", "off", "--suppress-health-check", "all",
        "--report", "junit", "--report-junit-path", str(report),
    ]  # fmt: skip
    # It keeps what it finds where it runs.
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(_HERE.parents[1])}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    if not report.exists():
        raise RuntimeError(f"Schemathesis did not run (exit code {process.returncode}):\n{output}")
    cases = list(ElementTree.parse(report).iter("testcase"))
    found = [
        f"{case.get('name')}\n{found.get('message') or found.text}"
        for case in cases
        for found in case
        if found.tag in ("failure", "error")
    ]
    if process.returncode and not found:
        found = [output]
    return Outcome(len(cases), found, output)


async def fuzz_service(name: str, surroundings: Surroundings, *, examples: int, folder: Path) -> Outcome:
    """The same for a service that is started for it, with a token that may do everything."""
    service = importlib.import_module(f"{name}_service.main").service
    changed = {field: value for field, value in _QUICK.items() if field in service.settings.model_fields}
    async with surroundings.running(service, worker=False, **changed) as running:
        outcome = await fuzz(running, running.issuer.token(new_id(), running.scopes()), examples=examples, folder=folder)
        assert outcome.operations >= len(running.operations())
        return outcome
