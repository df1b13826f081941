"""Copies of people, programs and enrolments; runs, matches and seats."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    for statement in _TABLES:
        op.execute(statement)
    secure("member", "program", "enrolment", "run", "unmatched", "match", "seat")


_TABLES = (
    """
    CREATE TABLE member (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        facts jsonb NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE program (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        format text NOT NULL,
        answer_within_seconds int NOT NULL,
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
    "CREATE UNIQUE INDEX enrolment_program ON enrolment (tenant_id, program_id, participant_id)",
    """
    CREATE TABLE run (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        seed bigint NOT NULL,
        requested_at timestamptz NOT NULL,
        state text NOT NULL,
        phase text NOT NULL,
        share double precision NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        people int,
        pairs int,
        unmatched int,
        value bigint,
        upper_bound bigint,
        population_hash text,
        policy text,
        engine_version text,
        problem text,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE UNIQUE INDEX run_unfinished ON run (tenant_id, program_id) WHERE state IN ('requested', 'running')",
    """
    CREATE TABLE unmatched (
        tenant_id uuid NOT NULL, run_id uuid NOT NULL, id uuid NOT NULL,
        why text NOT NULL,
        partners int NOT NULL,
        removed jsonb NOT NULL,
        PRIMARY KEY (tenant_id, run_id, id)
    )
    """,
    """
    CREATE TABLE match (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        run_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_ids uuid[] NOT NULL,
        weight int NOT NULL,
        reasons jsonb NOT NULL,
        proposed_at timestamptz NOT NULL,
        answer_by timestamptz NOT NULL,
        state text NOT NULL,
        accepted_ids uuid[] NOT NULL,
        declined_id uuid,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX match_program ON match (tenant_id, program_id, id)",
    "CREATE INDEX match_run ON match (tenant_id, run_id, id)",
    "CREATE INDEX match_open ON match (answer_by) WHERE state = 'proposed'",
    """
    CREATE TABLE seat (
        tenant_id uuid NOT NULL, program_id uuid NOT NULL, participant_id uuid NOT NULL,
        match_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, program_id, participant_id)
    )
    """,
    "CREATE INDEX ix_seat_match_id ON seat (match_id)",
)
