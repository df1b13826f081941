"""People keep action items, private notes and check-ins."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from peerloom_events import CheckInRecorded
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, sql
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.together import ActionItem, ActionState, CheckIn, Note


@dataclass(frozen=True, slots=True)
class AddActionItem:
    relationship_id: UUID
    owner_id: UUID
    text: str
    due_on: date | None


async def add_action_item(tx: Transaction, command: AddActionItem) -> ActionItem:
    """A participant undertakes to do something.

    Raises: NotFound, NotOfTheRelationship.
    """
    await _member(tx, command.relationship_id, command.owner_id)
    item = ActionItem(
        id=new_id(),
        version=1,
        match_id=command.relationship_id,
        owner_id=command.owner_id,
        text=command.text,
        due_on=command.due_on,
        state=ActionState.OPEN,
        made_at=await clock.now(tx),
    )
    tx.add(item)
    return item


@dataclass(frozen=True, slots=True)
class ChangeActionItem:
    """`state`, `due_on`: what it will be from now on."""

    action_item_id: UUID
    state: ActionState
    due_on: date | None
    expected: ExpectedVersion


async def change_action_item(tx: Transaction, command: ChangeActionItem) -> ActionItem:
    """It is done, dropped, open again, or due on another day.

    Raises: NotFound, PreconditionFailed.
    """
    item = await tx.lock(ActionItem, command.action_item_id)
    changed = item.changed(command.expected, state=command.state, due_on=command.due_on)
    await tx.save(changed)
    return changed


@dataclass(frozen=True, slots=True)
class WriteNote:
    relationship_id: UUID
    author_id: UUID
    text: str


async def write_note(tx: Transaction, command: WriteNote) -> Note:
    """A participant writes something down for themselves.

    Raises: NotFound, NotOfTheRelationship.
    """
    await _member(tx, command.relationship_id, command.author_id)
    note = Note(
        id=new_id(),
        version=1,
        match_id=command.relationship_id,
        author_id=command.author_id,
        text=command.text,
        written_at=await clock.now(tx),
    )
    tx.add(note)
    return note


@dataclass(frozen=True, slots=True)
class DeleteNote:
    note_id: UUID
    author_id: UUID


async def delete_note(tx: Transaction, command: DeleteNote) -> Note:
    """Its author deletes a note.

    Raises: NotFound, also where somebody else wrote it.
    """
    note = await tx.lock(Note, command.note_id)
    if note.author_id != command.author_id:
        raise NotFound(f"There is no note {command.note_id} of this author.")
    await tx.execute(sql.DELETE_NOTE, tx.tenant_id, note.id)
    return note


@dataclass(frozen=True, slots=True)
class CheckInWith:
    relationship_id: UUID
    participant_id: UUID
    mood: int
    progress: str | None


async def check_in(tx: Transaction, command: CheckInWith) -> CheckIn:
    """A participant tells how it goes. What they write stays here.

    Raises: NotFound, NotOfTheRelationship.
    """
    relationship = await _member(tx, command.relationship_id, command.participant_id)
    recorded = CheckIn(
        id=new_id(),
        version=1,
        match_id=relationship.id,
        program_id=relationship.program_id,
        participant_id=command.participant_id,
        mood=command.mood,
        progress=command.progress,
        recorded_at=await clock.now(tx),
    )
    tx.add(recorded)
    tx.publish(
        CheckInRecorded(
            version=recorded.version,
            check_in_id=recorded.id,
            match_id=recorded.match_id,
            program_id=recorded.program_id,
            participant_id=recorded.participant_id,
            mood=recorded.mood,
            recorded_at=recorded.recorded_at,
        )
    )
    return recorded


async def _member(tx: Transaction, relationship_id: UUID, participant_id: UUID) -> Relationship:
    relationship = await tx.get(Relationship, relationship_id)
    relationship.refuse_strangers(participant_id)
    return relationship
