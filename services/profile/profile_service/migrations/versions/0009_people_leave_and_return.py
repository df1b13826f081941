"""People leave and return, enrolments pause and end, programs change and close.

Whoever has left gives their e-mail address free, so an address is one person's among those who are here.
Somebody may have none.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


_STATEMENTS = (
    """
    ALTER TABLE participant ADD COLUMN leaving_on date, ADD COLUMN on_leave boolean NOT NULL DEFAULT false,
        ADD COLUMN has_left boolean NOT NULL DEFAULT false
    """,
    "ALTER TABLE participant DROP CONSTRAINT participant_email_key",
    "CREATE UNIQUE INDEX participant_email_key ON participant (tenant_id, email) WHERE NOT has_left AND email <> ''",
    "DROP INDEX participant_email_in_any_case_key",
    """
    CREATE UNIQUE INDEX participant_email_in_any_case_key ON participant (tenant_id, lower(email))
    WHERE NOT shares_email AND NOT has_left AND email <> ''
    """,
    "CREATE INDEX participant_left ON participant (tenant_id, lower(email)) WHERE has_left",
    "CREATE INDEX participant_leaving ON participant (leaving_on) WHERE NOT has_left AND leaving_on IS NOT NULL",
    """
    ALTER TABLE enrolment ADD COLUMN state text NOT NULL DEFAULT 'active', ADD COLUMN ended_because text,
        ADD COLUMN changed_at timestamptz
    """,
    "CREATE INDEX enrolment_person ON enrolment (tenant_id, participant_id)",
    "ALTER TABLE import ADD COLUMN options jsonb NOT NULL DEFAULT '{}'",
    "ALTER TABLE program ADD COLUMN ask_again_after_days int NOT NULL DEFAULT 90, ADD COLUMN closed_at timestamptz",
)
