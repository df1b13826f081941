from alembic import op

from peerloom_service.storage.migrations import chassis_tables, secure

revision = "0001"
down_revision = None


def upgrade() -> None:
    chassis_tables()
    op.execute(
        """
        CREATE TABLE account (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
            name text NOT NULL,
            balance int NOT NULL,
            PRIMARY KEY (tenant_id, id),
            CONSTRAINT account_name_key UNIQUE (tenant_id, name)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE account_copy (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
            balance int NOT NULL,
            PRIMARY KEY (tenant_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE effect (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant_id uuid NOT NULL,
            match_id uuid NOT NULL,
            version int NOT NULL,
            process int NOT NULL
        )
        """
    )
    op.execute("CREATE TABLE obstacle (match_id uuid PRIMARY KEY)")
    op.execute("CREATE TABLE slowness (seconds float8 NOT NULL)")
    secure("account", "account_copy", "effect")
