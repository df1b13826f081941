"""What profile is asked: each statement that only reads, by name. `read` runs one for an organisation and returns its rows:
`tx.fetch`, `work.rows`, or a database's `fetch` for a tenant.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from profile_service.domain import Audience, Finding
from profile_service.domain_access import ParticipantKey

Read = Callable[..., Awaitable[list[asyncpg.Record]]]

PIECE: Final = "SELECT content FROM import_piece WHERE tenant_id = $1 AND import_id = $2 AND number = $3"

FINDINGS: Final = """
    SELECT line, column_name AS "column", code, message, severity FROM import_finding
    WHERE tenant_id = $1 AND import_id = $2 AND number >= $3 ORDER BY number LIMIT $4
"""

PARTNERS: Final = """
    SELECT participant.id, partnership.id AS match_id, name, job_title, department, location
    FROM partnership JOIN participant ON participant.tenant_id = $1 AND participant.id = ANY(participant_ids)
    WHERE partnership.tenant_id = $1 AND participant_ids @> ARRAY[$2]::uuid[] AND NOT over AND participant.id <> $2
    ORDER BY name, participant.id LIMIT 200
"""

BY_EMAIL: Final = """
    SELECT id FROM participant WHERE tenant_id = $1 AND lower(email) = lower($2) AND NOT shares_email LIMIT 2
"""
BY_NUMBER: Final = "SELECT id FROM participant WHERE tenant_id = $1 AND employee_number = $2 LIMIT 2"

ANYBODY: Final = "SELECT 1 FROM participant WHERE tenant_id = $1 LIMIT 1"

IDS_OF_NUMBERS: Final = """
    SELECT employee_number, id FROM participant WHERE tenant_id = $1 AND employee_number = ANY($2::text[])
"""

# Everybody with these numbers who has not left, and everybody above them; UNION, because people who report in a circle would
# have no end.
MANAGERS_UPWARDS: Final = """
    WITH RECURSIVE above AS (
        SELECT id, employee_number, manager_id FROM participant
        WHERE tenant_id = $1 AND employee_number = ANY($2::text[]) AND NOT has_left
        UNION
        SELECT manager.id, manager.employee_number, manager.manager_id
        FROM above JOIN participant AS manager ON manager.tenant_id = $1 AND manager.id = above.manager_id
    )
    SELECT above.employee_number, manager.employee_number AS manager
    FROM above LEFT JOIN above AS manager ON manager.id = above.manager_id
"""

# In whatever case, but for those who had shared an address before that was asked for: each of them is found by their own way
# of writing it. Both halves are found by an index.
OWNERS_OF_EMAILS: Final = """
    SELECT asked.email, employee_number FROM unnest($2::text[]) AS asked (email) JOIN participant
        ON tenant_id = $1 AND lower(participant.email) = lower(asked.email) AND NOT shares_email AND NOT has_left
        AND participant.email <> ''
    UNION ALL
    SELECT asked.email, employee_number FROM unnest($2::text[]) AS asked (email) JOIN participant
        ON tenant_id = $1 AND participant.email = asked.email AND shares_email AND NOT has_left
        AND participant.email <> ''
"""


# The rule of an audience ($2 to $8: `audience_values`). A part left empty asks nothing. Nobody who has left is in one.
IN_AUDIENCE: Final = """
    participant.tenant_id = $1 AND NOT has_left AND (leaving_on IS NULL OR leaving_on > current_date)
    AND ($2::text[] = '{}' OR department = ANY($2)) AND ($3::text[] = '{}' OR location = ANY($3))
    AND employee_level BETWEEN $4 AND $5
    AND hired_on >= coalesce($6::date, '-infinity') AND hired_on <= coalesce($7::date, 'infinity')
    AND NOT ($8 AND (offers = '[]' OR seeks = '[]'))
"""
# The subquery is one look into an index for each person: a join was planned as a loop over both tables.
AUDIENCE: Final = f"""
    SELECT count(*) AS included, count((
        SELECT 1 FROM enrolment WHERE enrolment.tenant_id = $1 AND program_id = $9 AND participant_id = participant.id
            AND ended_because IS DISTINCT FROM 'left'
    )) AS already_enrolled
    FROM participant WHERE {IN_AUDIENCE}
"""
AUDIENCE_PAGE: Final = f"SELECT id FROM participant WHERE {IN_AUDIENCE} AND id > $9 ORDER BY id LIMIT $10"
NOBODYS: Final = """
    SELECT asked.place FROM unnest($2::text[]) AS asked (place)
    WHERE NOT EXISTS (SELECT FROM participant WHERE tenant_id = $1 AND department = asked.place AND NOT has_left)
    ORDER BY asked.place
"""
NOBODYS_LOCATIONS: Final = NOBODYS.replace("department", "location")


# Those who left, by the address they had: one of them may be back under another number.
LEFT_WITH_EMAILS: Final = """
    SELECT lower(participant.email) AS email, name, employee_number, leaving_on FROM participant
    WHERE tenant_id = $1 AND has_left AND lower(participant.email) = ANY($2::text[])
"""
ANYBODY_LEFT: Final = "SELECT 1 FROM participant WHERE tenant_id = $1 AND has_left LIMIT 1"
DUE_TO_LEAVE: Final = """
    SELECT tenant_id, array_agg(id) AS ids FROM (
        SELECT tenant_id, id FROM participant WHERE NOT has_left AND leaving_on <= current_date ORDER BY leaving_on, id LIMIT $1
    ) AS leaving GROUP BY tenant_id
