"""People in a program, runs of it, and how they end."""

from typing import Any
from uuid import UUID

import httpx

from peerloom_events import Event, OfferedSkill, ProgramLaunched, SoughtSkill
from peerloom_service.identifiers import new_id
from tests.support import a_participant_registered, eventually
from tests.support.facts import a_participant_enrolled

SKILLS = ("Python", "Public speaking", "Law", "Sales")


async def enrol(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, people: int, *, manager_of_all: int | None = None
) -> list[UUID]:
    """People who each offer one skill and seek the next, in the program and known to matching.

    `manager_of_all`: the number of the one who manages the others.
    """
    ids = [new_id() for _ in range(people)]
    manager = None if manager_of_all is None else ids[manager_of_all]
    events: list[Event] = []
    for number, person in enumerate(ids):
        offers = OfferedSkill(skill=SKILLS[number % 4], level=4)
        seeks = SoughtSkill(skill=SKILLS[(number + 2) % 4], level=1)
        reports_to = manager if person != manager else None
        events.append(a_participant_registered(person, offers=(offers,), seeks=(seeks,), manager_id=reports_to))
        events.append(a_participant_enrolled(person, program.program_id))
    await feed(*events)

    async def known() -> bool:
        answer = await client.get(f"/v1/match-pools/{program.program_id}")
        return answer.status_code == 200 and answer.json()["free"] == people

    await eventually(known, within=60)
    return ids


async def requested(client: httpx.AsyncClient, program: ProgramLaunched, **options: Any) -> str:
    answer = await client.post("/v1/match-runs", json={"program_id": str(program.program_id), "seed": 7, **options})
    assert answer.status_code in {201, 202}, answer.text
    return str(answer.json()["id"])


async def over(client: httpx.AsyncClient, run: str) -> dict[str, Any]:
    return await ended(client, f"/v1/match-runs/{run}")


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """The run or replay once it is over."""
    seen: dict[str, Any] = {}

    async def is_over() -> bool:
        seen.update((await client.get(path)).json())
        return seen["state"] not in {"requested", "running"}

    await eventually(is_over, within=120)
    return seen


async def matched(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, people: int) -> dict[str, Any]:
    """A completed run of so many people."""
    await enrol(client, feed, program, people)
    run = await over(client, await requested(client, program))
    assert run["state"] == "completed", run["problem"]
    return run


async def certificate(client: httpx.AsyncClient, run: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/match-runs/{run}/certificate")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
