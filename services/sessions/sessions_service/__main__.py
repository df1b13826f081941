"""`python -m sessions_service api|worker|migrate|all`."""

from sessions_service.main import service

service.run()
