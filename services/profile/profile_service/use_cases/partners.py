"""Who may know whose name: kept from what matching says."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_service.use_cases.transaction import Transaction
from profile_service import sql


@dataclass(frozen=True, slots=True)
class KeepPartnership:
    match_id: UUID
    version: int
    participant_ids: tuple[UUID, ...]
    over: bool


async def keep_partnership(tx: Transaction, command: KeepPartnership) -> None:
    """These people are proposed to each other or matched, or no longer; a newer version stays."""
    await tx.execute(
        sql.KEEP_PARTNERSHIP, tx.tenant_id, command.match_id, command.version, list(command.participant_ids), command.over
    )
