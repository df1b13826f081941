"""Sessions over HTTP."""

from uuid import UUID

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound, PreconditionFailed
from sessions_service.domain.people import OutsideProgram, TimeZoneUnknown
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
from sessions_service.routes.access import KEYED
from sessions_service.rules import MeetingReader, MeetingWriter
from sessions_service.schemas import Absence, Attendance, Cancellation, Reschedule, SessionOut
from sessions_service.use_cases import attendance, changes

router = Router(prefix="/v1")


@router.get("/sessions", response_model=Page[SessionOut], tags=["sessions"])
async def list_sessions(
    work: MeetingReader,
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
async def read_session(session_id: UUID, work: MeetingReader) -> Response:
    """One session, with an ETag."""
    return await work.one(Session, session_id, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/complete",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, SessionOver, NotStartedYet),
    tags=["sessions"],
)
async def complete_session(session_id: UUID, work: MeetingWriter) -> Response:
    """The session took place. Possible once it has started."""
    return await work(attendance.complete, attendance.CompleteSession(session_id, work.expected()), returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/miss",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, SessionOver, NotEndedYet, NotOfTheSession),
    tags=["sessions"],
)
async def miss_session(session_id: UUID, body: Absence, work: MeetingWriter) -> Response:
    """Somebody did not come, so the session did not take place. Possible once it has ended."""
    return await work(
        attendance.miss, attendance.MissSession(session_id, body.absent_ids, work.expected()), returns=SessionOut.of
    )


@router.post(
    "/sessions/{session_id}/attendance",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, SessionOver, NotStartedYet, NotEndedYet, NotOfTheSession),
    tags=["sessions"],
)
async def record_attendance(session_id: UUID, body: Attendance, work: MeetingWriter) -> Response:
    """Who came. With two people or more the session took place (possible once it has started); otherwise it was missed
    (possible once it has ended)."""
    command = attendance.RecordAttendance(session_id, body.present_ids, work.expected())
    return await work(attendance.record_attendance, command, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/reschedule",
    response_model=SessionOut,
    responses=problems(
        *KEYED,
        NotFound,
        PreconditionFailed,
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
async def reschedule_session(session_id: UUID, body: Reschedule, work: MeetingWriter) -> Response:
    """Move a session that has not started to another time, at which none of its participants has another session."""
    command = changes.RescheduleSession(session_id, body.starts_at, work.person(body.participant_id), work.expected())
    return await work(changes.reschedule, command, returns=SessionOut.of)


@router.post(
    "/sessions/{session_id}/cancel",
    response_model=SessionOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, SessionOver, AlreadyStarted, NotOfTheSession),
    tags=["sessions"],
)
async def cancel_session(session_id: UUID, body: Cancellation, work: MeetingWriter) -> Response:
    """Cancel a session that has not started. Everybody's time is free again, and the next session is planned."""
    command = changes.CancelSession(session_id, work.person(body.participant_id), work.expected())
    return await work(changes.cancel, command, returns=SessionOut.of)
