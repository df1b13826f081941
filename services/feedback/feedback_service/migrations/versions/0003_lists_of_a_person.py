"""Responses are listed by participant; surveys and responses by match and session."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("CREATE INDEX survey_match ON survey (tenant_id, match_id, id)")
    op.execute("CREATE INDEX response_participant ON response (tenant_id, participant_id, id)")
    op.execute("CREATE INDEX response_match ON response (tenant_id, match_id, id)")
    op.execute("CREATE INDEX response_session ON response (tenant_id, session_id, id)")
