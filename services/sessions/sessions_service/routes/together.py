"""Action items, private notes and check-ins over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound
from sessions_service.domain.relationships import NotOfTheRelationship
from sessions_service.domain.together import ActionItem, ActionState, CheckIn, Note
from sessions_service.routes.access import KEYED
from sessions_service.rules import NotesReader, NotesWriter, OwnReader, OwnWriter
from sessions_service.schemas_together import (
    ActionItemChange,
    ActionItemOut,
    CheckInOut,
    NewActionItem,
    NewCheckIn,
    NewNote,
    NoteOut,
)
from sessions_service.use_cases import together

router = Router(prefix="/v1")

Author = Annotated[UUID, Query(description="The participant who reads: only what they wrote themselves is shown.")]


@router.get("/action-items", response_model=Page[ActionItemOut], tags=["action items"])
async def list_action_items(
    work: OwnReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    match_id: UUID | None = None,
    owner_id: UUID | None = None,
    state: ActionState | None = None,
) -> Page[ActionItemOut]:
    """What people have undertaken to do: by relationship, owner or state."""
    return await work.page(
        ActionItem,
        returns=ActionItemOut.of,
        limit=limit,
        cursor=cursor,
        match_id=match_id,
        owner_id=owner_id,
        state=state,
    )


@router.get("/action-items/{action_item_id}", response_model=ActionItemOut, responses=problems(NotFound), tags=["action items"])
async def read_action_item(action_item_id: UUID, work: OwnReader) -> Response:
    """One action item, with an ETag."""
    return await work.one(ActionItem, action_item_id, returns=ActionItemOut.of)


@router.post(
    "/relationships/{relationship_id}/action-items",
    status_code=201,
    response_model=ActionItemOut,
    responses=problems(*KEYED, NotFound, NotOfTheRelationship),
    tags=["action items"],
)
async def add_action_item(relationship_id: UUID, body: NewActionItem, work: OwnWriter) -> Response:
    """A participant undertakes to do something, until a day where one is agreed."""
    return await work(
        together.add_action_item,
        together.AddActionItem(relationship_id, work.acting(body.owner_id), body.text, body.due_on),
        returns=ActionItemOut.of,
        status=201,
        location=lambda item: f"/v1/action-items/{item.id}",
    )


@router.patch(
    "/action-items/{action_item_id}", response_model=ActionItemOut, responses=problems(NotFound), tags=["action items"]
)
async def change_action_item(action_item_id: UUID, body: ActionItemChange, work: OwnWriter) -> Response:
    """It is done, dropped, open again, or due on another day."""
    command = together.ChangeActionItem(action_item_id, body.state, body.due_on, work.if_match())
    return await work(together.change_action_item, command, returns=ActionItemOut.of)


@router.get("/notes", response_model=Page[NoteOut], tags=["notes"])
async def list_notes(
    work: NotesReader, author_id: Author, limit: Limit = 100, cursor: Cursor = None, match_id: UUID | None = None
) -> Page[NoteOut]:
    """A participant's own notes. Nobody reads those of others: the client vouches for who is asking."""
    own = work.acting(author_id)
    return await work.page(Note, returns=NoteOut.of, limit=limit, cursor=cursor, author_id=own, match_id=match_id)


@router.post(
    "/relationships/{relationship_id}/notes",
    status_code=201,
    response_model=NoteOut,
    responses=problems(*KEYED, NotFound, NotOfTheRelationship),
    tags=["notes"],
)
async def write_note(relationship_id: UUID, body: NewNote, work: NotesWriter) -> Response:
    """A participant writes something down for themselves."""
    command = together.WriteNote(relationship_id, work.acting(body.author_id), body.text)
    return await work(
        together.write_note,
        command,
        returns=NoteOut.of,
        status=201,
        location=lambda note: f"/v1/notes?author_id={note.author_id}&match_id={note.match_id}",
    )


@router.delete("/notes/{note_id}", response_model=NoteOut, responses=problems(NotFound), tags=["notes"])
async def delete_note(note_id: UUID, work: NotesWriter, author_id: Author) -> Response:
    """Its author deletes a note."""
    return await work(together.delete_note, together.DeleteNote(note_id, work.acting(author_id)), returns=NoteOut.of)


@router.get("/check-ins", response_model=Page[CheckInOut], tags=["check-ins"])
async def list_check_ins(
    work: OwnReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    match_id: UUID | None = None,
    participant_id: UUID | None = None,
    program_id: UUID | None = None,
) -> Page[CheckInOut]:
    """How it goes between sessions: by relationship, participant or program."""
    return await work.page(
        CheckIn,
        returns=CheckInOut.of,
        limit=limit,
        cursor=cursor,
        match_id=match_id,
        participant_id=participant_id,
        program_id=program_id,
    )


@router.get("/check-ins/{check_in_id}", response_model=CheckInOut, responses=problems(NotFound), tags=["check-ins"])
async def read_check_in(check_in_id: UUID, work: OwnReader) -> Response:
    """One check-in, with an ETag."""
    return await work.one(CheckIn, check_in_id, returns=CheckInOut.of)


@router.post(
    "/relationships/{relationship_id}/check-ins",
    status_code=201,
    response_model=CheckInOut,
    responses=problems(*KEYED, NotFound, NotOfTheRelationship),
    tags=["check-ins"],
)
async def check_in(relationship_id: UUID, body: NewCheckIn, work: OwnWriter) -> Response:
    """A participant tells how it goes. Their words stay here; the event carries the mood only."""
    return await work(
        together.check_in,
        together.CheckInWith(relationship_id, work.acting(body.participant_id), body.mood, body.progress or None),
        returns=CheckInOut.of,
        status=201,
        location=lambda recorded: f"/v1/check-ins/{recorded.id}",
    )
