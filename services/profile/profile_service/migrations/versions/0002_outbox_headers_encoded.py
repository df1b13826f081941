"""The outbox keeps headers as Kafka carries them."""

from peerloom_service.storage.migrations import chassis_tables_v2

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    chassis_tables_v2()
