"""An e-mail address is one person's in whatever case it is written. Those who shared one before go on sharing it."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("SELECT set_config('peerloom.tenant', '*', true)")  # or row-level security hides everybody
    op.execute("ALTER TABLE participant ADD COLUMN shares_email boolean NOT NULL DEFAULT false")
    op.execute("""
        UPDATE participant SET shares_email = true FROM (
            SELECT tenant_id, lower(email) AS email FROM participant GROUP BY 1, 2 HAVING count(*) > 1
        ) AS shared WHERE participant.tenant_id = shared.tenant_id AND lower(participant.email) = shared.email
    """)
    op.execute("""
        CREATE UNIQUE INDEX participant_email_in_any_case_key ON participant (tenant_id, lower(email)) WHERE NOT shares_email
    """)
