"""Integrations' HTTP API, a module for each kind of thing."""

from integrations_service.routes import events, webhooks
from peerloom_service.http.routing import Router

router = Router()
for part in (events, webhooks):
    router.routes.extend(part.router.routes)
