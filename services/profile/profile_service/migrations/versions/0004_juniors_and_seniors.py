"""A program says who is a junior, and how many of them a senior may have."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("program", sa.Column("junior_up_to_level", sa.SmallInteger, nullable=True))
    op.add_column("program", sa.Column("seats_per_senior", sa.SmallInteger, nullable=False, server_default=sa.text("1")))
