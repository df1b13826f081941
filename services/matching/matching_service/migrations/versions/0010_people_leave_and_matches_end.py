"""People leave, enrolments pause, programs have dates and close, and matches end.

Copies that an earlier release has kept lack the new facts until they are published again or replayed; null asks nothing.
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE member ADD COLUMN left_at timestamptz")
    op.execute("CREATE INDEX member_left ON member (tenant_id, left_at) WHERE left_at IS NOT NULL")
    op.execute("ALTER TABLE enrolment ADD COLUMN stopped_at timestamptz")
    op.execute("CREATE INDEX enrolment_stopped ON enrolment (tenant_id, program_id, stopped_at) WHERE stopped_at IS NOT NULL")
    op.execute(
        "ALTER TABLE program ADD COLUMN starts_on date, ADD COLUMN ends_on date, ADD COLUMN session_minutes smallint, "
        "ADD COLUMN ask_again_after_days int, ADD COLUMN closed_at timestamptz"
    )
    op.execute("ALTER TABLE match ADD COLUMN ended_at timestamptz, ADD COLUMN ended_reason text")
