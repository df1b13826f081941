"""Invites and calendar feeds over HTTP."""

from uuid import UUID

from starlette.responses import PlainTextResponse

from peerloom_service.http.etags import etag
from peerloom_service.http.messages import Response
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work
from peerloom_service.problems import NotFound
from sessions_service import calendars, queries
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.routes import feed
from sessions_service.rules import FeedReader, FeedWriter, MeetingReader
from sessions_service.schemas import CalendarFeedOut, OpenedCalendarFeedOut
from sessions_service.settings import Settings
from sessions_service.use_cases import feeds

router = Router(prefix="/v1")


class CalendarResponse(PlainTextResponse):
    """An answer in iCalendar."""

    media_type = "text/calendar"


@router.get(
    "/sessions/{session_id}/invite",
    responses=problems(NotFound),
    response_class=CalendarResponse,
    tags=["calendars"],
)
async def read_invite(session_id: UUID, work: MeetingReader) -> Response:
    """The session as an iCalendar invite: METHOD:REQUEST, or METHOD:CANCEL once it will not take place. Attendees appear under
    opaque addresses made of their ids; whoever sends the invite replaces them."""
    return await work(queries.invitation, queries.Invitation(session_id), returns=lambda found: _calendar(found, work))


@router.get(
    "/calendar-feeds/{participant_id}", response_model=CalendarFeedOut, responses=problems(NotFound), tags=["calendars"]
)
async def read_calendar_feed(participant_id: UUID, work: FeedReader) -> Response:
    """Whether a participant has a calendar feed. Its address is not shown again."""
    return await work.one(CalendarFeed, participant_id, returns=CalendarFeedOut.of)


@router.put(
    "/calendar-feeds/{participant_id}", response_model=OpenedCalendarFeedOut, responses=problems(NotFound), tags=["calendars"]
)
async def renew_calendar_feed(participant_id: UUID, work: FeedWriter) -> Response:
    """Give a participant a new address for their calendar feed. It is shown once; the address before no longer works."""
    return await work(feeds.renew, feeds.RenewFeed(work.acting(participant_id)), returns=OpenedCalendarFeedOut.opened)


@router.delete(
    "/calendar-feeds/{participant_id}", response_model=CalendarFeedOut, responses=problems(NotFound), tags=["calendars"]
)
async def revoke_calendar_feed(participant_id: UUID, work: FeedWriter) -> Response:
    """Close a participant's calendar feed: its address no longer works."""
    return await work(feeds.revoke, feeds.RevokeFeed(work.acting(participant_id)), returns=CalendarFeedOut.of)


router.routes.append(feed.route)


def _calendar(found: queries.Invited, work: Work) -> Response:
    assert isinstance(work.settings, Settings)
    addresses = calendars.Addresses(work.settings.calendar_domain)
    body = calendars.invite(found.session, addresses, written_at=found.at)
    media_type = f"{calendars.MEDIA_TYPE}; method={calendars.method_of(found.session)}"
    return Response(200, body, {"content-type": media_type, "etag": etag(found.session.version)})
