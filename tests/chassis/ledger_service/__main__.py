"""`python -m ledger_service api|worker|migrate|all`, dying where LEDGER_DIES says."""

from ledger_service import failpoints
from ledger_service.main import service

failpoints.arm()
service.run()
