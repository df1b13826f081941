"""Sessions' HTTP API."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Security

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    NotFound,
)
from sessions_service import clock, queries
from sessions_service.domain.people import FactsMissing, OutsideProgram, TimeZoneUnknown
from sessions_service.domain.relationships import Relationship, RelationshipOver, RelationshipState, SessionPlanned
from sessions_service.domain.sessions import (
    AlreadyStarted,
    InThePast,
    NotEndedYet,
    NotOfTheSession,
    NotStartedYet,
    Session,
    SessionOver,
    SessionState,
    SlotTaken,
)
from sessions_service.schemas import (
    Absence,
    Attendance,
    Booking,
    Cancellation,
    CloseOut,
    RelationshipOut,
    Reschedule,
    SessionOut,
    SlotsOut,
    TestClock,
    TestClockOut,
)
from sessions_service.settings import Settings
from sessions_service.use_cases import attendance, changes, closing

SCOPES = {
    "sessions:read": "Read relationships, sessions and free slots.",
    "sessions:write": "Reschedule sessions and report whether they took place.",
}
router = Router(prefix="/v1", scopes=SCOPES)
KEYED = (IdempotencyKeyMissing, IdempotencyKeyReused)

Reader = Annotated[Work, Security(authorized, scopes=["sessions:read"])]
Writer = Annotated[Work, Security(authorized, scopes=["sessions:write"])]


@router.get("/relationships", response_model=Page[RelationshipOut], tags=["relationships"])
async def list_relationships(
    work: Reader,
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
async def read_relationship(relationship_id: UUID, work: Reader) -> Response:
    """One relationship, with an ETag. Its id is the match's."""
    return await work.one(Relationship, relationship_id, returns=RelationshipOut.of)


@router.get(
    "/relationships/{relationship_id}/slots",
    response_model=SlotsOut,
    responses=problems(NotFound, FactsMissing, TimeZoneUnknown),
    tags=["relationships"],
)
async def read_free_slots(
    relationship_id: UUID, work: Reader, limit: Annotated[int, Query(ge=1, le=100, description="Slots.")] = 10
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
async def book_session(relationship_id: UUID, body: Booking, work: Writer) -> Response:
    """Book the next session of a relationship that has none to come, at a time its people choose."""
    return await work(
        changes.book,
        changes.BookSession(relationship_id, body.starts_at, by=body.participant_id),
        returns=SessionOut.of,
        status=201,
        location=lambda session: f"/v1/sessions/{session.id}",
    )


@router.post(
    "/relationships/{relationship_id}/close",
    response_model=RelationshipOut,
    responses=problems(*KEYED, NotFound, RelationshipOver),
    tags=["relationships"],
)
async def close_relationship(relationship_id: UUID, body: CloseOut, work: Writer) -> Response:
    """Its people end a relationship, without blame. A session to come is cancelled."""
    command = closing.CloseRelationship(relationship_id, body.reason)
    return await work(closing.close, command, returns=RelationshipOut.of)


@router.get("/sessions", response_model=Page[SessionOut], tags=["sessions"])
async def list_sessions(
    work: Reader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    match_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: SessionState | None = None,
) -> Page[SessionOut]:
    """Sessions of the organisation."""
    return await work.page(
        Session,
        returns=SessionOut.of,
        limit=limit,
        cursor=cursor,
        program_id=program_id,
        match_id=match_id,
        participant_ids=participant_id,
        state=state,
    )


@router.get("/sessions/{session_id}", response_model=SessionOut, responses=problems(NotFound), tags=["sessions"])
async def read_session(session_id: UUID, work: Reader) -> Response:
    """One session, with an ETag."""
    return await work.one(Session, session_id, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/complete",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, SessionOver, NotStartedYet),
    tags=["sessions"],
)
async def complete_session(session_id: UUID, work: Writer) -> Response:
    """The session took place. Possible once it has started."""
    return await work(attendance.complete, attendance.CompleteSession(session_id), returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/miss",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, SessionOver, NotEndedYet, NotOfTheSession),
    tags=["sessions"],
)
async def miss_session(session_id: UUID, body: Absence, work: Writer) -> Response:
    """Somebody did not come, so the session did not take place. Possible once it has ended."""
    return await work(attendance.miss, attendance.MissSession(session_id, body.absent_ids), returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/attendance",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, SessionOver, NotStartedYet, NotEndedYet, NotOfTheSession),
    tags=["sessions"],
)
async def record_attendance(session_id: UUID, body: Attendance, work: Writer) -> Response:
    """Who came. With two people or more the session took place (possible once it has started); otherwise it was missed
    (possible once it has ended)."""
    command = attendance.RecordAttendance(session_id, body.present_ids)
    return await work(attendance.record_attendance, command, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/reschedule",
    response_model=SessionOut,
    responses=problems(
        *KEYED,
        NotFound,
        SessionOver,
        AlreadyStarted,
        InThePast,
        OutsideProgram,
        NotOfTheSession,
        SlotTaken,
        TimeZoneUnknown,
    ),
    tags=["sessions"],
)
async def reschedule_session(session_id: UUID, body: Reschedule, work: Writer) -> Response:
    """Move a session that has not started to another time, at which none of its participants has another session."""
    command = changes.RescheduleSession(session_id, body.starts_at, by=body.participant_id)
    return await work(changes.reschedule, command, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/cancel",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, SessionOver, AlreadyStarted, NotOfTheSession),
    tags=["sessions"],
)
async def cancel_session(session_id: UUID, body: Cancellation, work: Writer) -> Response:
    """Cancel a session that has not started. Everybody's time is free again, and the next session is planned."""
    return await work(changes.cancel, changes.CancelSession(session_id, by=body.participant_id), returns=SessionOut.of)


@router.get("/test-clock", response_model=TestClockOut, responses=problems(NotFound), tags=["test clock"])
async def read_test_clock(work: Writer) -> Response:
    """What time it is for the organisation. Only where test clocks are on."""
    _refuse_without_test_clocks(work)
    return await work(clock.read, None, returns=lambda now: TestClockOut(now=now))


@router.put(
    "/test-clock", response_model=TestClockOut, responses=problems(NotFound, clock.ClockOnlyGoesForward), tags=["test clock"]
)
async def put_test_clock_forward(body: TestClock, work: Writer) -> Response:
    """Try the months ahead without waiting: set the organisation's clock forward. It goes on from there.
    Only where test clocks are on."""
    _refuse_without_test_clocks(work)
    return await work(clock.put_forward, body.now, returns=lambda now: TestClockOut(now=now))


def _refuse_without_test_clocks(work: Work) -> None:
    assert isinstance(work.settings, Settings)
    if not work.settings.test_clocks:
        raise NotFound("Test clocks are off. PEERLOOM_TEST_CLOCKS turns them on in a local environment.")
