"""Pieces of an uploaded file are kept as they came: compressing them cost more than the room they take until they are read."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE import_piece ALTER COLUMN content SET STORAGE EXTERNAL")
