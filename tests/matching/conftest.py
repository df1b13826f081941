"""A client of matching, and a program it has heard of."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import ProgramLaunched
from tests.support import RunningService, a_program_launched


@pytest.fixture
def client(matching: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return matching.client(tenant)


@pytest.fixture
async def program(feed: Any) -> ProgramLaunched:
    launched = a_program_launched()
    await feed(launched)
    return launched
