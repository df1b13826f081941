"""A completed run tells how many trios there are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("match_run", sa.Column("trios", sa.Integer, nullable=True))
