"""Whether services answer as their documents say: Schemathesis with all its checks against each of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.api.fuzzing import fuzz_service
from tests.benchmarks.figures import Effort, Measured
from tests.contracts.openapi import SERVICES
from tests.support.services import Surroundings

KEYS = ("schemathesis_failures",)


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """All services, one after the other."""
    failures: list[str] = []
    operations = 0
    with TemporaryDirectory() as folder:
        for name in SERVICES:
            outcome = await fuzz_service(name, surroundings, examples=effort.examples, folder=Path(folder))
            operations += outcome.operations
            failures += [f"{name}: {failure.splitlines()[0]}" for failure in outcome.failures]
    how = f"{effort.examples} examples for each of {operations} operations of {len(SERVICES)} services"
    return [Measured("schemathesis_failures", len(failures), how, failures)]
