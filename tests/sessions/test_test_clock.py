"""Trying the months ahead without waiting for them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from peerloom_service.identifiers import new_id
from sessions_service.settings import Settings
from tests.support import RunningService

Clock = Callable[[str], Awaitable[None]]


async def now_of(running: RunningService, tenant: UUID) -> datetime:
    answer = await running.client(tenant).get("/v1/test-clock")
    assert answer.status_code == 200, answer.text
    return datetime.fromisoformat(answer.json()["now"])


async def test_a_clock_put_forward_runs_on_from_there_for_one_organisation(
    with_test_clocks: RunningService, tenant: UUID
) -> None:
    in_march = datetime.now(UTC) + timedelta(days=120)
    api = with_test_clocks.client(tenant)

    answer = await api.put("/v1/test-clock", json={"now": in_march.isoformat()})

    assert answer.status_code == 200, answer.text
    for now in (datetime.fromisoformat(answer.json()["now"]), await now_of(with_test_clocks, tenant)):
        assert in_march <= now < in_march + timedelta(minutes=1)
    assert await now_of(with_test_clocks, new_id()) < datetime.now(UTC) + timedelta(minutes=1)


async def test_a_clock_only_goes_forward(with_test_clocks: RunningService, tenant: UUID) -> None:
    api, real = with_test_clocks.client(tenant), datetime.now(UTC)
    for to, expected in ((-1, 409), (60, 200), (30, 409), (90, 200)):
        answer = await api.put("/v1/test-clock", json={"now": (real + timedelta(days=to)).isoformat()})
        assert answer.status_code == expected, f"{to} days: {answer.text}"
    assert await now_of(with_test_clocks, tenant) >= real + timedelta(days=90)


@pytest.mark.parametrize("moment", ["2026-12-01T10:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "soon", None])
async def test_a_clock_is_put_to_a_moment_with_its_zone(
    with_test_clocks: RunningService, tenant: UUID, moment: str | None
) -> None:
    assert (await with_test_clocks.client(tenant).put("/v1/test-clock", json={"now": moment})).status_code == 422


async def test_there_is_no_test_clock_where_they_are_off(sessions: RunningService, tenant: UUID) -> None:
    off = sessions.settings.model_copy(update={"test_clocks": False})
    assert sessions.settings == off, "this run's service has its test clocks on"
    api = sessions.client(tenant)
    assert (await api.get("/v1/test-clock")).status_code == 404
    assert (await api.put("/v1/test-clock", json={"now": "2199-01-01T00:00:00Z"})).status_code == 404


async def test_putting_the_clock_forward_takes_the_right_to_write(with_test_clocks: RunningService, tenant: UUID) -> None:
    reader = with_test_clocks.client(tenant, ["sessions:read"])
    assert (await reader.put("/v1/test-clock", json={"now": "2199-01-01T00:00:00Z"})).status_code == 403


def test_test_clocks_are_refused_in_production() -> None:
    settings: dict[str, Any] = {
        "database_url": "postgresql://localhost/x",
        "kafka_bootstrap": "localhost:9092",
        "test_clocks": True,
    }
    with pytest.raises(ValidationError, match="PEERLOOM_TEST_CLOCKS"):
        Settings(environment="production", auth_issuer="https://issuer.example", **settings)
    assert Settings(environment="local", auth_issuer="http://127.0.0.1:8100", **settings).test_clocks
