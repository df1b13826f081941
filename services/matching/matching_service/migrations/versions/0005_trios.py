"""A program may have trios, and a run tells how many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("program", sa.Column("trio_when_odd", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("run", sa.Column("trios", sa.Integer, nullable=True))
