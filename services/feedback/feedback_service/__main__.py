"""`python -m feedback_service api|worker|migrate|all`."""

from feedback_service.main import service

service.run()
