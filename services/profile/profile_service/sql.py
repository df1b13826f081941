"""Constant SQL that changes profile's tables. What only reads them stands in `queries`."""

from typing import Final

# A page of an audience. Who is enrolled already, or is being enrolled at this moment, is left as they are; so is who withdrew.
# Who had left and is back takes part again.
ENROL: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id, enrolled_at)
    SELECT $1, uuidv7(), 1, $2, joining.participant_id, $3 FROM unnest($4::uuid[]) AS joining (participant_id)
    ON CONFLICT ON CONSTRAINT enrolment_participant_key DO UPDATE
    SET state = 'active', ended_because = NULL, changed_at = $3, version = enrolment.version + 1
    WHERE enrolment.ended_because = 'left'
    RETURNING participant_id, id, version
"""

# Until the statement behind it gives each of them another address, in the same transaction.
RELEASE_ADDRESSES: Final = """
    UPDATE participant SET email = id::text WHERE tenant_id = $1 AND employee_number = ANY($2::text[])
"""

KEEP_PARTNERSHIP: Final = """
    INSERT INTO partnership (tenant_id, id, version, participant_ids, over) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        version = excluded.version, participant_ids = excluded.participant_ids, over = excluded.over
    WHERE partnership.version < excluded.version
"""

KEEP_PIECE: Final = "INSERT INTO import_piece (tenant_id, import_id, number, content) VALUES ($1, $2, $3, $4)"
DROP_PIECES: Final = "DELETE FROM import_piece WHERE tenant_id = $1 AND import_id = $2"

# Pieces of uploads that were broken off, or repeated one that had arrived before. Ids carry their time (UUID version 7).
SWEEP_PIECES: Final = """
    DELETE FROM import_piece WHERE NOT EXISTS (
        SELECT 1 FROM import WHERE import.tenant_id = import_piece.tenant_id AND import.id = import_piece.import_id
    ) AND ('x' || left(replace(import_id::text, '-', ''), 12))::bit(48)::bigint
        < extract(epoch FROM now() - interval '1 day') * 1000
"""

# One import of an organisation at a time: two would each choose ids for the same new people. The advisory lock is the
# worker's and goes with its connection, so that another can take over when it dies.
CLAIM_IMPORT: Final = """
    SELECT tenant_id, id, cause FROM (
        SELECT tenant_id, id, cause FROM import WHERE state IN ('waiting', 'running') ORDER BY created_at OFFSET 0
    ) AS unfinished WHERE pg_try_advisory_lock(hashtextextended(tenant_id::text, 0)) LIMIT 1
"""
BEGIN_IMPORT: Final = """
    UPDATE import SET state = 'running', version = version + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'
"""
COUNT_IMPORT: Final = """
    UPDATE import SET rows_total = $3, rows_refused = $4, warnings = $5, version = version + 1
    WHERE tenant_id = $1 AND id = $2
"""
PROGRESS: Final = """
    UPDATE import SET rows_done = rows_done + $3, registered = registered + $4, updated = updated + $5,
           unchanged = unchanged + $6, rows_refused = rows_refused + $7, version = version + 1
    WHERE tenant_id = $1 AND id = $2
"""

DROP_FINDINGS: Final = "DELETE FROM import_finding WHERE tenant_id = $1 AND import_id = $2"
ADD_FINDINGS: Final = """
    INSERT INTO import_finding (tenant_id, import_id, number, line, column_name, code, message, severity)
    SELECT $1, $2, * FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[])
"""
ADD_FINDING: Final = """
    INSERT INTO import_finding (tenant_id, import_id, number, line, column_name, code, message, severity)
    SELECT $1, $2, coalesce(max(number), -1) + 1, $3, $4, $5, $6, $7
    FROM import_finding WHERE tenant_id = $1 AND import_id = $2
