"""A program says whether whoever would be left over joins a pair."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("program", sa.Column("trio_when_odd", sa.Boolean, nullable=False, server_default=sa.text("false")))
