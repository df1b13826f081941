"""What analytics answers, by name."""

from typing import Final
from uuid import UUID

import asyncpg

from analytics_service.domain import (
    CompletedRun,
    Feedback,
    Overview,
    People,
    Program,
    ProgramFigures,
    Proposals,
    Relationships,
    Runs,
    Sessions,
)
from peerloom_events import event_types
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction

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
    SELECT now() AS as_of, program.*, people.*, proposals.*, acceptances.*, sessions.*, relationships.*, feedback.*,
        runs.*, last_run.*
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
            count(*) FILTER (WHERE state = 'confirmed') AS confirmed,
            count(*) FILTER (WHERE state = 'ended') AS ended_unanswered
        FROM match WHERE tenant_id = $1 AND program_id = $2
    ) AS proposals
    CROSS JOIN (
        SELECT count(*) AS acceptances FROM acceptance WHERE tenant_id = $1 AND program_id = $2
    ) AS acceptances
    CROSS JOIN (
        SELECT count(*) AS sessions_scheduled,
            count(*) FILTER (WHERE state = 'completed') AS sessions_completed,
            count(*) FILTER (WHERE state = 'missed') AS sessions_missed,
            count(*) FILTER (WHERE state = 'cancelled') AS sessions_cancelled
        FROM session WHERE tenant_id = $1 AND program_id = $2
    ) AS sessions
    CROSS JOIN (
        SELECT count(*) FILTER (WHERE state = 'at_risk') AS relationships_at_risk,
            count(*) FILTER (WHERE state = 'completed') AS relationships_completed
        FROM relationship WHERE tenant_id = $1 AND program_id = $2
    ) AS relationships
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


async def overview(tx: Transaction, _command: None) -> Overview:
    """The organisation at a glance."""
    row = await tx.fetchrow(OVERVIEW, tx.tenant_id)
    assert row is not None
    return Overview(row["as_of"], row["participants"], row["programs"], dict.fromkeys(sorted(event_types()), 0) | row["events"])


async def program_figures(tx: Transaction, program_id: UUID) -> ProgramFigures:
    """A program from enrolment to feedback.

    Raises: NotFound (also where it belongs to another organisation, or its launch has not arrived yet).
    """
    row = await tx.fetchrow(PROGRAM_FIGURES, tx.tenant_id, program_id)
    if row is None:
        raise NotFound(f"There is no program {program_id} in your organisation.")
    return _figures(row)


def _figures(row: asyncpg.Record) -> ProgramFigures:
    return ProgramFigures(
        as_of=row["as_of"],
        program=Program(row["id"], row["format"], row["goal"], row["metric"], row["starts_on"], row["ends_on"]),
        people=People(row["enrolled"], row["matched"], row["without_match"]),
        runs=Runs(row["runs_requested"], row["runs_completed"], row["runs_failed"], _last_run(row)),
        proposals=Proposals(
            row["made"], row["acceptances"], row["declined"], row["expired"], row["confirmed"], row["ended_unanswered"]
        ),
        sessions=Sessions(
            row["sessions_scheduled"], row["sessions_completed"], row["sessions_missed"], row["sessions_cancelled"]
        ),
        relationships=Relationships(row["relationships_at_risk"], row["relationships_completed"]),
        feedback=Feedback(row["surveys_requested"], tuple(row["usefulness"]), row["learned_something"], row["meet_again"]),
    )


def _last_run(row: asyncpg.Record) -> CompletedRun | None:
    if row["run_id"] is None:
        return None
    return CompletedRun(
        row["run_id"], row["people"], row["pairs"], row["trios"], row["unmatched"], row["value"], row["upper_bound"]
    )
