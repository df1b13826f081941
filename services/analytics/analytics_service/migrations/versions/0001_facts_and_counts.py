"""Facts by aggregate, and events counted by type."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    for statement in _TABLES:
        op.execute(statement)
    secure("participant", "program", "enrolment", "match_run", "match", "acceptance", "session", "survey", "event_count")


_TABLES = (
    """
    CREATE TABLE participant (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE program (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        format text NOT NULL,
        goal text NOT NULL,
        metric text NOT NULL,
        starts_on date NOT NULL,
        ends_on date NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE enrolment (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX enrolment_program ON enrolment (tenant_id, program_id, participant_id)",
    """
    CREATE TABLE match_run (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        state text NOT NULL,
        people int,
        pairs int,
        unmatched int,
        value bigint,
        upper_bound bigint,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX match_run_program ON match_run (tenant_id, program_id, state, id)",
    """
    CREATE TABLE match (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        state text NOT NULL,
        participant_ids uuid[] NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX match_program ON match (tenant_id, program_id, state)",
    """
    CREATE TABLE acceptance (
        tenant_id uuid NOT NULL, match_id uuid NOT NULL, participant_id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, match_id, participant_id)
    )
    """,
    "CREATE INDEX acceptance_program ON acceptance (tenant_id, program_id)",
    """
    CREATE TABLE session (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        state text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX session_program ON session (tenant_id, program_id, state)",
    """
    CREATE TABLE survey (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        usefulness smallint,
        learned_something boolean,
        meet_again boolean,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX survey_program ON survey (tenant_id, program_id)",
    """
    CREATE TABLE event_count (
        tenant_id uuid NOT NULL, type text NOT NULL, slot smallint NOT NULL,
        events bigint NOT NULL,
        PRIMARY KEY (tenant_id, type, slot)
    )
    """,
)
