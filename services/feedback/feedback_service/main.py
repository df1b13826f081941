"""What the feedback service is made of."""

from pathlib import Path

from feedback_service import handlers
from feedback_service.models import Base
from feedback_service.routes import router
from feedback_service.settings import Settings
from feedback_service.workers import release
from peerloom_events import MatchConfirmed, SessionCompleted
from peerloom_service.access.directory import COPIED
from peerloom_service.jobs import Job
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    jobs={"release": Job(release.release, every=5.0)},
    subscribes={
        SessionCompleted: handlers.ask_about_session,
        MatchConfirmed: handlers.keep_relationship,
        **COPIED,
    },
)
