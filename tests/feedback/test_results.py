"""What respondents say together, and that nobody is told from the rest by looking again and again."""

import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from feedback_service import sql
from feedback_service.domain.results import SMALLEST_CELL
from feedback_service.workers.release import release
from peerloom_events import SurveyRequested
from peerloom_service.identifiers import new_id
from tests.support import RunningService
from tests.support.facts import a_session_completed

Feed = Callable[..., Awaitable[Any]]
Received = Callable[..., Awaitable[list[Any]]]


async def surveys_of(feed: Feed, heard: Received, program: UUID, people: int) -> list[SurveyRequested]:
    """So many people of a program have met, and are asked."""
    await feed(a_session_completed(new_id(), program, tuple(new_id() for _ in range(people))))
    return await heard(SurveyRequested, people)


async def answer(client: httpx.AsyncClient, survey: SurveyRequested, usefulness: int, comment: str | None = None) -> None:
    opinion = {"usefulness": usefulness, "learned_something": usefulness > 3, "meet_again": True, "comment": comment}
    answered = await client.post(f"/v1/surveys/{survey.survey_id}/responses", json=opinion)
    assert answered.status_code == 201, answered.text


async def results(client: httpx.AsyncClient, program: UUID) -> dict[str, Any]:
    answered = await client.get(f"/v1/survey-results/{program}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


@pytest.fixture
def client(feedback: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return feedback.client(tenant)


async def test_results_say_nothing_until_five_people_have_answered_and_then_all_of_them(
    feedback: RunningService, client: httpx.AsyncClient, feed: Feed, heard: Received
) -> None:
    program = new_id()
    surveys = await surveys_of(feed, heard, program, 6)
    for survey, usefulness in zip(surveys, (5, 4, 4, 2), strict=False):
        await answer(client, survey, usefulness, f"comment {usefulness}")
    await release(feedback.runtime)

    before = await results(client, program)
    await answer(client, surveys[4], 5, "a late one")
    await release(feedback.runtime)
    after = await results(client, program)
    await answer(client, surveys[5], 1, "the sixth")
    await release(feedback.runtime)

    assert (before["responses"], before["usefulness"]["mean"], before["comments"]) == (0, None, [])
    assert after["responses"] == 5
    assert after["usefulness"] == {"one": 0, "two": 1, "three": 0, "four": 2, "five": 2, "mean": 4.0}
    assert (after["learned_something"], after["meet_again"]) == (0.8, 1.0)
    assert after["comments"] == ["a late one", "comment 2", "comment 4", "comment 4", "comment 5"]
    assert await results(client, program) == after, "the sixth person would be the difference"
    assert (await feedback.client(new_id()).get(f"/v1/survey-results/{program}")).status_code == 404


async def test_two_looks_never_differ_by_the_answers_of_fewer_than_five_people(feedback: RunningService, tenant: UUID) -> None:
    """Answers come in any order and by anybody, some again and again; the job runs whenever; every look is compared."""
    draw, database = random.Random(7), feedback.runtime.database
    for _ in range(12):
        program, people, counted = new_id(), [new_id() for _ in range(draw.randint(4, 14))], [set[UUID]()]
        for _ in range(60):
            match draw.random():
                case chance if chance < 0.7:
                    await _store(feedback, tenant, program, draw.choice(people))
                case chance if chance < 0.85:
                    await release(feedback.runtime)
                case _:
                    rows = await database.fetch(tenant, _COUNTED, tenant, program)
                    counted.append({row["id"] for row in rows})
        whose = {row["id"]: row["participant_id"] for row in await database.fetch(tenant, _WHOSE, tenant, program)}
        for early in counted:
            for late in counted:
                between = {whose[one] for one in late - early}
                assert not between or len(between) >= SMALLEST_CELL


async def test_only_one_process_releases_at_a_time(feedback: RunningService, tenant: UUID) -> None:
    program = new_id()
    for _ in range(SMALLEST_CELL):
        await _store(feedback, tenant, program, new_id())

    async with feedback.runtime.database.connection(None) as other, other.transaction():
        assert await other.fetchval(sql.ALONE)
        await release(feedback.runtime)
        assert await feedback.runtime.database.fetch(tenant, _COUNTED, tenant, program) == []

    await release(feedback.runtime)
    assert len(await feedback.runtime.database.fetch(tenant, _COUNTED, tenant, program)) == SMALLEST_CELL


async def _store(feedback: RunningService, tenant: UUID, program: UUID, person: UUID) -> None:
    survey = new_id()
    await feedback.runtime.database.execute(tenant, _SURVEY, tenant, survey, program, person)
    await feedback.runtime.database.execute(tenant, _RESPONSE, tenant, new_id(), survey, program, person)


_SURVEY = """
    INSERT INTO survey (tenant_id, id, version, session_id, match_id, program_id, participant_id, requested_at, state)
    VALUES ($1, $2, 2, $2, $2, $3, $4, now(), 'answered')
"""
_RESPONSE = """
    INSERT INTO response (tenant_id, id, version, survey_id, session_id, match_id, program_id, participant_id, usefulness,
        learned_something, meet_again, submitted_at)
    VALUES ($1, $2, 1, $3, $3, $3, $4, $5, 4, true, true, now())
"""
_COUNTED = "SELECT id FROM response WHERE tenant_id = $1 AND program_id = $2 AND released_at IS NOT NULL"
_WHOSE = "SELECT id, participant_id FROM response WHERE tenant_id = $1 AND program_id = $2"
