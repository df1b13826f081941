"""What a run was given and answered, its certificate, replays, and what may end a run."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    secure("run_piece", "certificate", "replay")


_TABLES = (
    # Defaults: the release before, still there during a rollout, knows nothing of these columns.
    """
    ALTER TABLE run
        ADD COLUMN target_gap double precision NOT NULL DEFAULT 0.001,
        ADD COLUMN fast boolean NOT NULL DEFAULT false,
        ADD COLUMN time_limit_seconds double precision,
        ADD COLUMN stop_requested boolean NOT NULL DEFAULT false,
        ADD COLUMN ended_early boolean NOT NULL DEFAULT false
    """,
    """
    CREATE TABLE run_piece (
        tenant_id uuid NOT NULL, run_id uuid NOT NULL, part text NOT NULL, number int NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (tenant_id, run_id, part, number)
    )
    """,
    # Compressed already: PostgreSQL need not try again.
    "ALTER TABLE run_piece ALTER COLUMN content SET STORAGE EXTERNAL",
    """
    CREATE TABLE certificate (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        checked_at timestamptz NOT NULL,
        people int NOT NULL,
        pairs int NOT NULL,
        trios int NOT NULL,
        value bigint NOT NULL,
        upper_bound bigint NOT NULL,
        most_people int NOT NULL,
        method text NOT NULL,
        ended_early boolean NOT NULL,
        bound_checked_people int NOT NULL,
        population_hash text NOT NULL,
        policy jsonb NOT NULL,
        policy_fingerprint text NOT NULL,
        seed bigint NOT NULL,
        target_gap double precision NOT NULL,
        fast boolean NOT NULL,
        time_limit_seconds double precision,
        engine_version text NOT NULL,
        answer_sha256 text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE replay (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        run_id uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        state text NOT NULL,
        phase text NOT NULL,
        share double precision NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        identical boolean,
        stored_sha256 text,
        replayed_sha256 text,
        stored_engine_version text,
        engine_version text,
        remark text,
        problem text,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE UNIQUE INDEX replay_unfinished ON replay (tenant_id, run_id) WHERE state IN ('requested', 'running')",
)
