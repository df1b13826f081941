"""Constant SQL that changes profile's tables. What only reads them stands in `queries`."""

from typing import Final

# A page of an audience. Who is enrolled already, or is being enrolled at this moment, is left as they are.
ENROL: Final = """
    INSERT INTO enrolment (tenant_id, id, version, program_id, participant_id, enrolled_at)
    SELECT $1, uuidv7(), 1, $2, joining.participant_id, $3 FROM unnest($4::uuid[]) AS joining (participant_id)
    ON CONFLICT ON CONSTRAINT enrolment_participant_key DO NOTHING
    RETURNING participant_id, id
"""

# Until the statement behind it gives each of them another address, in the same transaction.
RELEASE_ADDRESSES: Final = """
    UPDATE participant SET email = id::text WHERE tenant_id = $1 AND employee_number = ANY($2::text[])
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
    "manager_id", "working_hours", "offers", "seeks", "goals",
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
}
# $18 says of each fact whether it stays where it is known: a parameter of the statement, because what is known is the row that
# this statement has locked and not the one an earlier look has seen.
_HOLDS: Final = ", ".join(
    f"CASE WHEN ($18::boolean[])[{place}] AND NOT {_IS_EMPTY.get(name, 'false')} "
    f"THEN participant.{name} ELSE excluded.{name} END"
    for place, name in enumerate(FACTS, start=1)
)
# A batch of people in one statement, each column as one text (`person_text.BREAK`): the driver spends longer on an array of a
# thousand texts than both ends on joining and splitting it. Somebody who is known already is changed only where a fact differs,
# so that sending the same file again publishes nothing.
UPSERT_PEOPLE: Final = f"""
    INSERT INTO participant (tenant_id, id, version, employee_number, {_FACTS})
    SELECT $1, id::uuid, 1, employee_number, name, email, department, job_title, employee_level::smallint, location, time_zone,
           string_to_array(languages, E'\n'), hired_on::date, nullif(manager_id, '')::uuid, working_hours::jsonb,
           offers::jsonb, seeks::jsonb, string_to_array(coalesce(goals, ''), E'\n')
    FROM unnest({_SENT_COLUMNS}) AS person ({_SENT})
    ON CONFLICT ON CONSTRAINT participant_employee_number_key DO UPDATE SET
        version = participant.version + 1,
        ({_FACTS}) = ROW ({_HOLDS})
    WHERE ({", ".join(f"participant.{name}" for name in FACTS)}) IS DISTINCT FROM ({_HOLDS})
    RETURNING id, employee_number, version
"""
