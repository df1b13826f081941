"""Seats are numbered, so that a senior may hold several; who has one seat still holds number 1 or none."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("program", sa.Column("junior_up_to_level", sa.SmallInteger, nullable=True))
    op.add_column("program", sa.Column("seats_per_senior", sa.SmallInteger, nullable=False, server_default=sa.text("1")))
    op.add_column("seat", sa.Column("number", sa.SmallInteger, nullable=False, server_default=sa.text("1")))
    op.drop_constraint("seat_pkey", "seat")
    op.create_primary_key("seat_pkey", "seat", ["tenant_id", "program_id", "participant_id", "number"])
