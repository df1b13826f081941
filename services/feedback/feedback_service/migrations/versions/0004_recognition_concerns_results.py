"""Kudos, concerns, and answers that are released in batches of people."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    secure("relationship", "kudos", "concern")


_STATEMENTS = (
    "ALTER TABLE response ADD COLUMN released_at timestamptz",
    "CREATE INDEX response_unreleased ON response (tenant_id, program_id, participant_id) WHERE released_at IS NULL",
    """
    CREATE TABLE relationship (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        program_id uuid NOT NULL,
        participant_ids uuid[] NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE kudos (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        giver_id uuid NOT NULL,
        receiver_id uuid NOT NULL,
        text text NOT NULL,
        shared boolean NOT NULL,
        given_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id)
    )
    """,
    "CREATE INDEX kudos_receiver ON kudos (tenant_id, receiver_id, id)",
    "CREATE INDEX kudos_giver ON kudos (tenant_id, giver_id, id)",
    "CREATE INDEX kudos_program ON kudos (tenant_id, program_id, id)",
    """
    CREATE TABLE concern (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        text text NOT NULL,
        state text NOT NULL,
        raised_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id)
    )
    """,
    "CREATE INDEX concern_program ON concern (tenant_id, program_id, id)",
)
