"""Constant SQL of analytics: facts in, figures out."""

from typing import Final

from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from analytics_service.models import (
    AcceptanceRow,
    EnrolmentRow,
    MatchRow,
    MatchRunRow,
    ParticipantRow,
    ProgramRow,
    SessionRow,
    SurveyRow,
)

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

# Workers that count the same type must not wait for each other's transactions, nor deadlock over the order of types: each
# database session adds to a row of its own, as far as the slots reach.
COUNT: Final = """
    INSERT INTO event_count AS known (tenant_id, type, slot, events) VALUES ($1, $2, pg_backend_pid() % 64, $3)
    ON CONFLICT (tenant_id, type, slot) DO UPDATE SET events = known.events + excluded.events
"""


def _remember(table: type[SQLModel]) -> str:
    """Facts of one table, each kept unless a newer one of the same thing is known; and their events counted.

    Parameters: tenant, event type, number of events, JSON array of rows by column name.
    """
    declared = [column for column in table.__table__.columns if column.name != "tenant_id"]  # type: ignore[attr-defined]
    typed = ", ".join(f"{column.name} {column.type.compile(dialect=_POSTGRESQL)}" for column in declared)
    names = ", ".join(column.name for column in declared)
    key = ", ".join(column.name for column in declared if column.primary_key)
    said = [column.name for column in declared if not column.primary_key]
    return f"""
        WITH counted AS ({COUNT})
        INSERT INTO {table.__tablename__} AS known (tenant_id, {names})
        SELECT DISTINCT ON ({key}) $1, {names} FROM jsonb_to_recordset($4) AS heard ({typed}) ORDER BY {key}, version DESC
        ON CONFLICT (tenant_id, {key}) DO UPDATE
        SET ({", ".join(said)}) = ROW ({", ".join(f"excluded.{name}" for name in said)})
        WHERE known.version < excluded.version
    """


REMEMBER: Final[dict[type[SQLModel], str]] = {
    table: _remember(table)
    for table in (
        AcceptanceRow,
        EnrolmentRow,
        MatchRow,
        MatchRunRow,
        ParticipantRow,
        ProgramRow,
        SessionRow,
        SurveyRow,
    )
}

OVERVIEW: Final = """
    SELECT now() AS as_of,
        (SELECT count(*) FROM participant WHERE tenant_id = $1) AS participants,
        (SELECT count(*) FROM program WHERE tenant_id = $1) AS programs,
        (
            SELECT coalesce(jsonb_object_agg(type, events), '{}')
            FROM (SELECT type, sum(events)::bigint AS events FROM event_count WHERE tenant_id = $1 GROUP BY type) AS by_type
        ) AS events
"""

# One statement, so that all figures are of one moment. The last run is the one with the highest id: ids grow with time.
PROGRAM_FIGURES: Final = """
    WITH enrolled AS (
        SELECT DISTINCT participant_id FROM enrolment WHERE tenant_id = $1 AND program_id = $2
    ),
    matched AS (
        SELECT DISTINCT unnest(participant_ids) AS participant_id FROM match
        WHERE tenant_id = $1 AND program_id = $2 AND state = 'confirmed'
    )
    SELECT now() AS as_of, program.*, people.*, proposals.*, acceptances.*, sessions.*, feedback.*, runs.*, last_run.*
    FROM program
    CROSS JOIN (
        SELECT count(*) AS enrolled,
            (SELECT count(*) FROM matched) AS matched,
            count(*) FILTER (WHERE matched.participant_id IS NULL) AS without_match
        FROM enrolled LEFT JOIN matched USING (participant_id)
    ) AS people
    CROSS JOIN (
        SELECT count(*) AS made,
            count(*) FILTER (WHERE state = 'declined') AS declined,
            count(*) FILTER (WHERE state = 'expired') AS expired,
            count(*) FILTER (WHERE state = 'confirmed') AS confirmed
        FROM match WHERE tenant_id = $1 AND program_id = $2
    ) AS proposals
    CROSS JOIN (
        SELECT count(*) AS acceptances FROM acceptance WHERE tenant_id = $1 AND program_id = $2
    ) AS acceptances
    CROSS JOIN (
        SELECT count(*) AS sessions_scheduled,
            count(*) FILTER (WHERE state = 'completed') AS sessions_completed,
            count(*) FILTER (WHERE state = 'missed') AS sessions_missed
        FROM session WHERE tenant_id = $1 AND program_id = $2
    ) AS sessions
    CROSS JOIN (
        SELECT count(*) AS surveys_requested,
            ARRAY[
                count(*) FILTER (WHERE usefulness = 1), count(*) FILTER (WHERE usefulness = 2),
                count(*) FILTER (WHERE usefulness = 3), count(*) FILTER (WHERE usefulness = 4),
                count(*) FILTER (WHERE usefulness = 5)
            ] AS usefulness,
            count(*) FILTER (WHERE learned_something) AS learned_something,
            count(*) FILTER (WHERE meet_again) AS meet_again
        FROM survey WHERE tenant_id = $1 AND program_id = $2
    ) AS feedback
    CROSS JOIN (
        SELECT count(*) AS runs_requested,
            count(*) FILTER (WHERE state = 'completed') AS runs_completed,
            count(*) FILTER (WHERE state = 'failed') AS runs_failed
        FROM match_run WHERE tenant_id = $1 AND program_id = $2
    ) AS runs
    LEFT JOIN LATERAL (
        SELECT id AS run_id, people, pairs, coalesce(trios, 0) AS trios, unmatched, value, upper_bound FROM match_run
        WHERE tenant_id = $1 AND program_id = $2 AND state = 'completed' ORDER BY id DESC LIMIT 1
    ) AS last_run ON true
    WHERE program.tenant_id = $1 AND program.id = $2
"""
