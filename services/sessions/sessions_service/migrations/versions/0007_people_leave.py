"""From which day somebody no longer works here: no session is planned from then on."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE participant ADD COLUMN leaving_on date, ADD COLUMN on_leave boolean NOT NULL DEFAULT false")
