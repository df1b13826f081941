"""Action items, private notes and check-ins."""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    secure("action_item", "note", "check_in")


_TABLES = (
    """
    CREATE TABLE action_item (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        owner_id uuid NOT NULL,
        text text NOT NULL,
        due_on date,
        state text NOT NULL,
        made_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id)
    )
    """,
    "CREATE INDEX action_item_match ON action_item (tenant_id, match_id, id)",
    "CREATE INDEX action_item_owner ON action_item (tenant_id, owner_id, id)",
    """
    CREATE TABLE note (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        author_id uuid NOT NULL,
        text text NOT NULL,
        written_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id)
    )
    """,
    "CREATE INDEX note_author ON note (tenant_id, author_id, id)",
    """
    CREATE TABLE check_in (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL,
        match_id uuid NOT NULL,
        program_id uuid NOT NULL,
        participant_id uuid NOT NULL,
        mood smallint NOT NULL,
        progress text,
        recorded_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, match_id) REFERENCES relationship (tenant_id, id)
    )
    """,
    "CREATE INDEX check_in_match ON check_in (tenant_id, match_id, id)",
    "CREATE INDEX check_in_participant ON check_in (tenant_id, participant_id, id)",
    "CREATE INDEX check_in_program ON check_in (tenant_id, program_id, id)",
)
