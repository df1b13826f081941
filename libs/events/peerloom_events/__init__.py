"""The events Peerloom's services exchange. Knows no transport: whoever has pydantic can read them."""

from peerloom_events.envelope import Envelope, MalformedEnvelope, rfc3339
from peerloom_events.event import Event, Fact, event_types
from peerloom_events.feedback import ConcernRaised, FeedbackSubmitted, KudosGiven, SurveyRequested
from peerloom_events.formats import FORMATS, FormatOptions, JuniorSeniorOptions, OneToOneOptions, options_of
from peerloom_events.golden import GoldenRecord, MalformedSample, golden_records
from peerloom_events.matching import (
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchExpired,
    MatchProposed,
    MatchReason,
    MatchReplayRequested,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
)
from peerloom_events.profile import (
    OfferedSkill,
    ParticipantEnrolled,
    ParticipantFacts,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    SoughtSkill,
    WorkingHours,
)
from peerloom_events.sessions import (
    CheckInRecorded,
    RelationshipAtRisk,
    RelationshipCompleted,
    SessionCancelled,
    SessionCompleted,
    SessionMissed,
    SessionRescheduled,
    SessionScheduled,
)
from peerloom_events.topics import TOPICS, Topic, dead_letter_topic

__version__ = "0.1.0"

__all__ = [
    "FORMATS",
    "TOPICS",
    "CheckInRecorded",
    "ConcernRaised",
    "Envelope",
    "Event",
    "Fact",
    "FeedbackSubmitted",
    "FormatOptions",
    "GoldenRecord",
    "JuniorSeniorOptions",
    "KudosGiven",
    "MalformedEnvelope",
    "MalformedSample",
    "MatchAccepted",
    "MatchConfirmed",
    "MatchDeclined",
    "MatchExpired",
    "MatchProposed",
    "MatchReason",
    "MatchReplayRequested",
    "MatchRunCompleted",
    "MatchRunFailed",
    "MatchRunProgressed",
    "MatchRunRequested",
    "OfferedSkill",
    "OneToOneOptions",
    "ParticipantEnrolled",
    "ParticipantFacts",
    "ParticipantRegistered",
    "ParticipantUpdated",
    "ProgramLaunched",
    "RelationshipAtRisk",
    "RelationshipCompleted",
    "SessionCancelled",
    "SessionCompleted",
    "SessionMissed",
    "SessionRescheduled",
    "SessionScheduled",
    "SoughtSkill",
    "SurveyRequested",
    "Topic",
    "WorkingHours",
    "dead_letter_topic",
    "event_types",
    "golden_records",
    "options_of",
    "rfc3339",
]
