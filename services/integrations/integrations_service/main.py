"""What the integrations service is made of."""

from pathlib import Path

from integrations_service import handlers
from integrations_service.delivering.worker import deliver
from integrations_service.models import Base
from integrations_service.retention import forget
from integrations_service.routes import router
from integrations_service.settings import Settings
from peerloom_events import event_types
from peerloom_service.consuming.decoding import AcrossOrganisations
from peerloom_service.jobs import Job
from peerloom_service.manifest import Manifest
from peerloom_service.service import Service

_LOG = AcrossOrganisations(handlers.log)

service = Service(
    manifest=Manifest.beside(__file__),
    settings=Settings,
    tables=Base,
    routes=router,
    migrations=Path(__file__).parent / "migrations",
    subscribes=dict.fromkeys(event_types().values(), _LOG),
    jobs={"webhooks": Job(deliver, every=1.0), "retention": Job(forget, every=3600.0)},
)
