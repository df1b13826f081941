"""The event log over HTTP: pulled a page at a time, or streamed."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import PlainTextResponse

from integrations_service import queries
from integrations_service.domain.events import CURSOR, EARLIEST, LATEST, Cursor, CursorTooOld, Logged, Wanted, narrowed
from integrations_service.rules import EventReader, StreamReader
from integrations_service.schemas import EventsPage, EventType, NewTicket, TicketOut
from integrations_service.settings import Settings
from integrations_service.streaming.stream import MEDIA_TYPE, EventStream
from integrations_service.streaming.tail import Tail, tail_of
from integrations_service.tickets import limits_of_ticket
from integrations_service.use_cases.tickets import IssueTicket, issue_ticket
from peerloom_service.http.messages import Response, header
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

router = Router(prefix="/v1")

Place = Annotated[
    str,
    Query(
        max_length=16,
        description=f"The cursor of the last event you have; `{EARLIEST}`: all that are kept; `{LATEST}`: none before now.",
        json_schema_extra={"pattern": f"^({EARLIEST}|{LATEST}|{CURSOR[1:-1]})$"},
    ),
]
Types = Annotated[list[EventType], Query(max_length=50, description="Only events of these types.")]
About = Annotated[UUID | None, Query(description="Only events about this participant.")]
OfProgram = Annotated[UUID | None, Query(description="Only events of this program.")]

_EXAMPLE = (
    'id: AABQ9QAAAAAAAAAB\ndata: {"specversion":"1.0","id":"0193b1f0-6e4a-7c11-9d3e-2f5a8c7b4e10",'
    '"type":"io.peerloom.matching.match.confirmed.v1","source":"/matching","data":{"version":4}}\n\n'
)


class EventStreamResponse(PlainTextResponse):
    """An answer in server-sent events."""

    media_type = MEDIA_TYPE


@router.get("/events", response_model=EventsPage, responses=problems(CursorTooOld), tags=["events"])
async def list_events(
    work: EventReader,
    request: Request,
    after: Place = EARLIEST,
    types: Types = [],  # noqa: B006 - FastAPI copies it
    participant_id: About = None,
    program_id: OfProgram = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events a page, at most.")] = 100,
    wait: Annotated[
        float, Query(ge=0, le=60, description="Seconds to wait for an event where there is none; at most 30 are waited.")
    ] = 0,
) -> Response:
    """The organisation's events behind a cursor, in the order in which they were committed. Go on with `next`; with `wait` a
    request at the end of the log is answered as soon as something happens."""
    wanted = Wanted(frozenset(types) or None, participant_id, program_id)
    place = (await queries.head(work.database, work.tenant_id)).place(after)
    settings = _settings(work)
    tail = tail_of(request.app, work.database)
    found, upto, at_end = await _page(tail, work.tenant_id, place, wanted, limit, min(wait, settings.longest_wait_seconds))
    return Response(200, _body(found, upto, at_end))


@router.get(
    "/events/stream",
    response_model=None,
    response_class=EventStreamResponse,
    responses=problems(CursorTooOld),
    openapi_extra={"responses": {"200": {"content": {MEDIA_TYPE: {"example": _EXAMPLE}}}}},
    tags=["events"],
)
async def stream_events(
    work: StreamReader,
    request: Request,
    after: Place = LATEST,
    types: Types = [],  # noqa: B006 - FastAPI copies it
    participant_id: About = None,
    program_id: OfProgram = None,
    ticket: Annotated[str | None, Query(max_length=100, description="In place of a token, once.")] = None,  # noqa: ARG001 - access reads it
) -> EventStream:
    """The same as server-sent events, as they happen. Each has its cursor as its `id`; `Last-Event-ID` goes on behind it, and
    goes before `after`. A comment every 15 seconds shows that the stream lives. It ends by itself after a while: connect
    again."""
    wanted = narrowed(Wanted(frozenset(types) or None, participant_id, program_id), limits_of_ticket(request.scope))
    last = header(request.scope, b"last-event-id")
    place = (await queries.head(work.database, work.tenant_id)).place(last or after)
    return EventStream(
        tail_of(request.app, work.database), work.tenant_id, place, wanted, _settings(work).stream_seconds, request.receive
    )


@router.post(
    "/events/tickets",
    status_code=201,
    response_model=TicketOut,
    responses=problems(IdempotencyKeyMissing, IdempotencyKeyReused),
    tags=["events"],
)
async def issue_stream_ticket(body: NewTicket, work: EventReader) -> Response:
    """A ticket that opens one stream within a minute, for a browser's EventSource, which can send no token. What it names
    limits the stream: hand a person's browser a ticket for the events about that person."""
    command = IssueTicket(
        work.caller.client_id, None if body.types is None else tuple(body.types), body.participant_id, body.program_id
    )
    return await work(issue_ticket, command, returns=TicketOut.of, status=201, location=lambda _issued: "/v1/events/stream")


async def _page(
    tail: Tail, tenant: UUID, place: Cursor, wanted: Wanted, limit: int, wait: float
) -> tuple[list[Logged], Cursor, bool]:
    if wait <= 0:
        return await tail.events(tenant, place, wanted, limit)
    ends = time.monotonic() + wait
    with tail.at_end(tenant) as woken:
        while True:
            woken.clear()
            found, place, at_end = await tail.events(tenant, place, wanted, limit)
            left = ends - time.monotonic()
            if found or left <= 0 or tail.closed:
                return found, place, at_end
            if at_end:
                try:
                    async with asyncio.timeout(left):
                        await woken.wait()
                except TimeoutError:
                    return [], place, True


def _body(found: list[Logged], upto: Cursor, at_end: bool) -> bytes:
    items = b",".join(one.document for one in found)
    return b'{"items":[%b],"next":"%b","at_end":%b}' % (items, str(upto).encode(), b"true" if at_end else b"false")


def _settings(work: Work) -> Settings:
    assert isinstance(work.settings, Settings)
    return work.settings
