"""What feedback reads, by name."""

from typing import Final
from uuid import UUID

from feedback_service.domain.results import Results
from feedback_service.domain.surveys import Answer
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction

RELEASED: Final = """
    SELECT usefulness, learned_something, meet_again, comment FROM response
    WHERE tenant_id = $1 AND program_id = $2 AND released_at IS NOT NULL
"""

ASKED: Final = "SELECT FROM survey WHERE tenant_id = $1 AND program_id = $2 LIMIT 1"


async def results(tx: Transaction, program_id: UUID) -> Results:
    """What the respondents of a program say together.

    Raises: NotFound where nobody was asked anything in such a program.
    """
    if await tx.fetchrow(ASKED, tx.tenant_id, program_id) is None:
        raise NotFound(f"Nobody of your organisation was asked anything in a program {program_id}.")
    rows = await tx.fetch(RELEASED, tx.tenant_id, program_id)
    return Results.of(Answer(**row) for row in rows)
