"""Profile is made of this."""

from pathlib import Path

from peerloom_events import MatchConfirmed, MatchDeclined, MatchExpired, MatchProposed
from peerloom_service.jobs import Job
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service
from profile_service import departures, handlers
from profile_service.imports import worker as imports
from profile_service.models import Base
from profile_service.routes import router
from profile_service.settings import Settings
from profile_service.use_cases.republished import REPUBLISHED

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    subscribes={
        MatchProposed: handlers.know_each_other,
        MatchConfirmed: handlers.know_each_other,
        MatchDeclined: handlers.know_no_longer,
        MatchExpired: handlers.know_no_longer,
    },
    republishes=REPUBLISHED,
    jobs={"imports": Job(imports.work_through, every=0.25), "departures": Job(departures.take_effect, every=5.0)},
)
