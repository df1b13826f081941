"""Relationships over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound, PreconditionFailed
from sessions_service import queries
from sessions_service.domain.people import FactsMissing, OutsideProgram, TimeZoneUnknown
from sessions_service.domain.relationships import Relationship, RelationshipOver, RelationshipState, SessionPlanned
from sessions_service.domain.sessions import InThePast, NotOfTheSession, SlotTaken
from sessions_service.routes.access import KEYED
from sessions_service.rules import MeetingReader, MeetingWriter
from sessions_service.schemas import Booking, CloseOut, RelationshipOut, SessionOut, SlotsOut
from sessions_service.use_cases import changes, closing

router = Router(prefix="/v1")


@router.get("/relationships", response_model=Page[RelationshipOut], tags=["relationships"])
async def list_relationships(
    work: MeetingReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: RelationshipState | None = None,
) -> Page[RelationshipOut]:
    """Relationships of the organisation: confirmed matches, and whether they have a session."""
    return await work.page(
        Relationship,
        returns=RelationshipOut.of,
        limit=limit,
        cursor=cursor,
        program_id=program_id,
        participant_ids=participant_id,
        state=state,
    )


@router.get(
    "/relationships/{relationship_id}", response_model=RelationshipOut, responses=problems(NotFound), tags=["relationships"]
)
async def read_relationship(relationship_id: UUID, work: MeetingReader) -> Response:
    """One relationship, with an ETag. Its id is the match's."""
    return await work.one(Relationship, relationship_id, returns=RelationshipOut.of)


@router.get(
    "/relationships/{relationship_id}/slots",
    response_model=SlotsOut,
    responses=problems(NotFound, FactsMissing, TimeZoneUnknown),
    tags=["relationships"],
)
async def read_free_slots(
    relationship_id: UUID, work: MeetingReader, limit: Annotated[int, Query(ge=1, le=100, description="Slots.")] = 10
) -> Response:
    """When everybody in a relationship works and is free, soonest first."""
    return await work(queries.common_free_slots, queries.FreeSlots(relationship_id, limit), returns=SlotsOut.of)


@router.post(
    "/relationships/{relationship_id}/sessions",
    status_code=201,
    response_model=SessionOut,
    responses=problems(
        *KEYED,
        NotFound,
        RelationshipOver,
        SessionPlanned,
        FactsMissing,
        SlotTaken,
        TimeZoneUnknown,
        InThePast,
        OutsideProgram,
        NotOfTheSession,
    ),
    tags=["relationships"],
)
async def book_session(relationship_id: UUID, body: Booking, work: MeetingWriter) -> Response:
    """Book the next session of a relationship that has none to come, at a time its people choose."""
    return await work(
        changes.book,
        changes.BookSession(relationship_id, body.starts_at, by=work.person(body.participant_id)),
        returns=SessionOut.of,
        status=201,
        location=lambda session: f"/v1/sessions/{session.id}",
    )


@router.post(
    "/relationships/{relationship_id}/close",
    response_model=RelationshipOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, RelationshipOver),
    tags=["relationships"],
)
async def close_relationship(relationship_id: UUID, body: CloseOut, work: MeetingWriter) -> Response:
    """Its people end a relationship, without blame. A session to come is cancelled."""
    command = closing.CloseRelationship(relationship_id, body.reason, work.expected())
    return await work(closing.close, command, returns=RelationshipOut.of)
