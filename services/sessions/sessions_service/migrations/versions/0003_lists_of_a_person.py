"""Relationships and sessions are listed by participant."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("CREATE INDEX relationship_people ON relationship USING gin (participant_ids)")
    op.execute("CREATE INDEX session_people ON session USING gin (participant_ids)")
