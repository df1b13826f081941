"""The outbox keeps headers as Kafka carries them."""

from peerloom_service.storage.migrations import chassis_tables_v2

revision = "chassis_0002"
down_revision = "chassis_0001"


def upgrade() -> None:
    chassis_tables_v2()
