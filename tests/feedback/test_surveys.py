"""Surveys about sessions, on a real database and a real wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_events import FeedbackSubmitted, SessionCompleted, SurveyRequested
from peerloom_service.identifiers import new_id
from tests.support import RunningService
from tests.support.facts import a_session_completed

Feed = Callable[..., Awaitable[Any]]
Received = Callable[..., Awaitable[list[Any]]]

OPINION = {"usefulness": 5, "learned_something": True, "meet_again": True, "comment": "She knows PostgreSQL inside out."}


def a_completed_session(people: int = 2, **changed: Any) -> SessionCompleted:
    return a_session_completed(new_id(), new_id(), tuple(new_id() for _ in range(people)), **changed)


@pytest.fixture
def client(feedback: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return feedback.client(tenant)


@pytest.fixture
async def survey(feed: Feed, heard: Received) -> SurveyRequested:
    """One of the surveys about a session that took place."""
    await feed(a_completed_session())
    return (await heard(SurveyRequested, 2))[0]


async def test_everybody_who_was_in_a_completed_session_is_asked(
    client: httpx.AsyncClient, feed: Feed, heard: Received
) -> None:
    session = a_completed_session(people=3)

    await feed(session)

    asked = await heard(SurveyRequested, 3)
    assert {one.participant_id for one in asked} == set(session.participant_ids)
    assert {(one.session_id, one.match_id, one.program_id, one.version) for one in asked} == {
        (session.session_id, session.match_id, session.program_id, 1)
    }
    listed = (await client.get("/v1/surveys")).json()["items"]
    assert {(one["id"], one["state"]) for one in listed} == {(str(one.survey_id), "open") for one in asked}


async def test_who_was_absent_is_not_asked(feed: Feed, heard: Received, feedback: RunningService) -> None:
    session = a_completed_session(people=3)
    absent = session.participant_ids[1]

    await feed(session.model_copy(update={"absent_ids": (absent,)}))

    await feedback.settled()
    asked = await heard(SurveyRequested, 2)
    assert {one.participant_id for one in asked} == set(session.participant_ids) - {absent}


async def test_nobody_is_asked_twice_about_a_session(
    feedback: RunningService, client: httpx.AsyncClient, feed: Feed, heard: Received
) -> None:
    session = a_completed_session()
    once = str(new_id())

    await feed(session, id=once)
    await feed(session, id=once)
    await feed(session.model_copy(update={"version": 3}))
    await feed(session, session.model_copy(update={"version": 4}))

    await feedback.settled()
    assert len(await heard(SurveyRequested, 2)) == 2
    assert len((await client.get("/v1/surveys")).json()["items"]) == 2


async def test_somebody_who_joined_before_it_was_completed_again_is_asked_too(feed: Feed, heard: Received) -> None:
    session = a_completed_session()
    late = new_id()

    await feed(session, session.model_copy(update={"version": 3, "participant_ids": (*session.participant_ids, late)}))

    assert [one.participant_id for one in await heard(SurveyRequested, 3)].count(late) == 1


async def test_an_answer_is_told_to_the_other_services_without_its_free_text(
    feedback: RunningService, client: httpx.AsyncClient, survey: SurveyRequested, heard: Received, tenant: UUID
) -> None:
    answer = await client.post(f"/v1/surveys/{survey.survey_id}/responses", json=OPINION)

    assert answer.status_code == 201, answer.text
    (told,) = await heard(FeedbackSubmitted)
    assert (told.survey_id, told.participant_id, told.version) == (survey.survey_id, survey.participant_id, 2)
    assert (told.usefulness, told.learned_something, told.meet_again) == (5, True, True)
    (overheard,) = feedback.log.overheard(FeedbackSubmitted, tenant)
    assert b"PostgreSQL" not in overheard.record.value
    assert (await client.get(answer.headers["location"])).json() == answer.json()
    assert answer.json()["comment"] == OPINION["comment"]
    read = await client.get(f"/v1/surveys/{survey.survey_id}")
    assert (read.json()["state"], read.headers["etag"]) == ("answered", '"2"')


async def test_a_repeated_request_is_given_the_first_answer_and_a_second_opinion_is_refused(
    feedback: RunningService, client: httpx.AsyncClient, survey: SurveyRequested, heard: Received
) -> None:
    path, key = f"/v1/surveys/{survey.survey_id}/responses", {"Idempotency-Key": uuid4().hex}
    first = await client.post(path, json=OPINION, headers=key)

    again = await client.post(path, json=OPINION, headers=key)
    other = await client.post(path, json=OPINION | {"usefulness": 1})

    assert (again.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["type"]) == (409, "urn:peerloom:problem:survey-answered")
    await feedback.settled()
    assert [one.usefulness for one in await heard(FeedbackSubmitted)] == [5]


async def test_of_two_opinions_at_once_one_is_taken(
    feedback: RunningService, client: httpx.AsyncClient, survey: SurveyRequested, heard: Received
) -> None:
    path = f"/v1/surveys/{survey.survey_id}/responses"

    answers = await asyncio.gather(*(client.post(path, json=OPINION | {"usefulness": score}) for score in (1, 2, 3, 4, 5)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    await feedback.settled()
    taken = next(answer.json()["usefulness"] for answer in answers if answer.status_code == 201)
    assert [one.usefulness for one in await heard(FeedbackSubmitted)] == [taken]


async def test_surveys_and_responses_are_found_by_what_they_are_about(
    client: httpx.AsyncClient, feed: Feed, heard: Received
) -> None:
    one, other = a_completed_session(), a_completed_session()
    await feed(one, other)
    answered = next(survey for survey in await heard(SurveyRequested, 4) if survey.session_id == one.session_id)
    await client.post(f"/v1/surveys/{answered.survey_id}/responses", json=OPINION)

    async def found(path: str, **asked: Any) -> int:
        answer = await client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await found("/v1/surveys") == 4
    assert await found("/v1/surveys", program_id=one.program_id) == 2
    assert await found("/v1/surveys", session_id=other.session_id, state="open") == 2
    assert await found("/v1/surveys", session_id=one.session_id, state="open") == 1
    assert await found("/v1/surveys", participant_id=answered.participant_id, state="answered") == 1
    assert await found("/v1/surveys", match_id=other.match_id) == 2
    assert await found("/v1/responses", program_id=one.program_id) == 1
    assert await found("/v1/responses", participant_id=answered.participant_id) == 1
    assert await found("/v1/responses", session_id=one.session_id, match_id=one.match_id) == 1
    assert await found("/v1/responses", session_id=other.session_id) == 0
    colleague = next(person for person in one.participant_ids if person != answered.participant_id)
    assert await found("/v1/responses", participant_id=colleague) == 0
    assert await found("/v1/responses", program_id=other.program_id) == 0


async def test_another_organisations_surveys_and_responses_are_not_there(
    feedback: RunningService, client: httpx.AsyncClient, survey: SurveyRequested
) -> None:
    path = f"/v1/surveys/{survey.survey_id}"
    response = await client.post(f"{path}/responses", json=OPINION)
    stranger = feedback.client(new_id())

    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get(response.headers["location"])).status_code == 404
    assert (await stranger.post(f"{path}/responses", json=OPINION)).status_code == 404
    assert (await stranger.get("/v1/surveys", params={"session_id": str(survey.session_id)})).json()["items"] == []
    assert (await stranger.get("/v1/responses")).json()["items"] == []


async def test_reading_is_not_answering(feedback: RunningService, survey: SurveyRequested, tenant: UUID) -> None:
    reader = feedback.client(tenant, ["feedback:read"])

    answer = await reader.post(f"/v1/surveys/{survey.survey_id}/responses", json=OPINION)

    assert answer.status_code == 403
    assert (await reader.get(f"/v1/surveys/{survey.survey_id}")).json()["state"] == "open"
