"""Schemathesis, with all its checks, finds nothing that a service answers otherwise than its document says.

`PEERLOOM_FUZZ_EXAMPLES` says how many examples an operation gets; `make bench FIGURES=schemathesis_failures` takes fifty.
"""

import os
from pathlib import Path

import pytest

from tests.api.fuzzing import fuzz_service
from tests.contracts.openapi import SERVICES
from tests.support import Surroundings

EXAMPLES = int(os.environ.get("PEERLOOM_FUZZ_EXAMPLES", "5"))


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_answers_as_its_document_says(name: str, surroundings: Surroundings, tmp_path: Path) -> None:
    outcome = await fuzz_service(name, surroundings, examples=EXAMPLES, folder=tmp_path)

    assert outcome.failures == [], outcome.output
