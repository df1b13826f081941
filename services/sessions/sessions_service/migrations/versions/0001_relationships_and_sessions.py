"""Relationships, sessions, bookings, and the copies of people and programs they need."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    # uuids beside a range in one exclusion constraint. A trusted extension: the owner of the database may create it.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    chassis_tables()
    for statement in _TABLES:
        op.execute(statement)
    secure("participant", "program", "relationship", "session", "booking", "test_clock")


_TABLES = (
    """
    CREATE TABLE participant (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        time_zone text NOT NULL,
        working_hours jsonb NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE program (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        session_minutes smallint NOT NULL,
        cadence_days smallint NOT NULL,
        starts_on date NOT NULL,
        ends_on date NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE relationship (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        participant_ids uuid[] NOT NULL,
        begun_at timestamptz NOT NULL,
        state text NOT NULL,
        reason text,
        due_at timestamptz NOT NULL DEFAULT now(),
        tries int NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX relationship_list ON relationship (tenant_id, program_id, id)",
    "CREATE INDEX relationship_due ON relationship (due_at) WHERE state = 'waiting'",
    "CREATE INDEX relationship_waiting_people ON relationship USING gin (participant_ids) WHERE state = 'waiting'",
    """
    CREATE TABLE session (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_ids uuid[] NOT NULL,
        number int NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        state text NOT NULL,
        absent_ids uuid[] NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT session_number_key UNIQUE (tenant_id, match_id, number),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id),
        CHECK (starts_at < ends_at)
    )
    """,
    "CREATE INDEX session_list ON session (tenant_id, program_id, id)",
    # Bookings are tried before the session they are for is made, in one transaction: hence the deferred reference.
    """
    CREATE TABLE booking (
        tenant_id uuid NOT NULL, session_id uuid NOT NULL, participant_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        holds boolean NOT NULL,
        PRIMARY KEY (tenant_id, session_id, participant_id),
        FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT booking_no_overlap EXCLUDE USING gist
            (tenant_id WITH =, participant_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (holds)
    )
    """,
    "CREATE INDEX booking_of_person ON booking (tenant_id, participant_id, ends_at)",
    """
    CREATE TABLE test_clock (
        tenant_id uuid NOT NULL PRIMARY KEY,
        ahead interval NOT NULL
    )
    """,
)
