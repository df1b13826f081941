"""The service as its tests have it: it may deliver to this machine, and gives up on a silent receiver after a second."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from integrations_service.main import service
from tests.support import RunningService, Surroundings


@pytest.fixture(scope="session")
async def integrations(surroundings: Surroundings) -> AsyncIterator[RunningService]:
    networks = (ip_network("127.0.0.0/8"),)
    async with surroundings.running(service, webhook_networks=networks, webhook_timeout_seconds=1) as running:
        yield running