"""
"""Some of the people of all organisations whose leaving date has come, by organisation."""

STILL_LEAVING: Final = "id = ANY($2::uuid[]) AND NOT has_left AND leaving_on <= $3 ORDER BY id FOR UPDATE"
ENROLMENTS_OF: Final = "participant_id = ANY($2::uuid[]) AND state <> 'withdrawn' ORDER BY id FOR UPDATE"


LOCKED_BY_NUMBER: Final = "employee_number = ANY($2::text[]) ORDER BY id FOR UPDATE"
NUMBERS_OF_NAMES: Final = """
    SELECT name, employee_number FROM participant
    WHERE tenant_id = $1 AND NOT has_left AND (lower(name) = ANY($2::text[]) OR lower(employee_number) = ANY($2::text[]))
"""


def audience_values(audience: Audience) -> tuple[Any, ...]:
    """Parameters $2 to $8 of `IN_AUDIENCE`."""
    return (
        sorted(audience.departments),
        sorted(audience.locations),
        audience.lowest_level,
        audience.highest_level,
        audience.hired_from,
        audience.hired_until,
        audience.with_skills_only,
    )


async def audience_size(read: Read, tenant_id: UUID, audience: Audience, program_id: UUID) -> tuple[int, int]:
    """How many people a rule includes, and how many of them the program has already."""
    (row,) = await read(AUDIENCE, tenant_id, *audience_values(audience), program_id)
    return row["included"], row["already_enrolled"]


async def audience_page(read: Read, tenant_id: UUID, audience: Audience, last: UUID, limit: int) -> list[UUID]:
    """Ids of the first people a rule includes whose id is behind `last`, in order."""
    return [row["id"] for row in await read(AUDIENCE_PAGE, tenant_id, *audience_values(audience), last, limit)]


async def nobodys(read: Read, tenant_id: UUID, audience: Audience) -> tuple[list[str], list[str]]:
    """Departments and locations a rule names that nobody is in: a different spelling, most often."""
    departments = await read(NOBODYS, tenant_id, sorted(audience.departments)) if audience.departments else []
    locations = await read(NOBODYS_LOCATIONS, tenant_id, sorted(audience.locations)) if audience.locations else []
    return [row["place"] for row in departments], [row["place"] for row in locations]


async def piece(read: Read, tenant_id: UUID, import_id: UUID, number: int) -> bytes | None:
    """One piece of an uploaded file; None behind the last."""
    rows = await read(PIECE, tenant_id, import_id, number)
    return rows[0]["content"] if rows else None


async def findings(read: Read, tenant_id: UUID, import_id: UUID, start: int, limit: int) -> list[Finding]:
    """What was found wrong with a file, from finding number `start` on."""
    return [Finding(**row) for row in await read(FINDINGS, tenant_id, import_id, start, limit)]


async def participants_by(read: Read, tenant_id: UUID, key: ParticipantKey, value: str) -> list[UUID]:
    """Who has this e-mail address, in whatever case, or this employee number."""
    statement = BY_NUMBER if key is ParticipantKey.EMPLOYEE_NUMBER else BY_EMAIL
    return [row["id"] for row in await read(statement, tenant_id, value)]


async def is_anybody_known(read: Read, tenant_id: UUID) -> bool:
    """Whether the organisation has any people."""
    return bool(await read(ANYBODY, tenant_id))


async def ids_of_numbers(read: Read, tenant_id: UUID, numbers: Sequence[str]) -> dict[str, str]:
    """Id by employee number, of those who are known."""
    return {number: str(id_) for number, id_ in await read(IDS_OF_NUMBERS, tenant_id, numbers)}


async def managers_upwards(read: Read, tenant_id: UUID, numbers: Sequence[str]) -> dict[str, str | None]:
    """Manager's number by employee number, of those who are known and everybody above them."""
    return {row["employee_number"]: row["manager"] for row in await read(MANAGERS_UPWARDS, tenant_id, numbers)}


async def is_anybody_gone(read: Read, tenant_id: UUID) -> bool:
    """Whether the organisation knows people who have left."""
    return bool(await read(ANYBODY_LEFT, tenant_id))


async def gone_with_emails(read: Read, tenant_id: UUID, emails: Sequence[str]) -> list[tuple[str, str, str]]:
    """Address, name and employee number of those who have left and had one of these addresses."""
    return [
        (row["email"], row["name"], row["employee_number"]) for row in await read(LEFT_WITH_EMAILS, tenant_id, list(emails))
    ]


async def numbers_of_names(read: Read, tenant_id: UUID, names: Sequence[str]) -> list[tuple[str, str]]:
    """Name and employee number of people who are called so, or whose number is written so, in whatever case."""
    if not names:
        return []
    asked = [name.casefold() for name in names]
    return [(row["name"], row["employee_number"]) for row in await read(NUMBERS_OF_NAMES, tenant_id, asked)]


async def owners_of_emails(read: Read, tenant_id: UUID, emails: Sequence[str]) -> dict[str, str]:
    """Employee number of who has each of these e-mail addresses, in whatever case."""
    return {row["email"]: row["employee_number"] for row in await read(OWNERS_OF_EMAILS, tenant_id, emails)}
