"""Constant SQL of matching's hot paths."""

from typing import Final

# Copies of other services' data: only a newer version is taken, so that order and repeats do not matter.
REMEMBER_PEOPLE: Final = """
    INSERT INTO member (tenant_id, id, version, facts)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::jsonb[])
    ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, facts = excluded.facts
    WHERE member.version < excluded.version
"""
REMEMBER_PROGRAMS: Final = """
    INSERT INTO program (tenant_id, id, version, format, answer_within_seconds)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::int[])
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, format = excluded.format, answer_within_seconds = excluded.answer_within_seconds
    WHERE program.version < excluded.version
"""
REMEMBER_ENROLMENTS: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[]) ON CONFLICT (tenant_id, id) DO NOTHING
"""

PROGRAM: Final = "SELECT format, answer_within_seconds FROM program WHERE tenant_id = $1 AND id = $2"
# Counted table by table: a join of the three, planned before the first statistics were taken, took many seconds.
POOL: Final = """
    SELECT (SELECT count(*) FROM enrolment WHERE tenant_id = $1 AND program_id = $2) AS enrolled,
           (SELECT count(*) FROM seat WHERE tenant_id = $1 AND program_id = $2) AS taken,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'proposed') AS proposed,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'confirmed') AS confirmed
"""
FREE_PEOPLE: Final = """
    SELECT enrolment.participant_id AS id, member.facts FROM enrolment
    JOIN member ON member.tenant_id = enrolment.tenant_id AND member.id = enrolment.participant_id
    LEFT JOIN seat ON seat.tenant_id = enrolment.tenant_id AND seat.program_id = enrolment.program_id
        AND seat.participant_id = enrolment.participant_id
    WHERE enrolment.tenant_id = $1 AND enrolment.program_id = $2 AND seat.match_id IS NULL
    ORDER BY 1
"""
MANAGERS: Final = "SELECT id, (facts ->> 'manager_id')::uuid AS manager_id FROM member WHERE tenant_id = $1"
MET_BEFORE: Final = "SELECT participant_ids FROM match WHERE tenant_id = $1"

ADD_MATCHES: Final = """
    INSERT INTO match (tenant_id, id, version, run_id, program_id, participant_ids, weight, reasons, proposed_at, answer_by,
                       state, accepted_ids)
    SELECT $1, id, 1, $2, $3, participant_ids, weight, reasons, $4, $5, 'proposed', '{}'
    FROM jsonb_to_recordset($6) AS proposed (id uuid, participant_ids uuid[], weight int, reasons jsonb)
"""
TAKE_SEATS: Final = """
    INSERT INTO seat (tenant_id, program_id, participant_id, match_id)
    SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[])
"""
LEAVE_SEATS: Final = "DELETE FROM seat WHERE tenant_id = $1 AND match_id = $2"
ADD_UNMATCHED: Final = """
    INSERT INTO unmatched (tenant_id, run_id, id, why, partners, removed)
    SELECT $1, $2, id, why, partners, removed
    FROM jsonb_to_recordset($3) AS left_over (id uuid, why text, partners int, removed jsonb)
"""
UNMATCHED: Final = """
    SELECT id, why, partners, removed FROM unmatched WHERE tenant_id = $1 AND run_id = $2 AND id > $3 ORDER BY id LIMIT $4
"""

PROGRESS: Final = (
    "UPDATE run SET phase = $3, share = $4, gap = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'running' RETURNING 1"
)
OVERDUE: Final = "SELECT tenant_id, id FROM match WHERE state = 'proposed' AND answer_by <= now() ORDER BY answer_by LIMIT $1"
