"""What feedback publishes: surveys asked and answered, kudos, concerns. Free text stays with feedback."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from peerloom_events.event import Event
from peerloom_events.topics import CONCERNS, RECOGNITION, RESPONSES


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


class KudosGiven(Event, type="io.peerloom.feedback.kudos.given.v1", topic=RECOGNITION, key="kudos_id"):
    """A participant told a colleague of the same relationship what they did well."""

    kudos_id: UUID
    match_id: UUID
    program_id: UUID
    giver_id: UUID
    receiver_id: UUID
    awarded_at: AwareDatetime


class ConcernRaised(Event, type="io.peerloom.feedback.concern.raised.v1", topic=CONCERNS, key="concern_id"):
    """A participant told the owner of a program something in private. Who, and about which match, stays with feedback."""

    concern_id: UUID
    program_id: UUID
    raised_at: AwareDatetime
