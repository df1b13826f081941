"""Issuers of people's tokens, accounts, roles, the state of organisations, and who may know whose name."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0020"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE organisation ADD COLUMN state text NOT NULL DEFAULT 'active'")
    for statement in _TABLES:
        op.execute(statement)
    secure("issuer", "account_link", "role_grant", "partnership")


_TABLES = (
    """
    CREATE TABLE issuer (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        created_at timestamptz NOT NULL,
        issuer text NOT NULL,
        audience text NOT NULL,
        organisation_claim text,
        organisation_value text,
        participant_claim text NOT NULL,
        participant_key text NOT NULL,
        scopes_claim text,
        roles_claim text,
        roles jsonb NOT NULL,
        token_kind text NOT NULL,
        removed_at timestamptz,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    # Across organisations: no two may take the same tokens for their people's.
    """
    CREATE UNIQUE INDEX issuer_meaning_key ON issuer (issuer, audience, organisation_claim, organisation_value)
        NULLS NOT DISTINCT WHERE removed_at IS NULL
    """,
    """
    CREATE TABLE account_link (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        created_at timestamptz NOT NULL,
        issuer_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        removed_at timestamptz,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE UNIQUE INDEX account_link_subject_key ON account_link (tenant_id, issuer_id, subject_id) WHERE removed_at IS NULL",
    """
    CREATE UNIQUE INDEX account_link_participant_key ON account_link (tenant_id, issuer_id, participant_id)
        WHERE removed_at IS NULL
    """,
    """
    CREATE TABLE role_grant (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        created_at timestamptz NOT NULL,
        participant_id uuid NOT NULL,
        role text NOT NULL,
        program_id uuid,
        removed_at timestamptz,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX role_grant_key ON role_grant (tenant_id, participant_id, role, program_id)
        NULLS NOT DISTINCT WHERE removed_at IS NULL
    """,
    """
    CREATE TABLE partnership (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        participant_ids uuid[] NOT NULL,
        over boolean NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX partnership_people ON partnership USING gin (participant_ids)",
)
