"""Relationships go on after their first session, until they are completed."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE program ADD COLUMN format text")
    op.execute("ALTER TABLE relationship ADD COLUMN at_risk text, ADD COLUMN ending text, ADD COLUMN ended_at timestamptz")
    # Relationships whose session is over get their next one. Row-level security binds the tables' owner too.
    op.execute("SELECT set_config('peerloom.tenant', '*', true)")
    op.execute(
        """
        UPDATE relationship SET version = version + 1, state = 'waiting', due_at = now(), tries = 0
        WHERE state = 'running' AND NOT EXISTS (
            SELECT FROM session
            WHERE session.tenant_id = relationship.tenant_id AND match_id = relationship.id AND session.state = 'scheduled'
        )
        """
    )
