"""Migrations of a service's database: Alembic, one run at a time, with what every service's first migration needs.

A service's migrations are plain SQL through `op.execute`; `chassis_tables()` and `tenant_table()` write the parts all share.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK: Final = 0x0B0D


def migrate(database_url: str, folder: Path) -> None:
    """Bring the database to the newest revision; a second process doing the same waits for the first.

    Raises: OSError or sqlalchemy errors when the database cannot be reached or a migration fails (it is then rolled back).
    """
    asyncio.run(_with_connection(database_url, lambda connection: _upgrade(connection, folder)))


def head_revision(folder: Path) -> str | None:
    """The newest revision in a service's `migrations/`."""
    return ScriptDirectory.from_config(_config(folder)).get_current_head()


def _upgrade(connection: Connection, folder: Path) -> None:
    connection.execute(sa.text("SET lock_timeout = '30s'"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    config = _config(folder)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    connection.commit()


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config


async def _with_connection(database_url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def sqlalchemy_url(database_url: str) -> str:
    """The same address with SQLAlchemy's name for the driver."""
    return "postgresql+asyncpg://" + database_url.split("://", 1)[1]


def run_migrations(metadata: sa.MetaData) -> None:
    """Body of a service's `migrations/env.py`."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


# -- what migrations are made of --------------------------------------------------------------------------------------


def chassis_tables() -> None:
    """Outbox, inbox, idempotency keys and parked events: version 1 of what the chassis needs in each service's database."""
    for statement in _CHASSIS_V1:
        op.execute(statement)
    secure("idempotency_key")


def chassis_tables_v2() -> None:
    """Outbox rows keep their headers as Kafka will carry them.

    Rows that a process of the release before writes have them as JSON only, and are sent all the same. Its relay stops at a row
    without JSON, rather than send it without headers, until it is replaced.
    """
    op.execute("ALTER TABLE outbox ADD COLUMN encoded_headers bytea, ALTER COLUMN headers DROP NOT NULL")


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
