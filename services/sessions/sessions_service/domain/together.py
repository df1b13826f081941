"""What people keep of their relationship: action items, private notes and check-ins."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import PreconditionFailed


class ActionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something a participant has undertaken to do, until a day where one is agreed."""

    id: UUID
    version: int
    match_id: UUID
    owner_id: UUID
    text: str
    due_on: date | None
    state: ActionState
    made_at: datetime

    def changed(self, expected: ExpectedVersion, *, state: ActionState, due_on: date | None) -> "ActionItem":
        """Raises: PreconditionFailed where it has been changed since the caller read it."""
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This action item is at version {self.version} now. Read it again, then decide.")
        return replace(self, version=self.version + 1, state=state, due_on=due_on)


@dataclass(frozen=True, slots=True)
class Note:
    """What a participant writes down for themselves. Nobody else reads it."""

    id: UUID
    version: int
    match_id: UUID
    author_id: UUID
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class CheckIn:
    """How it goes, between sessions: `mood` 1 (not well) to 5 (very well), and progress in their own words."""

    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    mood: int
    progress: str | None
    recorded_at: datetime
