"""Sessions' HTTP API, a module for each kind of thing."""

from peerloom_service.http.routing import Router
from sessions_service.routes import agendas, calendars, relationships, sessions, test_clock, together

router = Router()
for part in (relationships, sessions, agendas, together, calendars, test_clock):
    router.routes.extend(part.router.routes)
