"""Programs of every format, from launch to a confirmed match: nothing between them knows which format it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from matching_service.engine import FORMATS, Format
from peerloom_events import Event, MatchConfirmed, MatchProposed, OfferedSkill, ProgramLaunched, SoughtSkill
from peerloom_service.identifiers import new_id
from tests.matching.programs import SKILLS, certificate, over, requested
from tests.support import a_participant_registered, a_program_launched, eventually
from tests.support.facts import a_participant_enrolled

EVERY_FORMAT = pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
PEOPLE = 12
TODAY = datetime.now(UTC).date()


async def enrolled(client: httpx.AsyncClient, feed: Any, program: ProgramLaunched) -> list[UUID]:
    """Twelve people of two departments and three levels, with a goal in common."""
    ids = [new_id() for _ in range(PEOPLE)]
    events: list[Event] = []
    for number, person in enumerate(ids):
        facts = {
            "department": ("Engineering", "Sales")[number % 2],
            "employee_level": 3 + number % 3,
            "offers": (OfferedSkill(skill=SKILLS[number % 4], level=4),),
            "seeks": (SoughtSkill(skill=SKILLS[(number + 2) % 4], level=1),),
            "hired_on": TODAY - timedelta(days=20 if number % 3 == 0 else 2_000),
        }
        events += [a_participant_registered(person, **facts), a_participant_enrolled(person, program.program_id)]
    await feed(*events)

    async def known() -> bool:
        answer = await client.get(f"/v1/match-pools/{program.program_id}")
        return answer.status_code == 200 and answer.json()["free"] == PEOPLE

    await eventually(known, within=60)
    return ids


@EVERY_FORMAT
async def test_a_program_of_the_format_is_matched_answered_and_confirmed(
    format_: Format[Any], client: httpx.AsyncClient, feed: Any, heard: Any
) -> None:
    options = format_.options(format_.example)
    program = a_program_launched(format=format_.name, options=dict(format_.example))
    await feed(program)
    people = await enrolled(client, feed, program)

    run = await over(client, await requested(client, program))

    assert run["state"] == "completed", run["problem"]
    assert run["people"] == PEOPLE
    proposed = await heard(MatchProposed, run["pairs"] + run["trios"] + run["groups"])
    assert proposed
    assert {len(match.participant_ids) for match in proposed} <= set(format_.sizes(options))
    assert {person for match in proposed for person in match.participant_ids} <= set(people)
    assert all(match.reasons for match in proposed)
    proven = await certificate(client, run["id"])
    assert proven["policy"]["format"] == format_.name
    assert proven["matches_checked"] == len(proposed)
    assert proven["value"] == run["value"] <= run["upper_bound"]
    assert proven["report"]["matches"] == len(proposed)
    first = proposed[0]
    for person in first.participant_ids:
        body = {"participant_id": str(person), "answer": "accept"}
        answer = await client.post(f"/v1/matches/{first.match_id}/answers", json=body)
        assert answer.status_code == 200, answer.text
    (confirmed,) = await heard(MatchConfirmed)
    assert set(confirmed.participant_ids) == set(first.participant_ids)


async def test_twelve_people_make_circles_in_which_all_can_meet(client: httpx.AsyncClient, feed: Any, heard: Any) -> None:
    program = a_program_launched(format="learning-circle", options={"smallest": 4, "largest": 5})
    await feed(program)
    people = await enrolled(client, feed, program)

    run = await over(client, await requested(client, program))

    assert (run["groups"], run["unmatched"], run["value"]) == (3, 0, run["upper_bound"])
    proposed = await heard(MatchProposed, 3)
    assert sorted(person for match in proposed for person in match.participant_ids) == sorted(people)
    assert {reason.code for match in proposed for reason in match.reasons} >= {"common_hours", "shared_goal", "learns_from"}


async def test_a_skill_nobody_has_leaves_everybody_without_a_team(client: httpx.AsyncClient, feed: Any) -> None:
    program = a_program_launched(format="tiger-team", options={"needed_skills": ["Rocket science"]})
    await feed(program)
    await enrolled(client, feed, program)

    run = await over(client, await requested(client, program))

    assert (run["state"], run["groups"], run["unmatched"]) == ("completed", 0, PEOPLE)
    left_over = (await client.get(f"/v1/match-runs/{run['id']}/unmatched")).json()["items"]
    assert {one["why"] for one in left_over} == {"no_group"}


async def test_newcomers_get_a_buddy_as_they_arrive_and_another_one_when_that_one_declines(
    client: httpx.AsyncClient, feed: Any, heard: Any
) -> None:
    program = a_program_launched(format="onboarding-buddy", options={"newcomers_per_buddy": 2})
    buddies, newcomer = [new_id() for _ in range(2)], new_id()
    hired = dict.fromkeys(buddies, TODAY - timedelta(days=900)) | {newcomer: TODAY}
    await feed(program, *(a_participant_registered(one, hired_on=on) for one, on in hired.items()))
    await feed(*(a_participant_enrolled(one, program.program_id) for one in hired))

    (proposed,) = await heard(MatchProposed)
    answer = {"participant_id": str(newcomer), "answer": "decline"}
    assert (await client.post(f"/v1/matches/{proposed.match_id}/answers", json=answer)).status_code == 200
    again = next(match for match in await heard(MatchProposed, 2) if match.match_id != proposed.match_id)

    assert {newcomer, *buddies} == {*proposed.participant_ids, *again.participant_ids}
    assert newcomer in set(proposed.participant_ids) & set(again.participant_ids)
    assert {reason.code for reason in again.reasons} >= {"newcomer_and_buddy"}


async def test_three_rounds_are_planned_at_once_and_nobody_meets_the_same_person_twice(
    client: httpx.AsyncClient, feed: Any, heard: Any
) -> None:
    program = a_program_launched(format="network", options={"rounds": 3})
    await feed(program)
    people = await enrolled(client, feed, program)

    run = await over(client, await requested(client, program))

    proposed = await heard(MatchProposed, 3 * PEOPLE // 2)
    assert (run["pairs"], run["unmatched"]) == (len(proposed), 0)
    assert len({frozenset(match.participant_ids) for match in proposed}) == len(proposed)
    for number in (1, 2, 3):
        of_round = [person for match in proposed if match.round == number for person in match.participant_ids]
        assert sorted(of_round) == sorted(people)


async def test_a_report_says_who_learns_nothing_and_what_would_help(client: httpx.AsyncClient, feed: Any) -> None:
    program = a_program_launched(format="one-to-one", options={"learning": "any"})
    await feed(program)
    ids = [new_id(), new_id()]
    wanted = (SoughtSkill(skill="Rocket science", level=1),)
    people = [a_participant_registered(one, offers=(OfferedSkill(skill="Law", level=4),), seeks=wanted) for one in ids]
    await feed(*people, *(a_participant_enrolled(one, program.program_id) for one in ids))

    async def known() -> bool:
        answer = await client.get(f"/v1/match-pools/{program.program_id}")
        return answer.status_code == 200 and answer.json()["free"] == 2

    await eventually(known, within=60)
    run = await over(client, await requested(client, program))

    report = (await certificate(client, run["id"]))["report"]
    assert (report["matches"], report["nobody_learns"], report["people_learning_nothing"]) == (1, 1, 2)
    assert report["skills_nobody_offers"] == [{"skill": "Rocket science", "people": 2}]
    assert report["skills_nobody_seeks"] == [{"skill": "Law", "people": 2}]
