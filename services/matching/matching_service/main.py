"""Matching is made of this."""

from pathlib import Path

from matching_service import handlers
from matching_service.models import Base
from matching_service.participant_copy import KnownPerson
from matching_service.routes import router
from matching_service.settings import Settings
from matching_service.workers import arrivals, endings, expiry, match_run, replay, retention
from peerloom_events import (
    MatchReplayRequested,
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
    RelationshipCompleted,
)
from peerloom_service.access.directory import COPIED
from peerloom_service.consuming.decoding import InBatches
from peerloom_service.jobs import Job
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    subscribes={
        ParticipantRegistered: InBatches(handlers.keep_people, reads=KnownPerson),
        ParticipantUpdated: InBatches(handlers.keep_people, reads=KnownPerson),
        ParticipantDeactivated: handlers.let_go,
        ParticipantEnrolled: InBatches(handlers.keep_enrolments),
        ParticipantPaused: handlers.pause,
        ParticipantResumed: InBatches(handlers.keep_enrolments),
        ParticipantWithdrawn: handlers.withdraw,
        ProgramLaunched: InBatches(handlers.keep_programs),
        ProgramUpdated: InBatches(handlers.keep_programs),
        ProgramClosed: handlers.close_program,
        RelationshipCompleted: handlers.follow_relationship,
        **COPIED,
    },
    tasks={MatchRunRequested: match_run.work_off, MatchReplayRequested: replay.work_off},
    jobs={
        "expiry": Job(expiry.expire, every=0.5),
        "endings": Job(endings.end_closed, every=1.0),
        "arrivals": Job(arrivals.match, every=1.0),
        "retention": Job(retention.forget, every=3600.0),
    },
)
