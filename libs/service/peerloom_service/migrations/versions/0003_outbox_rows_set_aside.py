"""Outbox rows that can never be sent are set aside with their key."""

from peerloom_service.storage.migrations import chassis_tables_v3

revision = "chassis_0003"
down_revision = "chassis_0002"


def upgrade() -> None:
    chassis_tables_v3()
