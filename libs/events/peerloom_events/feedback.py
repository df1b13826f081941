"""What feedback says: surveys asked and answered. Free text stays with feedback."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from peerloom_events.event import Event
from peerloom_events.topics import RESPONSES


class SurveyRequested(Event, type="io.peerloom.feedback.survey.requested.v1", topic=RESPONSES, key="survey_id"):
    """A participant is asked about a session."""

    survey_id: UUID
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    requested_at: AwareDatetime


class FeedbackSubmitted(Event, type="io.peerloom.feedback.survey.answered.v1", topic=RESPONSES, key="survey_id"):
    """A participant answered. `usefulness` 1 (not at all) to 5 (very)."""

    survey_id: UUID
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    usefulness: int = Field(ge=1, le=5)
    learned_something: bool
    meet_again: bool
    submitted_at: AwareDatetime
