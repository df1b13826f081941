"""A program's options as one object. Null where the release before, still there during a rollout, wrote the row."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("program", sa.Column("options", JSONB, nullable=True))
