"""`python -m matching_service api|worker|migrate|all`."""

from matching_service.main import service

service.run()
