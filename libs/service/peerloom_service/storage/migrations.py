"""What migrations are made of: plain SQL through `op.execute`, and the parts that all services share.

A service's revisions lie in its `migrations/versions`; those of the chassis' own tables, on a branch of their own that every
service's database has, in `peerloom_service/migrations/versions`. `schema` runs both.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import context, op


def run_migrations(metadata: sa.MetaData) -> None:
    """Body of a service's `migrations/env.py`."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def chassis_tables() -> None:
    """Outbox, inbox, idempotency keys and parked events: version 1 of what the chassis needs in each service's database.

    Does nothing where they are. The services that were there before the chassis had a branch call it in their own revision
    0001, which now comes after the chassis' own.
    """
    if op.get_bind().scalar(sa.text("SELECT to_regclass('outbox') IS NOT NULL")):
        return
    for statement in _CHASSIS_V1:
        op.execute(statement)
    secure("idempotency_key")


def chassis_tables_v2() -> None:
    """Outbox rows keep their headers as Kafka will carry them. Does nothing where they do already.

    Rows that a process of the release before writes have them as JSON only, and are sent all the same. Its relay stops at a row
    without JSON, rather than send it without headers, until it is replaced.
    """
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS encoded_headers bytea, ALTER COLUMN headers DROP NOT NULL")


def chassis_tables_v3() -> None:
    """An outbox row that the broker will never take is set aside, with the reason. A relay of the release before knows nothing
    of that: it goes on trying such a row.
    """
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS set_aside text")
    op.execute("CREATE INDEX IF NOT EXISTS outbox_set_aside ON outbox (topic, key) WHERE set_aside IS NOT NULL")


def secure(*tables: str) -> None:
    """Row-level security by organisation; forced, so that it binds the tables' owner too."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant_isolation ON {table} "
            "USING (current_setting('peerloom.tenant', true) IN (tenant_id::text, '*')) "
            "WITH CHECK (current_setting('peerloom.tenant', true) IN (tenant_id::text, '*'))"
        )


_CHASSIS_V1: Final[Sequence[str]] = (
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shard smallint NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        headers jsonb NOT NULL,
        value bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
    """,
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
    )
    """,
    "CREATE INDEX inbox_handled_at ON inbox USING brin (handled_at)",
    """
    CREATE TABLE idempotency_key (
        tenant_id uuid NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status smallint,
        body bytea,
        headers jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, key)
    )
    """,
    "CREATE INDEX idempotency_key_created_at ON idempotency_key USING brin (created_at)",
    """
    CREATE TABLE parked_event (
        consumer text NOT NULL,
        topic text NOT NULL,
        partition_number int NOT NULL,
        record_offset bigint NOT NULL,
        key bytea NOT NULL,
        headers jsonb NOT NULL,
        value bytea,
        reason text NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, topic, partition_number, record_offset)
    )
    """,
    "CREATE INDEX parked_event_key ON parked_event (consumer, topic, key)",
)
