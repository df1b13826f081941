"""People subscribe to their sessions."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE calendar_feed (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
            digest bytea,
            made_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, id),
            CONSTRAINT calendar_feed_digest_key UNIQUE (digest)
        )
        """
    )
    secure("calendar_feed")
