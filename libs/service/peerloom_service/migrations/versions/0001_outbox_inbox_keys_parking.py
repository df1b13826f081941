"""Outbox, inbox, idempotency keys and parked events.

A database that a release before this branch made has them from its service's own revision 0001, and keeps them as they are.
"""

from peerloom_service.storage.migrations import chassis_tables

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)


def upgrade() -> None:
    chassis_tables()
