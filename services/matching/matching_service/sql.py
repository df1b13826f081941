"""Constant SQL that changes something on matching's hot paths; questions stand in `queries.py`."""

from typing import Final

# Copies of other services' data: only a newer version is taken, so that order and repeats do not matter.
KEEP_PEOPLE: Final = """
    INSERT INTO member (tenant_id, id, version, facts)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::jsonb[])
    ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, facts = excluded.facts
    WHERE member.version < excluded.version
"""
KEEP_PROGRAMS: Final = """
    INSERT INTO program (tenant_id, id, version, format, options, answer_within_seconds, trio_when_odd, junior_up_to_level,
                         seats_per_senior, starts_on, ends_on, session_minutes, ask_again_after_days)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::jsonb[], $6::int[], $7::bool[], $8::int[], $9::int[],
                             $10::date[], $11::date[], $12::int[], $13::int[])
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, format = excluded.format, options = excluded.options,
        answer_within_seconds = excluded.answer_within_seconds, trio_when_odd = excluded.trio_when_odd,
        junior_up_to_level = excluded.junior_up_to_level, seats_per_senior = excluded.seats_per_senior,
        starts_on = excluded.starts_on, ends_on = excluded.ends_on, session_minutes = excluded.session_minutes,
        ask_again_after_days = excluded.ask_again_after_days
    WHERE program.version < excluded.version OR program.ends_on IS NULL AND program.version = excluded.version
"""
CLOSE_PROGRAM: Final = """
    UPDATE program SET version = $3, closed_at = $4 WHERE tenant_id = $1 AND id = $2 AND version < $3
"""
KEEP_ENROLMENTS: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[])
    ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, stopped_at = NULL
    WHERE enrolment.version < excluded.version
"""
STOP_ENROLMENT: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id, stopped_at)
    VALUES ($1, $2, $3, $4, $5, clock_timestamp())
    ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, stopped_at = excluded.stopped_at
    WHERE enrolment.version < excluded.version
"""
LET_GO: Final = """
    UPDATE member SET version = $3, facts = facts || jsonb_build_object('leaving_on', $4::date), left_at = clock_timestamp()
    WHERE tenant_id = $1 AND id = $2 AND version < $3
"""
# Whoever takes people out of matching and a run that proposes to them must not pass each other by: one comes first. The run
# holds it only from its last look at who is still there to its commit.
HOLD_THE_DOOR: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 2))"
HOLD_THE_DOOR_TOGETHER: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 2))"

ADD_MATCHES: Final = """
    INSERT INTO match (tenant_id, id, version, run_id, program_id, participant_ids, weight, reasons, proposed_at, answer_by,
                       state, accepted_ids, round)
    SELECT $1, id, 1, $2, $3, participant_ids, weight, reasons, $4, $5, 'proposed', '{}', round
    FROM jsonb_to_recordset($6) AS proposed (id uuid, participant_ids uuid[], weight int, reasons jsonb, round int)
"""
# Everybody takes the lowest numbers they have free; who has none free has none to give (NULL), and nothing is taken at all.
# $5: seats by employee level.
TAKE_SEATS: Final = """
    INSERT INTO seat (tenant_id, program_id, participant_id, number, match_id)
    SELECT $1, $2, taken.participant_id, (
        SELECT free.number FROM generate_series(1, (
            SELECT ($5::int[])[least((facts ->> 'employee_level')::numeric, cardinality($5::int[]))::int]
            FROM member WHERE member.tenant_id = $1 AND member.id = taken.participant_id
        )) AS free (number)
        WHERE NOT EXISTS (
            SELECT FROM seat WHERE seat.tenant_id = $1 AND seat.program_id = $2
            AND seat.participant_id = taken.participant_id AND seat.number = free.number
        )
        ORDER BY free.number OFFSET taken.turn - 1 LIMIT 1
    ), taken.match_id
    FROM (
        SELECT participant_id, match_id, row_number() OVER (PARTITION BY participant_id ORDER BY match_id) AS turn
        FROM unnest($3::uuid[], $4::uuid[]) AS each (participant_id, match_id)
    ) AS taken
"""
LEAVE_SEATS: Final = "DELETE FROM seat WHERE tenant_id = $1 AND match_id = $2"
LEAVE_ALL_SEATS: Final = "DELETE FROM seat WHERE tenant_id = $1 AND match_id = ANY($2::uuid[])"
END_MATCHES: Final = """
    UPDATE match SET version = ended.version, state = ended.state, ended_at = ended.ended_at, ended_reason = ended.ended_reason
    FROM unnest($2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::text[])
        AS ended (id, version, state, ended_at, ended_reason)
    WHERE match.tenant_id = $1 AND match.id = ended.id
"""
ADD_UNMATCHED: Final = """
    INSERT INTO unmatched (tenant_id, run_id, id, why, partners, removed)
    SELECT $1, $2, participant_id, why, partners, removed
    FROM jsonb_to_recordset($3) AS left_over (participant_id uuid, why text, partners int, removed jsonb)
"""
RUN_PROGRESS: Final = """
    UPDATE run SET phase = $3, share = $4, gap = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'running'
    RETURNING stop_requested
"""
REPLAY_PROGRESS: Final = (
    "UPDATE replay SET phase = $3, share = $4 WHERE tenant_id = $1 AND id = $2 AND state = 'running' RETURNING 1"
)

# A stored run, piece by piece. A part is dropped before it is kept: a worker that died may have left some of it.
DROP_PART: Final = "DELETE FROM run_piece WHERE tenant_id = $1 AND run_id = $2 AND part = $3"
KEEP_PIECE: Final = "INSERT INTO run_piece (tenant_id, run_id, part, number, content) VALUES ($1, $2, $3, $4, $5)"
FORGET_STORED_RUNS: Final = """
    DELETE FROM run_piece USING run
    WHERE run.tenant_id = run_piece.tenant_id AND run.id = run_piece.run_id
      AND run.finished_at < now() - make_interval(days => $1)
"""
# Held by whoever works on a run or replay, for as long as its connection lives: so by one process at a time.
LOCK_WORK: Final = "SELECT pg_advisory_lock(hashtextextended($1::uuid::text, 1))"
UNLOCK_WORK: Final = "SELECT pg_advisory_unlock(hashtextextended($1::uuid::text, 1))"
WITHOUT_TIMEOUTS: Final = "SET lock_timeout = 0; SET statement_timeout = 0"
WITH_TIMEOUTS: Final = "RESET lock_timeout; RESET statement_timeout"
