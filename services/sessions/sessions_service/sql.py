"""Constant SQL of sessions that changes something; what it reads is in `queries.py`."""

from typing import Final

# -- copies of what profile publishes -----------------------------------------------------------------------------------

KEEP_PEOPLE: Final = """
    INSERT INTO participant (tenant_id, id, version, time_zone, working_hours, leaving_on, on_leave)
    SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::jsonb[], $6::date[], $7::bool[])
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, time_zone = excluded.time_zone, working_hours = excluded.working_hours,
        leaving_on = excluded.leaving_on, on_leave = excluded.on_leave
    WHERE participant.version < excluded.version
"""
KEEP_PROGRAM: Final = """
    INSERT INTO program (tenant_id, id, version, session_minutes, cadence_days, starts_on, ends_on, format)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET version = excluded.version, session_minutes = excluded.session_minutes, cadence_days = excluded.cadence_days,
        starts_on = excluded.starts_on, ends_on = excluded.ends_on, format = excluded.format
    WHERE program.version < excluded.version OR program.format IS NULL
"""

# -- relationships and the planning of their sessions -------------------------------------------------------------------

# A match confirmed twice begins one relationship.
BEGIN_RELATIONSHIP: Final = """
    INSERT INTO relationship (tenant_id, id, version, program_id, participant_ids, begun_at, state, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, id) DO NOTHING
"""
# Locked in one order, because several workers may receive people of the same relationships at once.
_WAKE: Final = """
    UPDATE relationship SET due_at = now(), tries = 0 WHERE tenant_id = $1 AND id IN (
        SELECT id FROM relationship WHERE tenant_id = $1 AND state = 'waiting' AND {they_wait_for_it} ORDER BY id FOR UPDATE
    )
"""
WAKE_BY_PEOPLE: Final = _WAKE.format(they_wait_for_it="participant_ids && $2::uuid[]")
WAKE_BY_PROGRAM: Final = _WAKE.format(they_wait_for_it="program_id = $2")

# What waits is looked at again after a pause that doubles up to an hour. A missing fact wakes what waits for it when it
# arrives, but cannot see a relationship whose transaction runs beside its own: that one finds it by looking again soon.
_NEXT_TRY: Final = "clock_timestamp() + least(interval '0.2 seconds' * 2 ^ least(tries, 20), interval '1 hour')"
RECORD_PLANNING: Final = f"""
    UPDATE relationship SET version = planned.version, state = planned.state, reason = planned.reason,
           at_risk = planned.at_risk, ending = planned.ending, ended_at = planned.ended_at,
           tries = CASE planned.state WHEN 'waiting' THEN tries + 1 ELSE 0 END, due_at = {_NEXT_TRY}
    FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
        AS planned (id, version, state, reason, at_risk, ending, ended_at)
    WHERE relationship.tenant_id = $1 AND relationship.id = planned.id
"""
# A session is over: the next one is planned at the job's next turn. A relationship that was completed meanwhile stays so.
PLAN_NEXT: Final = """
    UPDATE relationship SET version = version + 1, state = 'waiting', reason = NULL, due_at = now(), tries = 0
    WHERE tenant_id = $1 AND id = $2 AND state = 'running'
"""
# The version rises with what the API shows.
PUT_OFF: Final = f"""
    UPDATE relationship SET version = version + (reason IS DISTINCT FROM $3)::int, reason = $3, tries = tries + 1,
           due_at = {_NEXT_TRY}
    WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'
"""

# -- people's time ------------------------------------------------------------------------------------------------------

# A batch of sessions with all their bookings in one statement. A session of which one booking meets another session (the
# exclusion constraint says so) is not made; what else was booked for it is given back by RELEASE.
SCHEDULE: Final = """
    WITH planned AS (
        SELECT * FROM jsonb_to_recordset($2) AS session (
            id uuid, version int, match_id uuid, program_id uuid, participant_ids uuid[], number int,
            starts_at timestamptz, ends_at timestamptz, state text, absent_ids uuid[]
        )
    ), booked AS (
        INSERT INTO booking (tenant_id, session_id, participant_id, starts_at, ends_at, holds)
        SELECT $1, id, participant_id, starts_at, ends_at, true
        FROM planned CROSS JOIN unnest(participant_ids) AS participant_id ORDER BY participant_id, starts_at
        ON CONFLICT DO NOTHING
        RETURNING session_id
    )
    INSERT INTO session (
        tenant_id, id, version, match_id, program_id, participant_ids, number, starts_at, ends_at, state, absent_ids
    )
    SELECT $1, id, version, match_id, program_id, participant_ids, number, starts_at, ends_at, state, absent_ids
    FROM planned JOIN (SELECT session_id, count(*) AS people FROM booked GROUP BY session_id) AS got ON session_id = id
    WHERE people = cardinality(participant_ids)
    RETURNING id
"""
RELEASE: Final = "DELETE FROM booking WHERE tenant_id = $1 AND session_id = ANY($2::uuid[])"
MOVE: Final = "UPDATE booking SET starts_at = $3, ends_at = $4 WHERE tenant_id = $1 AND session_id = $2"
LET_GO: Final = "UPDATE booking SET holds = false WHERE tenant_id = $1 AND session_id = $2"

# -- what people keep -----------------------------------------------------------------------------------------------------

DELETE_NOTE: Final = "DELETE FROM note WHERE tenant_id = $1 AND id = $2"

# -- time ---------------------------------------------------------------------------------------------------------------

NOW: Final = """
    SELECT now() + coalesce((SELECT ahead FROM test_clock WHERE tenant_id = $1), interval '0')
"""
# A clock that went back would undo what has happened.
PUT_FORWARD: Final = """
    INSERT INTO test_clock (tenant_id, ahead) SELECT $1, $2 - now() WHERE $2 >= now()
    ON CONFLICT (tenant_id) DO UPDATE SET ahead = excluded.ahead WHERE test_clock.ahead <= excluded.ahead
"""
