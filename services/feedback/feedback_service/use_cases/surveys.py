"""Participants are asked about their sessions and answer."""

from dataclasses import dataclass
from uuid import UUID

from feedback_service import sql
from feedback_service.domain.surveys import Answer, Response, Survey
from peerloom_events import FeedbackSubmitted, SurveyRequested
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AskAboutSession:
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]


async def ask_about_session(tx: Transaction, command: AskAboutSession) -> None:
    """Open a survey for each participant of a session who has not been asked about it before."""
    opened = await tx.fetch(
        sql.ASK,
        tx.tenant_id,
        command.session_id,
        command.match_id,
        command.program_id,
        [new_id() for _ in command.participant_ids],
        command.participant_ids,
    )
    for survey in opened:
        tx.publish(
            SurveyRequested(
                version=1,
                survey_id=survey["id"],
                session_id=command.session_id,
                match_id=command.match_id,
                program_id=command.program_id,
                participant_id=survey["participant_id"],
                requested_at=survey["requested_at"],
            )
        )


@dataclass(frozen=True, slots=True)
class AnswerSurvey:
    survey_id: UUID
    answer: Answer


async def answer_survey(tx: Transaction, command: AnswerSurvey) -> Response:
    """Give a survey its one answer.

    Raises: NotFound, SurveyAnswered.
    """
    survey = await tx.lock(Survey, command.survey_id)
    answered, response = survey.answered(command.answer, response_id=new_id(), now=await tx.now())
    await tx.save(answered)
    tx.add(response)
    tx.publish(
        FeedbackSubmitted(
            version=answered.version,
            survey_id=response.survey_id,
            session_id=response.session_id,
            match_id=response.match_id,
            program_id=response.program_id,
            participant_id=response.participant_id,
            usefulness=response.usefulness,
            learned_something=response.learned_something,
            meet_again=response.meet_again,
            submitted_at=response.submitted_at,
        )
    )
    return response
