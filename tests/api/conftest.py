"""What is asked over HTTP alone: profile's API without its worker."""

from collections.abc import AsyncIterator

import pytest

from profile_service.main import service
from tests.support import RunningService, Surroundings


@pytest.fixture(scope="package")
async def profile(surroundings: Surroundings) -> AsyncIterator[RunningService]:
    """Profile, served over HTTP; nothing it publishes leaves it."""
    async with surroundings.running(service, worker=False) as running:
        yield running
