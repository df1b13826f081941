"""Matching is made of this."""

from pathlib import Path

from matching_service import expiry, handlers, replays, retention, runs
from matching_service.known_people import KnownPerson
from matching_service.models import Base
from matching_service.routes import router
from matching_service.settings import Settings
from peerloom_events import (
    MatchReplayRequested,
    MatchRunRequested,
    ParticipantEnrolled,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
)
from peerloom_service.hearing import InBatches
from peerloom_service.jobs import Job
from peerloom_service.service import Service

service = Service(
    name="matching",
    description="Who meets whom: match runs with a certified bound, proposals, answers and matches.",
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    hears={
        ParticipantRegistered: InBatches(handlers.remember_people, reads=KnownPerson),
        ParticipantUpdated: InBatches(handlers.remember_people, reads=KnownPerson),
        ParticipantEnrolled: InBatches(handlers.remember_enrolments),
        ProgramLaunched: InBatches(handlers.remember_programs),
    },
    tasks={MatchRunRequested: runs.work_off, MatchReplayRequested: replays.work_off},
    jobs={"expiry": Job(expiry.expire, every=0.5), "retention": Job(retention.forget, every=3600.0)},
)
