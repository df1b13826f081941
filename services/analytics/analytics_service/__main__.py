"""`python -m analytics_service api|worker|migrate|all`."""

from analytics_service.main import service

service.run()
