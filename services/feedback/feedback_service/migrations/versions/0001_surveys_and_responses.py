"""Surveys and responses."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    for statement in _TABLES:
        op.execute(statement)
    secure("survey", "response")


_TABLES = (
    """
    CREATE TABLE survey (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        session_id uuid NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        state text NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT survey_participant_key UNIQUE (tenant_id, session_id, participant_id)
    )
    """,
    "CREATE INDEX survey_program ON survey (tenant_id, program_id, id)",
    "CREATE INDEX survey_participant ON survey (tenant_id, participant_id, id)",
    """
    CREATE TABLE response (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        survey_id uuid NOT NULL,
        session_id uuid NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        usefulness smallint NOT NULL,
        learned_something boolean NOT NULL,
        meet_again boolean NOT NULL,
        comment text,
        submitted_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT response_survey_key UNIQUE (tenant_id, survey_id),
        FOREIGN KEY (tenant_id, survey_id) REFERENCES survey (tenant_id, id)
    )
    """,
    "CREATE INDEX response_program ON response (tenant_id, program_id, id)",
)
