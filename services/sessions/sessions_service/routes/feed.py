"""The one address that is read without a token: calendars only know an address, so its last part is the secret."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peerloom_service.context import Cause
from peerloom_service.http.etags import is_known
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound, Unavailable
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime
from sessions_service import calendars, queries
from sessions_service.domain.feeds import digest_of
from sessions_service.settings import Settings

PATH: Final = "/v1/calendar/{secret}.ics"


async def read_feed(request: Request) -> Response:
    """The sessions of the participant whose feed has this address, as iCalendar.

    Raises: NotFound, also for an address that was changed or revoked.
    """
    runtime: Runtime = request.app.state.runtime
    assert isinstance(runtime.settings, Settings)
    try:
        owner = await queries.feed_owner(runtime.database, digest_of(request.path_params["secret"]))
        if owner is None:
            raise NotFound("This calendar address is not in use. Ask for a new one.")
        tenant_id, participant_id = owner
        command, cause = queries.FeedSessions(participant_id), Cause(correlation_id=new_id().hex)
        sessions = await runtime.perform(queries.feed_sessions, command, tenant_id=tenant_id, cause=cause)
    except TRANSIENT as error:
        raise Unavailable("The service's database cannot be reached at the moment. Try again.") from error
    headers = {"etag": calendars.etag(sessions), "cache-control": "private, no-cache", "x-robots-tag": "noindex"}
    if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
        return Response(status_code=304, headers=headers)
    body = calendars.feed(sessions, calendars.Addresses(runtime.settings.calendar_domain))
    return Response(body, media_type=calendars.MEDIA_TYPE, headers=headers)


route: Final = Route(PATH, read_feed, methods=["GET"], include_in_schema=False)
