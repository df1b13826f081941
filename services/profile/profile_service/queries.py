"""What profile is asked: each statement that only reads, by name. `read` runs one for an organisation and returns its rows:
`tx.fetch`, `work.rows`, or a database's `fetch` for a tenant.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from profile_service.domain import Finding

Read = Callable[..., Awaitable[list[asyncpg.Record]]]

ENROLLED: Final = "SELECT participant_id FROM enrolment WHERE tenant_id = $1 AND program_id = $2"

PIECE: Final = "SELECT content FROM import_piece WHERE tenant_id = $1 AND import_id = $2 AND number = $3"

FINDINGS: Final = """
    SELECT line, column_name AS "column", code, message, severity FROM import_finding
    WHERE tenant_id = $1 AND import_id = $2 AND number >= $3 ORDER BY number LIMIT $4
"""

ANYBODY: Final = "SELECT 1 FROM participant WHERE tenant_id = $1 LIMIT 1"

IDS_OF_NUMBERS: Final = """
    SELECT employee_number, id FROM participant WHERE tenant_id = $1 AND employee_number = ANY($2::text[])
"""

# Everybody with these numbers and everybody above them; UNION, because people who report in a circle would have no end.
MANAGERS_UPWARDS: Final = """
    WITH RECURSIVE above AS (
        SELECT id, employee_number, manager_id FROM participant WHERE tenant_id = $1 AND employee_number = ANY($2::text[])
        UNION
        SELECT manager.id, manager.employee_number, manager.manager_id
        FROM above JOIN participant AS manager ON manager.tenant_id = $1 AND manager.id = above.manager_id
    )
    SELECT above.employee_number, manager.employee_number AS manager
    FROM above LEFT JOIN above AS manager ON manager.id = above.manager_id
"""

OWNERS_OF_EMAILS: Final = "SELECT email, employee_number FROM participant WHERE tenant_id = $1 AND email = ANY($2::text[])"


async def piece(read: Read, tenant_id: UUID, import_id: UUID, number: int) -> bytes | None:
    """One piece of an uploaded file; None behind the last."""
    rows = await read(PIECE, tenant_id, import_id, number)
    return rows[0]["content"] if rows else None


async def findings(read: Read, tenant_id: UUID, import_id: UUID, start: int, limit: int) -> list[Finding]:
    """What was found wrong with a file, from finding number `start` on."""
    return [Finding(**row) for row in await read(FINDINGS, tenant_id, import_id, start, limit)]


async def is_anybody_known(read: Read, tenant_id: UUID) -> bool:
    """Whether the organisation has any people."""
    return bool(await read(ANYBODY, tenant_id))


async def ids_of_numbers(read: Read, tenant_id: UUID, numbers: Sequence[str]) -> dict[str, str]:
    """Id by employee number, of those who are known."""
    return {number: str(id_) for number, id_ in await read(IDS_OF_NUMBERS, tenant_id, numbers)}


async def managers_upwards(read: Read, tenant_id: UUID, numbers: Sequence[str]) -> dict[str, str | None]:
    """Manager's number by employee number, of those who are known and everybody above them."""
    return {row["employee_number"]: row["manager"] for row in await read(MANAGERS_UPWARDS, tenant_id, numbers)}


async def owners_of_emails(read: Read, tenant_id: UUID, emails: Sequence[str]) -> dict[str, str]:
    """Employee number by e-mail address, of these addresses."""
    return {row["email"]: row["employee_number"] for row in await read(OWNERS_OF_EMAILS, tenant_id, emails)}
