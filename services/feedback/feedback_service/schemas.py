"""Bodies in and out of feedback's API."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from feedback_service.domain.concerns import Concern, ConcernState
from feedback_service.domain.recognition import Kudos
from feedback_service.domain.results import Results
from feedback_service.domain.surveys import Answer, Response, Survey, SurveyState
from peerloom_service.http.bodies import Body, Out, Passage


class NewResponse(Body):
    """A participant's answer about a session."""

    # Strict: an opinion is never guessed from a value of another type.
    usefulness: int = Field(strict=True, ge=1, le=5, description="How useful the session was: 1 (not at all) to 5 (very).")
    learned_something: bool = Field(strict=True)
    meet_again: bool = Field(strict=True, description="Whether they want to meet the same people again.")
    comment: Passage | None = Field(default=None, description="In their own words. Kept here only, never part of an event.")

    def answer(self) -> Answer:
        return Answer(self.usefulness, self.learned_something, self.meet_again, self.comment or None)


class SurveyOut(Out):
    id: UUID
    version: int
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID = Field(description="Who is asked.")
    requested_at: datetime
    state: SurveyState

    @classmethod
    def of(cls, survey: Survey) -> Self:
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
    def of(cls, response: Response) -> Self:
        return cls.model_validate(response, from_attributes=True)


class UsefulnessOut(Out):
    """How often each score was given, and their mean."""

    one: int
    two: int
    three: int
    four: int
    five: int
    mean: float | None


class ResultsOut(Out):
    """Of the answers that are released; `responses` is 0 while too few people have answered."""

    responses: int
    usefulness: UsefulnessOut
    learned_something: float | None = Field(description="The share of responses that say so, 0 to 1.")
    meet_again: float | None = Field(description="The share of responses that say so, 0 to 1.")
    comments: list[str] = Field(description="In the order of their words, not of their arrival.")

    @classmethod
    def of(cls, results: Results) -> Self:
        one, two, three, four, five = results.usefulness
        return cls(
            responses=results.responses,
            usefulness=UsefulnessOut(one=one, two=two, three=three, four=four, five=five, mean=results.usefulness_mean),
            learned_something=results.learned_something,
            meet_again=results.meet_again,
            comments=list(results.comments),
        )


class NewKudos(Body):
    """What a colleague did well."""

    match_id: UUID
    giver_id: UUID = Field(description="The participant who gives them.")
    receiver_id: UUID = Field(description="The participant they are for.")
    text: Passage = Field(min_length=1, description="What the colleague did well. Kept here only, never part of an event.")


class KudosChange(Body):
    shared: bool = Field(description="Whether others of the organisation may see them. The receiver decides.")


class KudosOut(Out):
    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    giver_id: UUID
    receiver_id: UUID
    text: str
    shared: bool
    given_at: datetime

    @classmethod
    def of(cls, kudos: Kudos) -> Self:
        return cls.model_validate(kudos, from_attributes=True)


class NewConcern(Body):
    """What a participant tells the owner of the program in private."""

    match_id: UUID
    participant_id: UUID = Field(description="The participant who raises it.")
    text: Passage = Field(min_length=1, description="In their own words. Kept here only, never part of an event.")


class ConcernRaisedOut(Out):
    """That it has arrived. Only who looks after programs reads it from now on."""

    id: UUID
    raised_at: datetime

    @classmethod
    def of(cls, concern: Concern) -> Self:
        return cls.model_validate(concern, from_attributes=True)


class ConcernChange(Body):
    state: ConcernState


class ConcernOut(Out):
    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    text: str
    state: ConcernState
    raised_at: datetime

    @classmethod
    def of(cls, concern: Concern) -> Self:
        return cls.model_validate(concern, from_attributes=True)
