"""Each service's copy of who may act."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "chassis_0020"
down_revision = "chassis_0003"


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    secure("access_issuer", "access_link", "access_grant", "access_organisation")


_TABLES = (
    """
    CREATE TABLE access_issuer (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        removed boolean NOT NULL DEFAULT false,
        issuer text NOT NULL,
        audience text NOT NULL,
        organisation_claim text,
        organisation_value text,
        scopes_claim text,
        roles_claim text,
        roles jsonb NOT NULL,
        token_kind text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE access_link (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        removed boolean NOT NULL DEFAULT false,
        issuer_id uuid NOT NULL,
        person_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX access_link_subject ON access_link (tenant_id, subject_id) WHERE NOT removed",
    """
    CREATE TABLE access_grant (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        removed boolean NOT NULL DEFAULT false,
        person_id uuid NOT NULL,
        role text NOT NULL,
        scope_id uuid,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX access_grant_person ON access_grant (tenant_id, person_id) WHERE NOT removed",
    """
    CREATE TABLE access_organisation (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        state text NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
)
