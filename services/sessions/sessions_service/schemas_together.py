"""Bodies of action items, notes and check-ins."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from peerloom_service.http.bodies import Body, Line, Out, Passage
from sessions_service.domain.together import ActionItem, ActionState, CheckIn, Note


class NewActionItem(Body):
    owner_id: UUID = Field(description="The participant who will do it.")
    text: Line
    due_on: date | None = Field(default=None, ge=date(2000, 1, 1), lt=date(2200, 1, 1))


class ActionItemChange(Body):
    """What it will be from now on; both are replaced."""

    state: ActionState
    due_on: date | None = Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))


class ActionItemOut(Out):
    id: UUID
    version: int
    match_id: UUID
    owner_id: UUID
    text: str
    due_on: date | None
    state: ActionState
    made_at: datetime

    @classmethod
    def of(cls, item: ActionItem) -> Self:
        return cls.model_validate(item, from_attributes=True)


class NewNote(Body):
    author_id: UUID
    text: Passage = Field(min_length=1)


class NoteOut(Out):
    id: UUID
    version: int
    match_id: UUID
    author_id: UUID
    text: str
    written_at: datetime

    @classmethod
    def of(cls, note: Note) -> Self:
        return cls.model_validate(note, from_attributes=True)


class NewCheckIn(Body):
    participant_id: UUID
    mood: int = Field(strict=True, ge=1, le=5, description="1 (not well) to 5 (very well).")
    progress: Passage | None = Field(default=None, description="In their own words. Kept here only, never part of an event.")


class CheckInOut(Out):
    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    mood: int
    progress: str | None
    recorded_at: datetime

    @classmethod
    def of(cls, check_in: CheckIn) -> Self:
        return cls.model_validate(check_in, from_attributes=True)
