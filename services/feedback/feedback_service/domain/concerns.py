"""Concerns: what a participant tells the owner of a program in private."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import PreconditionFailed


class ConcernState(StrEnum):
    OPEN = "open"
    IN_HAND = "in_hand"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Concern:
    """Neither the partner nor a manager of either reads it; the scope `concerns:read` is for who looks after programs."""

    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    text: str
    state: ConcernState
    raised_at: datetime

    def moved(self, expected: ExpectedVersion, *, state: ConcernState) -> "Concern":
        """Somebody has taken it in hand, closed it, or opened it again.

        Raises: PreconditionFailed where it has been changed since the caller read it.
        """
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This concern is at version {self.version} now. Read it again, then decide.")
        return replace(self, version=self.version + 1, state=state)
