"""The round of a match, where several are planned at once; and what a run's answer is for its people."""

from alembic import op

revision = "0030"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE match ADD COLUMN round smallint NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE certificate ADD COLUMN report jsonb")
