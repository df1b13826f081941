"""What became of relationships."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE relationship (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
            program_id uuid NOT NULL,
            state text NOT NULL,
            PRIMARY KEY (tenant_id, id)
        )
        """
    )
    op.execute("CREATE INDEX relationship_program ON relationship (tenant_id, program_id, state)")
    secure("relationship")
