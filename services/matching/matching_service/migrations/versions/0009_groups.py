"""How many matches of a run are groups, in formats that make them."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE run ADD COLUMN groups int")
    op.execute("ALTER TABLE certificate ADD COLUMN groups int NOT NULL DEFAULT 0")
