"""The event log with its days, tickets for streams, and webhooks."""

from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    for statement in _STATEMENTS:
        op.execute(statement)
    secure("event", "log_head", "log_day", "stream_ticket", "webhook", "webhook_progress", "webhook_delivery")


_STATEMENTS = (
    "CREATE SCHEMA event_days",
    """
    CREATE TABLE event (
        tenant_id uuid NOT NULL,
        seq bigint NOT NULL,
        day date NOT NULL,
        event_id uuid NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        people uuid[] NOT NULL,
        program_id uuid,
        document bytea NOT NULL,
        PRIMARY KEY (tenant_id, seq, day)
    ) PARTITION BY RANGE (day)
    """,
    "CREATE INDEX event_people ON event USING gin (people)",
    # A partition is read and written through the table alone: row-level security without a policy shuts every other way.
    """
    CREATE FUNCTION open_event_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE part text := 'event_days.day_' || to_char(wanted, 'YYYYMMDD');
    BEGIN
        IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
        PERFORM pg_advisory_xact_lock(hashtext('event_days'));
        IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
        EXECUTE format('CREATE TABLE %s (LIKE event INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE event ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', part, wanted, wanted + 1);
    END
    $$
    """,
    """
    CREATE FUNCTION drop_event_day(unwanted date) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('DROP TABLE IF EXISTS event_days.day_%s', to_char(unwanted, 'YYYYMMDD'));
    END
    $$
    """,
    """
    CREATE TABLE log_head (
        tenant_id uuid PRIMARY KEY,
        last_seq bigint NOT NULL,
        day date NOT NULL,
        floor_seq bigint NOT NULL
    )
    """,
    "CREATE TABLE log_day (tenant_id uuid NOT NULL, day date NOT NULL, last_seq bigint NOT NULL, PRIMARY KEY (tenant_id, day))",
    """
    CREATE TABLE stream_ticket (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        digest bytea NOT NULL,
        issued_to text NOT NULL,
        types text[],
        participant_id uuid,
        program_id uuid,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT stream_ticket_digest_key UNIQUE (digest)
    )
    """,
    """
    CREATE TABLE webhook (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        url text NOT NULL,
        description text NOT NULL,
        types text[] NOT NULL,
        state text NOT NULL,
        disabled_because text,
        secrets jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE webhook_progress (
        tenant_id uuid NOT NULL,
        webhook_id uuid NOT NULL,
        seq bigint NOT NULL,
        day date NOT NULL,
        failures int NOT NULL,
        open_until timestamptz,
        lease uuid,
        leased_until timestamptz,
        PRIMARY KEY (tenant_id, webhook_id),
        FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, id) ON DELETE CASCADE
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE webhook_delivery (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        webhook_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        subject text NOT NULL,
        seq bigint NOT NULL,
        day date,
        document text,
        state text NOT NULL,
        attempts jsonb NOT NULL,
        next_attempt_at timestamptz,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX webhook_delivery_webhook ON webhook_delivery (tenant_id, webhook_id, id)",
    "CREATE INDEX webhook_delivery_created_at ON webhook_delivery USING brin (created_at)",
    """
    CREATE INDEX webhook_delivery_waiting ON webhook_delivery (tenant_id, webhook_id, next_attempt_at) WHERE state = 'waiting'
    """,
)
