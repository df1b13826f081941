"""Feedback knows who is in which relationship."""

from dataclasses import dataclass
from uuid import UUID

from feedback_service import sql
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeepRelationship:
    match_id: UUID
    version: int
    program_id: UUID
    participant_ids: tuple[UUID, ...]


async def keep_relationship(tx: Transaction, command: KeepRelationship) -> None:
    """Remember a confirmed match. A match is confirmed once; told again, nothing changes."""
    await tx.execute(
        sql.KEEP_RELATIONSHIP, tx.tenant_id, command.match_id, command.version, command.program_id, command.participant_ids
    )
