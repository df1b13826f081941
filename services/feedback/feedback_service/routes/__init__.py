"""Feedback's HTTP API, a module for each kind of thing."""

from feedback_service.routes import concerns, kudos, surveys
from peerloom_service.http.routing import Router

router = Router()
for part in (surveys, kudos, concerns):
    router.routes.extend(part.router.routes)
