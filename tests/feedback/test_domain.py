from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from feedback_service.domain.surveys import Answer, Survey, SurveyAnswered, SurveyState
from feedback_service.schemas import NewResponse
from peerloom_service.identifiers import new_id

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)

answers = st.builds(Answer, st.integers(1, 5), st.booleans(), st.booleans(), st.none() | st.text(min_size=1, max_size=40))


def an_open_survey() -> Survey:
    return Survey(
        id=new_id(),
        version=1,
        session_id=new_id(),
        match_id=new_id(),
        program_id=new_id(),
        participant_id=new_id(),
        requested_at=NOON,
    )


def a_body(**changed: Any) -> dict[str, Any]:
    return {"usefulness": 4, "learned_something": True, "meet_again": False, **changed}


@given(answers)
def test_an_answer_closes_its_survey_and_is_kept_with_what_it_was_about(answer: Answer) -> None:
    survey = an_open_survey()

    answered, response = survey.answered(answer, response_id=new_id(), now=NOON)

    assert (answered.state, answered.version) == (SurveyState.ANSWERED, survey.version + 1)
    assert response.survey_id == survey.id
    about = ("session_id", "match_id", "program_id", "participant_id")
    assert [getattr(response, name) for name in about] == [getattr(survey, name) for name in about]
    said = (response.usefulness, response.learned_something, response.meet_again, response.comment)
    assert said == (answer.usefulness, answer.learned_something, answer.meet_again, answer.comment)
    assert response.submitted_at == NOON


@given(answers, answers)
def test_a_survey_is_answered_once(first: Answer, second: Answer) -> None:
    answered, _ = an_open_survey().answered(first, response_id=new_id(), now=NOON)

    with pytest.raises(SurveyAnswered):
        answered.answered(second, response_id=new_id(), now=NOON)


@pytest.mark.parametrize("usefulness", [0, 6, 3.5, "4", True, None])
def test_usefulness_is_a_whole_number_from_1_to_5_and_never_guessed(usefulness: object) -> None:
    with pytest.raises(ValidationError):
        NewResponse.model_validate(a_body(usefulness=usefulness))


@pytest.mark.parametrize("question", ["learned_something", "meet_again"])
@pytest.mark.parametrize("answer", [1, "yes", None])
def test_yes_and_no_are_never_guessed(question: str, answer: object) -> None:
    with pytest.raises(ValidationError):
        NewResponse.model_validate(a_body(**{question: answer}))


@pytest.mark.parametrize("comment", [None, "", "  \n "])
def test_a_blank_comment_is_no_comment(comment: str | None) -> None:
    assert NewResponse.model_validate(a_body(comment=comment)).answer().comment is None