"""

FACTS: Final = (
    "name", "email", "department", "job_title", "employee_level", "location", "time_zone", "languages", "hired_on",
    "manager_id", "working_hours", "offers", "seeks", "goals", "leaving_on", "on_leave",
)  # fmt: skip
_FACTS: Final = ", ".join(FACTS)
_SENT: Final = f"id, employee_number, {_FACTS}"
_SENT_COLUMNS: Final = ", ".join(
    f"string_to_array(${position}, E'\\x1f')" for position, _ in enumerate(_SENT.split(","), start=2)
)
_IS_EMPTY: Final = {
    "manager_id": "participant.manager_id IS NULL",
    "offers": "participant.offers = '[]'",
    "seeks": "participant.seeks = '[]'",
    "goals": "participant.goals = '{}'",
    # One of an employment before this one is none, and who is said to be here has not left.
    "leaving_on": "(participant.leaving_on IS NULL OR participant.leaving_on <= excluded.hired_on "
    f"OR participant.has_left AND NOT ($20::boolean[])[{len(FACTS)}])",
}


def _held(name: str) -> str:
    """What a fact is after the statement.

    $20 says of each fact whether it stays where it is known: a parameter of the statement, because what is known is the row
    that this statement has locked and not the one an earlier look has seen.
    """
    stays = f"($20::boolean[])[{FACTS.index(name) + 1}] AND NOT {_IS_EMPTY.get(name, 'false')}"
    return f"CASE WHEN {stays} THEN participant.{name} ELSE excluded.{name} END"


_HOLDS: Final = ", ".join(map(_held, FACTS))
_STILL_GONE: Final = f"({_held('leaving_on')}) IS NOT NULL"
# A batch of people in one statement, each column as one text (`person_text.BREAK`): the driver spends longer on an array of a
# thousand texts than both ends on joining and splitting it. Somebody who is known already is changed only where a fact differs,
# so that sending the same file again publishes nothing.
UPSERT_PEOPLE: Final = f"""
    INSERT INTO participant (tenant_id, id, version, employee_number, {_FACTS})
    SELECT $1, id::uuid, 1, employee_number, name, email, department, job_title, employee_level::smallint, location, time_zone,
           string_to_array(languages, E'\n'), hired_on::date, nullif(manager_id, '')::uuid, working_hours::jsonb,
           offers::jsonb, seeks::jsonb, string_to_array(coalesce(goals, ''), E'\n'), nullif(leaving_on, '')::date,
           on_leave::boolean
    FROM unnest({_SENT_COLUMNS}) AS person ({_SENT})
    ON CONFLICT ON CONSTRAINT participant_employee_number_key DO UPDATE SET
        version = participant.version + 1,
        ({_FACTS}) = ROW ({_HOLDS}),
        has_left = participant.has_left AND ({_STILL_GONE})
    WHERE ({", ".join(f"participant.{name}" for name in FACTS)}) IS DISTINCT FROM ({_HOLDS})
    RETURNING id, employee_number, version, old.version IS NOT NULL
        AND (old.leaving_on, old.on_leave, old.has_left) IS DISTINCT FROM (new.leaving_on, new.on_leave, new.has_left)
        AS employment_changed
"""
LET_GO: Final = """
    UPDATE participant SET version = leaving.version, leaving_on = leaving.leaving_on, has_left = true
    FROM unnest($2::uuid[], $3::int[], $4::date[]) AS leaving (id, version, leaving_on)
    WHERE participant.tenant_id = $1 AND participant.id = leaving.id
"""
WITHDRAW: Final = """
    UPDATE enrolment SET version = ended.version, state = 'withdrawn', ended_because = $4, changed_at = $5
    FROM unnest($2::uuid[], $3::int[]) AS ended (id, version)
    WHERE enrolment.tenant_id = $1 AND enrolment.id = ended.id
"""
# Somebody who had left is back under another employee number: the same person again.
TAKE_BACK: Final = """
    UPDATE participant SET employee_number = back.new FROM unnest($2::text[], $3::text[]) AS back (old, new)
    WHERE participant.tenant_id = $1 AND participant.employee_number = back.old AND participant.has_left
"""
