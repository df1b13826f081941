"""`python -m profile_service api|worker|migrate|all`."""

from profile_service.main import service

service.run()
