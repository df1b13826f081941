"""Organisations, people, programs, enrolments and imports."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    for statement in _TABLES:
        op.execute(statement)
    secure("organisation", "participant", "program", "enrolment", "import", "import_piece", "import_finding")


_TABLES = (
    """
    CREATE TABLE organisation (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CHECK (tenant_id = id)
    )
    """,
    """
    CREATE TABLE participant (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        employee_number text NOT NULL,
        name text NOT NULL,
        email text NOT NULL,
        department text NOT NULL,
        job_title text NOT NULL,
        employee_level smallint NOT NULL,
        location text NOT NULL,
        time_zone text NOT NULL,
        languages text[] NOT NULL,
        hired_on date NOT NULL,
        manager_id uuid,
        working_hours jsonb NOT NULL,
        offers jsonb NOT NULL,
        seeks jsonb NOT NULL,
        goals text[] NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT participant_employee_number_key UNIQUE (tenant_id, employee_number),
        CONSTRAINT participant_email_key UNIQUE (tenant_id, email)
    )
    """,
    """
    CREATE TABLE program (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        name text NOT NULL,
        format text NOT NULL,
        goal text NOT NULL,
        metric text NOT NULL,
        expectations text NOT NULL,
        starts_on date NOT NULL,
        ends_on date NOT NULL,
        session_minutes smallint NOT NULL,
        cadence_days smallint NOT NULL,
        answer_within_seconds int NOT NULL,
        launched_at timestamptz NOT NULL,
        state text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE enrolment (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        enrolled_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT enrolment_participant_key UNIQUE (tenant_id, program_id, participant_id),
        FOREIGN KEY (tenant_id, program_id) REFERENCES program (tenant_id, id),
        FOREIGN KEY (tenant_id, participant_id) REFERENCES participant (tenant_id, id)
    )
    """,
    "CREATE INDEX enrolment_list ON enrolment (tenant_id, program_id, id)",
    """
    CREATE TABLE import (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        created_at timestamptz NOT NULL,
        state text NOT NULL,
        size_bytes bigint NOT NULL,
        rows_total int,
        rows_done int NOT NULL,
        registered int NOT NULL,
        updated int NOT NULL,
        unchanged int NOT NULL,
        rows_refused int NOT NULL,
        warnings int NOT NULL,
        problem text,
        columns jsonb NOT NULL,
        defaults jsonb NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX import_waiting ON import (created_at) WHERE state IN ('waiting', 'running')",
    """
    CREATE TABLE import_piece (
        tenant_id uuid NOT NULL, import_id uuid NOT NULL, number int NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (tenant_id, import_id, number)
    )
    """,
    """
    CREATE TABLE import_finding (
        tenant_id uuid NOT NULL, import_id uuid NOT NULL, number int NOT NULL,
        line int NOT NULL,
        column_name text,
        code text NOT NULL,
        message text NOT NULL,
        severity text NOT NULL,
        PRIMARY KEY (tenant_id, import_id, number)
    )
    """,
)
