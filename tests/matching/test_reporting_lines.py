"""A program chooses whether people of one reporting line may meet, and its certificate says what was chosen."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import Event, OfferedSkill, ProgramLaunched, SoughtSkill
from peerloom_service.identifiers import new_id
from tests.matching.programs import certificate, over, requested
from tests.support import a_participant_registered, a_program_launched, eventually
from tests.support.facts import a_participant_enrolled


async def launched(feed: Any, **options: Any) -> ProgramLaunched:
    program = a_program_launched(options=options)
    await feed(program)
    return program


async def enrolled(
    client: httpx.AsyncClient, feed: Any, program: ProgramLaunched, managers: dict[UUID, UUID | None], taking_part: set[UUID]
) -> None:
    """People who all have something to give each other, each with their manager; some of them take part."""
    events: list[Event] = []
    for number, (person, manager) in enumerate(managers.items()):
        offers = OfferedSkill(skill=f"Skill {number}", level=4)
        seeks = tuple(SoughtSkill(skill=f"Skill {other}", level=1) for other in range(len(managers)) if other != number)
        events.append(a_participant_registered(person, offers=(offers,), seeks=seeks, manager_id=manager))
    events += [a_participant_enrolled(person, program.program_id) for person in taking_part]
    await feed(*events)

    async def known() -> bool:
        answer = await client.get(f"/v1/match-pools/{program.program_id}")
        return answer.status_code == 200 and answer.json()["free"] == len(taking_part)

    await eventually(known, within=60)


async def run_of(client: httpx.AsyncClient, program: ProgramLaunched) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A completed run, and whom it left over."""
    run = await over(client, await requested(client, program))
    assert run["state"] == "completed", run["problem"]
    left: list[dict[str, Any]] = (await client.get(f"/v1/match-runs/{run['id']}/unmatched")).json()["items"]
    return run, left


@pytest.mark.parametrize(
    ("options", "pairs", "rule"),
    [
        ({}, 0, "at any depth"),
        ({"reporting_line": "whole-line"}, 0, "at any depth"),
        ({"reporting_line": 2}, 1, "up to 2 levels"),
        ({"reporting_line": 3}, 0, "up to 3 levels"),
        ({"reporting_line": "off"}, 1, None),
    ],
)
async def test_somebody_three_levels_up_is_a_partner_only_where_the_program_says_so(
    options: dict[str, Any], pairs: int, rule: str | None, client: httpx.AsyncClient, feed: Any
) -> None:
    program = await launched(feed, **options)
    top, middle, manager, person = (new_id() for _ in range(4))
    await enrolled(client, feed, program, {top: None, middle: top, manager: middle, person: manager}, {top, person})

    run, left = await run_of(client, program)

    assert run["pairs"] == pairs
    assert [one["removed"] for one in left] == ([] if pairs else [{"reporting_line": 1}] * 2)
    proven = await certificate(client, run["id"])
    assert proven["policy"]["reporting_line"] == options.get("reporting_line", "whole-line")
    assert (rule is None) == ("reporting_line" not in proven["rules"])
    assert rule is None or rule in proven["rules"]["reporting_line"]


async def test_a_manager_and_their_report_meet_where_the_rule_is_off(client: httpx.AsyncClient, feed: Any) -> None:
    program = await launched(feed, reporting_line="off")
    manager, person = new_id(), new_id()
    await enrolled(client, feed, program, {manager: None, person: manager}, {manager, person})

    run, left = await run_of(client, program)

    assert (run["pairs"], left) == (1, [])


@pytest.mark.parametrize(("same_manager", "pairs"), [(True, 1), (False, 0)])
async def test_people_of_one_manager_meet_where_the_program_says_so(
    same_manager: bool, pairs: int, client: httpx.AsyncClient, feed: Any
) -> None:
    program = await launched(feed, same_manager=same_manager)
    manager, one, other = new_id(), new_id(), new_id()
    await enrolled(client, feed, program, {manager: None, one: manager, other: manager}, {one, other})

    run, left = await run_of(client, program)

    assert run["pairs"] == pairs
    assert [one["removed"] for one in left] == ([] if pairs else [{"same_manager": 1}] * 2)
    proven = await certificate(client, run["id"])
    assert proven["policy"]["same_manager"] is same_manager
    assert ("same_manager" in proven["rules"]) is not same_manager
