"""An import goes on where it was, however its worker ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from peerloom_service.settings import ServiceSettings
from profile_service.main import service
from tests.support import RunningService, ServiceProcess, Surroundings, eventually
from tests.support.log import EventLog

from .people_files import cells, text_of

PEOPLE = 12_000


@dataclass
class OwnProfile:
    """Profile's API with a database of its own, and workers as processes that can be killed."""

    api: RunningService
    settings: ServiceSettings
    output: Path

    def worker(self) -> Any:
        return ServiceProcess.started("profile_service", "worker", self.settings, log=self.output, ready=False)


@pytest.fixture
async def own_profile(surroundings: Surroundings, tmp_path: Path) -> AsyncIterator[OwnProfile]:
    async with (
        surroundings.migrated(service) as settings,
        surroundings.serving(service, settings, worker=False) as api,
    ):
        yield OwnProfile(api, settings, tmp_path / "worker.log")


def company(people: int) -> bytes:
    """Everybody reports to somebody of an earlier row; every hundredth row is bad."""
    rows = [
        cells(
            str(number),
            manager_employee_number=str(number // 8) if number else "",
            employee_level="?" if number % 100 == 99 else "3",
        )
        for number in range(people)
    ]
    return text_of(rows).encode()


async def test_a_worker_that_is_killed_in_the_middle_is_followed_by_one_that_registers_everybody_exactly_once(
    own_profile: OwnProfile, event_log: EventLog, tenant: UUID
) -> None:
    client = own_profile.api.client(tenant)
    started = await client.post("/v1/imports", content=company(PEOPLE), headers={"content-type": "text/csv"})

    async def job(rows: int = 0, state: str = "") -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(started.headers["location"])).json()
        return found if found["rows_done"] >= rows and found["state"].startswith(state) else {}

    for rows in (1_000, 5_000):
        async with own_profile.worker() as worker:
            await eventually(lambda rows=rows: job(rows), within=60)  # type: ignore[misc]
            await worker.kill()
        interrupted = await job()
        assert rows <= interrupted["rows_done"] < PEOPLE * 0.99, "it was not in the middle: this test proves nothing"
    async with own_profile.worker():
        done = await eventually(lambda: job(state="completed"), within=60)
        await event_log.heard(ParticipantRegistered, tenant, done["registered"], within=60)
        await own_profile.api.settled()

    bad = PEOPLE // 100
    assert (done["rows_total"], done["rows_done"], done["registered"]) == (PEOPLE, PEOPLE - bad, PEOPLE - bad)
    assert (done["updated"], done["unchanged"], done["rows_refused"]) == (0, 0, bad)
    rows = await own_profile.api.rows("SELECT id, version, manager_id FROM participant WHERE tenant_id = $1", tenant)
    kept = {row["id"] for row in rows}
    assert len(rows) == PEOPLE - bad
    assert {row["version"] for row in rows} == {1}
    assert {row["manager_id"] for row in rows if row["manager_id"]} <= kept
    events = {one.envelope.id: one.event for one in event_log.overheard(ParticipantRegistered, tenant)}
    assert len(events) == PEOPLE - bad
    assert {event.key for event in events.values()} == kept
    assert event_log.overheard(ParticipantUpdated, tenant) == []
    findings = await own_profile.api.value("SELECT count(*) FROM import_finding WHERE tenant_id = $1", tenant)
    assert findings == bad + _who_reports_to_a_bad_row(PEOPLE)


def _who_reports_to_a_bad_row(people: int) -> int:
    return sum(number % 100 != 99 and number // 8 % 100 == 99 for number in range(1, people))


async def test_several_workers_share_the_imports_and_do_each_once(
    own_profile: OwnProfile, event_log: EventLog, tenant: UUID
) -> None:
    client = own_profile.api.client(tenant)
    started = [
        (
            await client.post(
                "/v1/imports",
                content=text_of([cells(f"{batch}-{number}") for number in range(300)]).encode(),
                headers={"content-type": "text/csv"},
            )
        ).headers["location"]
        for batch in range(6)
    ]

    async def all_completed() -> list[dict[str, Any]]:
        jobs = [(await client.get(at)).json() for at in started]
        return jobs if all(job["state"] == "completed" for job in jobs) else []

    async with own_profile.worker(), own_profile.worker(), own_profile.worker():
        jobs = await eventually(all_completed, within=60)
        await event_log.heard(ParticipantRegistered, tenant, 1_800, within=30)
        await own_profile.api.settled()

    assert [job["registered"] for job in jobs] == [300] * 6
    assert len({one.envelope.id for one in event_log.overheard(ParticipantRegistered, tenant)}) == 1_800


async def test_the_same_file_sent_twice_at_once_registers_everybody_once(
    own_profile: OwnProfile, event_log: EventLog, tenant: UUID
) -> None:
    client, file, good = own_profile.api.client(tenant), company(PEOPLE), PEOPLE - PEOPLE // 100
    started: list[str] = []

    async def both_completed() -> list[dict[str, Any]]:
        jobs = [(await client.get(at)).json() for at in started]
        return jobs if all(job["state"] == "completed" for job in jobs) else []

    async with own_profile.worker() as one, own_profile.worker() as other:
        await asyncio.gather(one.ready(within=90), other.ready(within=90))  # killed members stay until their session ends
        answers = await asyncio.gather(
            *(client.post("/v1/imports", content=file, headers={"content-type": "text/csv"}) for _ in range(2))
        )
        started += [answer.headers["location"] for answer in answers]
        jobs = await eventually(both_completed, within=60)
        await own_profile.api.settled()
        await event_log.heard(ParticipantRegistered, tenant, sum(job["registered"] for job in jobs), within=30)

    rows = await own_profile.api.rows("SELECT id, version, manager_id FROM participant WHERE tenant_id = $1", tenant)
    kept = {row["id"] for row in rows}
    assert sorted((job["registered"], job["updated"], job["unchanged"]) for job in jobs) == [(0, 0, good), (good, 0, 0)]
    assert {row["manager_id"] for row in rows if row["manager_id"]} <= kept, "managers who do not exist"
    assert {one.event.key for one in event_log.overheard(None, tenant)} == kept, "events about nobody"
