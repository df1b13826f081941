"""What the analytics service is made of."""

from pathlib import Path

from analytics_service import handlers
from analytics_service.models import Base
from analytics_service.routes import router
from analytics_service.settings import Settings
from peerloom_events import (
    CheckInRecorded,
    ConcernRaised,
    EmploymentChanged,
    FeedbackSubmitted,
    KudosGiven,
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchEnded,
    MatchExpired,
    MatchProposed,
    MatchReplayRequested,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
    ParticipantDeactivated,
    ParticipantEnrolled,
    ParticipantPaused,
    ParticipantRegistered,
    ParticipantResumed,
    ParticipantUpdated,
    ParticipantWithdrawn,
    ProgramClosed,
    ProgramLaunched,
    ProgramUpdated,
    RelationshipAtRisk,
    RelationshipCompleted,
    SessionCancelled,
    SessionCompleted,
    SessionMissed,
    SessionRescheduled,
    SessionScheduled,
    SurveyRequested,
)
from peerloom_service.access.directory import COPIED
from peerloom_service.consuming.decoding import InBatches
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    subscribes={
        ParticipantRegistered: InBatches(handlers.registered, reads=handlers.KnownParticipant),
        ParticipantUpdated: InBatches(handlers.updated, reads=handlers.KnownParticipant),
        ParticipantEnrolled: InBatches(handlers.enrolments),
        ParticipantPaused: InBatches(handlers.counted),
        ParticipantResumed: InBatches(handlers.counted),
        ParticipantWithdrawn: InBatches(handlers.counted),
        ParticipantDeactivated: InBatches(handlers.counted),
        EmploymentChanged: InBatches(handlers.counted),
        ProgramLaunched: InBatches(handlers.programs),
        ProgramUpdated: InBatches(handlers.programs),
        ProgramClosed: InBatches(handlers.counted),
        MatchRunRequested: InBatches(handlers.runs),
        MatchRunProgressed: InBatches(handlers.runs),
        MatchRunCompleted: InBatches(handlers.completed_runs),
        MatchRunFailed: InBatches(handlers.runs),
        MatchReplayRequested: InBatches(handlers.counted),
        MatchProposed: InBatches(handlers.matches),
        MatchAccepted: InBatches(handlers.acceptances),
        MatchDeclined: InBatches(handlers.matches),
        MatchExpired: InBatches(handlers.matches),
        MatchConfirmed: InBatches(handlers.matches),
        MatchEnded: InBatches(handlers.ended_matches),
        SessionScheduled: InBatches(handlers.sessions),
        SessionCompleted: InBatches(handlers.sessions),
        SessionMissed: InBatches(handlers.sessions),
        SessionRescheduled: InBatches(handlers.sessions),
        SessionCancelled: InBatches(handlers.sessions),
        CheckInRecorded: InBatches(handlers.counted),
        RelationshipAtRisk: InBatches(handlers.relationships),
        RelationshipCompleted: InBatches(handlers.relationships),
        SurveyRequested: InBatches(handlers.surveys),
        FeedbackSubmitted: InBatches(handlers.answered_surveys),
        KudosGiven: InBatches(handlers.counted),
        ConcernRaised: InBatches(handlers.counted),
        **COPIED,
    },
)
