"""Who is in which match, by participant, and indexes for lists of runs and replays.

An index over `match.participant_ids` would not do: where row-level security guards a table, PostgreSQL uses none whose operator
is not leakproof. A trigger fills the table, so that what the release before writes during a rollout is in it as well.
"""

from alembic import op

from peerloom_service.storage.migrations import secure

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    secure("match_participant")


_STATEMENTS = (
    """
    CREATE TABLE match_participant (
        tenant_id uuid NOT NULL, participant_id uuid NOT NULL, match_id uuid NOT NULL,
        PRIMARY KEY (tenant_id, participant_id, match_id)
    )
    """,
    """
    CREATE FUNCTION keep_match_participants() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO match_participant (tenant_id, participant_id, match_id)
        SELECT tenant_id, participant_id, id FROM added, unnest(participant_ids) AS each (participant_id)
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER keep_match_participants AFTER INSERT ON match REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_match_participants()
    """,
    "SET LOCAL peerloom.tenant = '*'",
    """
    INSERT INTO match_participant (tenant_id, participant_id, match_id)
    SELECT tenant_id, participant_id, id FROM match, unnest(participant_ids) AS each (participant_id)
    ON CONFLICT DO NOTHING
    """,
    "CREATE INDEX run_program ON run (tenant_id, program_id, id)",
    "CREATE INDEX replay_run ON replay (tenant_id, run_id, id)",
)
