"""Schemathesis, with all its checks, finds nothing that a service answers otherwise than its document says.

`PEERLOOM_FUZZ_EXAMPLES` says how many examples an operation gets; `make bench FIGURES=schemathesis_failures` takes fifty.
"""

import importlib
import os
from pathlib import Path

import pytest

from peerloom_service.identifiers import new_id
from tests.api.fuzzing import fuzz
from tests.contracts.openapi import SERVICES
from tests.support import Surroundings

QUICK = {"test_clocks": True, "stream_seconds": 0.05, "longest_wait_seconds": 0.05}
"""Settings of those services that have them: all of a service is there, and no answer takes long by itself."""

EXAMPLES = int(os.environ.get("PEERLOOM_FUZZ_EXAMPLES", "5"))


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_answers_as_its_document_says(name: str, surroundings: Surroundings, tmp_path: Path) -> None:
    service = importlib.import_module(f"{name}_service.main").service
    changed = {field: value for field, value in QUICK.items() if field in service.settings.model_fields}
    async with surroundings.running(service, worker=False, **changed) as running:
        token = running.issuer.token(new_id(), running.scopes())

        outcome = await fuzz(running, token, examples=EXAMPLES, folder=tmp_path)

    assert outcome.failures == [], outcome.output
    assert outcome.operations >= len(running.operations())
