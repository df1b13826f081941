"""Bodies in and out of feedback's API."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from feedback_service import domain
from peerloom_service.http.bodies import Body, Out, Passage


class NewResponse(Body):
    """A participant's answer about a session."""

    # Strict: an opinion is never guessed from a value of another type.
    usefulness: int = Field(strict=True, ge=1, le=5, description="How useful the session was: 1 (not at all) to 5 (very).")
    learned_something: bool = Field(strict=True)
    meet_again: bool = Field(strict=True, description="Whether they want to meet the same people again.")
    comment: Passage | None = Field(default=None, description="In their own words. Kept here only, never part of an event.")

    def answer(self) -> domain.Answer:
        return domain.Answer(self.usefulness, self.learned_something, self.meet_again, self.comment or None)


class SurveyOut(Out):
    id: UUID
    version: int
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID = Field(description="Who is asked.")
    requested_at: datetime
    state: domain.SurveyState

    @classmethod
    def of(cls, survey: domain.Survey) -> Self:
        return cls.model_validate(survey, from_attributes=True)


class ResponseOut(Out):
    id: UUID
    version: int
    survey_id: UUID
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID = Field(description="Who answered.")
    usefulness: int = Field(description="1 (not at all) to 5 (very).")
    learned_something: bool
    meet_again: bool
    comment: str | None
    submitted_at: datetime

    @classmethod
    def of(cls, response: domain.Response) -> Self:
        return cls.model_validate(response, from_attributes=True)
