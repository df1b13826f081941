"""The rules of surveys and responses. Pure: no I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from peerloom_service.problems import Conflict


class SurveyAnswered(Conflict):
    title = "This survey has already been answered"


class SurveyState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Answer:
    """A participant's answer about a session: `usefulness` 1 (not at all) to 5 (very); `comment` in their own words."""

    usefulness: int
    learned_something: bool
    meet_again: bool
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The one answer to a survey, with what the survey was about."""

    id: UUID
    version: int
    survey_id: UUID
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    usefulness: int
    learned_something: bool
    meet_again: bool
    comment: str | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Survey:
    """One participant asked about one session."""

    id: UUID
    version: int
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    requested_at: datetime
    state: SurveyState = SurveyState.OPEN

    def answered(self, answer: Answer, *, response_id: UUID, now: datetime) -> tuple["Survey", Response]:
        """The answered survey, and the response. A survey can be answered once.

        Raises: SurveyAnswered.
        """
        if self.state is not SurveyState.OPEN:
            raise SurveyAnswered("A survey can be answered once. Its first response is kept.")
        response = Response(
            id=response_id,
            version=1,
            survey_id=self.id,
            session_id=self.session_id,
            match_id=self.match_id,
            program_id=self.program_id,
            participant_id=self.participant_id,
            usefulness=answer.usefulness,
            learned_something=answer.learned_something,
            meet_again=answer.meet_again,
            comment=answer.comment,
            submitted_at=now,
        )
        return replace(self, version=self.version + 1, state=SurveyState.ANSWERED), response
