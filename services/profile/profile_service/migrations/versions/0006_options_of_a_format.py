"""A program keeps the options of its format as one object. The older columns go on being written."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("program", sa.Column("options", JSONB, nullable=True))
