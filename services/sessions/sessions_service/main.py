"""What the sessions service is made of."""

from pathlib import Path

from peerloom_events import (
    MatchConfirmed,
    MatchEnded,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    ProgramUpdated,
)
from peerloom_service.access.directory import COPIED
from peerloom_service.consuming.decoding import InBatches
from peerloom_service.jobs import Job
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service
from sessions_service import handlers, planner
from sessions_service.models import Base
from sessions_service.routes import router
from sessions_service.settings import Settings

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    subscribes={
        **COPIED,
        ParticipantRegistered: InBatches(handlers.keep_people, reads=handlers.WorkingPerson),
        ParticipantUpdated: InBatches(handlers.keep_people, reads=handlers.WorkingPerson),
        ProgramLaunched: handlers.keep_program,
        ProgramUpdated: handlers.keep_program,
        MatchConfirmed: handlers.begin_relationship,
        MatchEnded: handlers.end_relationship,
    },
    jobs={"planner": Job(planner.schedule, every=0.1)},
)
