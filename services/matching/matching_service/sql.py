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
    INSERT INTO program (tenant_id, id, version, format, answer_within_seconds, trio_when_odd, junior_up_to_level,
                         seats_per_senior)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::int[], $6::bool[], $7::int[], $8::int[])
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, format = excluded.format, answer_within_seconds = excluded.answer_within_seconds,
        trio_when_odd = excluded.trio_when_odd, junior_up_to_level = excluded.junior_up_to_level,
        seats_per_senior = excluded.seats_per_senior
    WHERE program.version < excluded.version
"""
REMEMBER_ENROLMENTS: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[]) ON CONFLICT (tenant_id, id) DO NOTHING
"""

PROGRAM: Final = """
    SELECT format, answer_within_seconds, trio_when_odd, junior_up_to_level, seats_per_senior
    FROM program WHERE tenant_id = $1 AND id = $2
"""
# How many matches of a program somebody may be in at once. Only where seniors have several are facts looked into.
_SEATS: Final = """
    CASE WHEN program.seats_per_senior = 1 THEN 1
         WHEN (member.facts ->> 'employee_level')::int <= program.junior_up_to_level THEN 1
         ELSE program.seats_per_senior END"""
_SEATS_OF_HOLDER: Final = f"""
    CASE WHEN program.seats_per_senior = 1 THEN 1
         ELSE (SELECT {_SEATS} FROM member WHERE member.tenant_id = $1 AND member.id = held.participant_id) END"""
# Counted table by table: a join of the three, planned before the first statistics were taken, took many seconds.
POOL: Final = f"""
    SELECT (SELECT count(*) FROM enrolment WHERE tenant_id = $1 AND program_id = $2) AS enrolled,
           (SELECT count(*) FROM program, (
                SELECT participant_id, count(*) AS seats FROM seat WHERE tenant_id = $1 AND program_id = $2 GROUP BY 1
            ) AS held
            WHERE program.tenant_id = $1 AND program.id = $2 AND held.seats >= {_SEATS_OF_HOLDER}) AS taken,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'proposed') AS proposed,
           (SELECT coalesce(sum(cardinality(participant_ids)), 0) FROM match
            WHERE tenant_id = $1 AND program_id = $2 AND state = 'confirmed') AS confirmed
"""
# Seats are counted person by person, by the key: whatever the planner thinks of the table, that takes the same time.
FREE_PEOPLE: Final = f"""
    SELECT enrolment.participant_id AS id, member.facts, {_SEATS} - held.seats AS seats FROM program
    JOIN enrolment ON enrolment.tenant_id = program.tenant_id AND enrolment.program_id = program.id
    JOIN member ON member.tenant_id = enrolment.tenant_id AND member.id = enrolment.participant_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS seats FROM seat
        WHERE seat.tenant_id = $1 AND seat.program_id = $2 AND seat.participant_id = enrolment.participant_id
    ) AS held
    WHERE program.tenant_id = $1 AND program.id = $2 AND {_SEATS} > held.seats
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
# Everybody takes the lowest numbers they have free; who has none free has none to give (NULL), and nothing is taken at all.
TAKE_SEATS: Final = f"""
    INSERT INTO seat (tenant_id, program_id, participant_id, number, match_id)
    SELECT $1, $2, held.participant_id, (
        SELECT free.number FROM generate_series(1, {_SEATS_OF_HOLDER}) AS free (number)
        WHERE NOT EXISTS (
            SELECT FROM seat WHERE seat.tenant_id = $1 AND seat.program_id = $2
            AND seat.participant_id = held.participant_id AND seat.number = free.number
        )
        ORDER BY free.number OFFSET held.turn - 1 LIMIT 1
    ), held.match_id
    FROM program, (
        SELECT participant_id, match_id, row_number() OVER (PARTITION BY participant_id ORDER BY match_id) AS turn
        FROM unnest($3::uuid[], $4::uuid[]) AS taken (participant_id, match_id)
    ) AS held
    WHERE program.tenant_id = $1 AND program.id = $2
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

PROGRESS: Final = """
    UPDATE run SET phase = $3, share = $4, gap = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'running'
    RETURNING stop_requested
"""
REPLAY_PROGRESS: Final = (
    "UPDATE replay SET phase = $3, share = $4 WHERE tenant_id = $1 AND id = $2 AND state = 'running' RETURNING 1"
)

# A stored run, piece by piece. A part is dropped before it is kept: a worker that died may have left some of it.
DROP_PART: Final = "DELETE FROM run_piece WHERE tenant_id = $1 AND run_id = $2 AND part = $3"
KEEP_PIECE: Final = "INSERT INTO run_piece (tenant_id, run_id, part, number, content) VALUES ($1, $2, $3, $4, $5)"
PIECE: Final = "SELECT content FROM run_piece WHERE tenant_id = $1 AND run_id = $2 AND part = $3 AND number = $4"
FORGET_STORED_RUNS: Final = """
    DELETE FROM run_piece USING run
    WHERE run.tenant_id = run_piece.tenant_id AND run.id = run_piece.run_id
      AND run.finished_at < now() - make_interval(days => $1)
"""
OVERDUE: Final = "SELECT tenant_id, id FROM match WHERE state = 'proposed' AND answer_by <= now() ORDER BY answer_by LIMIT $1"
