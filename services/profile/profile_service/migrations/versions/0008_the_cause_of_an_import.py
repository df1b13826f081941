"""An import keeps what asked for it, so that its events have the request's correlation id and trace."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE import ADD COLUMN cause jsonb")
