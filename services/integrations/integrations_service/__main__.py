"""`python -m integrations_service api|worker|migrate|all`."""

from integrations_service.main import service

service.run()
