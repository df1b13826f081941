"""Who may do what here: by a token, or for a stream by a ticket."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Security
from starlette.types import Scope

from integrations_service import sql
from integrations_service.domain.events import Wanted
from integrations_service.domain.tickets import digest_of
from peerloom_service.context import Caller
from peerloom_service.http.messages import header
from peerloom_service.http.work import Authorized, Work, authorized
from peerloom_service.problems import Unauthenticated
from peerloom_service.use_cases.runtime import Runtime

_TICKET = "peerloom.ticket"


class _TokenOrTicket(Authorized):
    """A bearer token, or else the ticket in the query: a browser's EventSource can send nothing else."""

    async def caller(self, runtime: Runtime, scope: Scope, needed: Sequence[str]) -> Caller:
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [])
        if header(scope, b"authorization") or not shown:
            return await super().caller(runtime, scope, needed)
        row = await runtime.database.fetchrow(None, sql.TAKE_TICKET, digest_of(shown[-1]))
        if row is None:
            raise Unauthenticated("This ticket was used, or its minute is over. Ask for another one.", error="invalid_token")
        types = None if row["types"] is None else frozenset(row["types"])
        scope[_TICKET] = Wanted(types, row["participant_id"], row["program_id"])
        scope["client_id"] = row["issued_to"]
        return Caller(row["issued_to"], row["tenant_id"], frozenset(needed))


def limits_of_ticket(scope: Scope) -> Wanted:
    """What the ticket that was shown allows; all, where a token was."""
    limits: Wanted = scope.get(_TICKET, Wanted())
    return limits


EventReader = Annotated[Work, Security(authorized, scopes=["events:read"])]
StreamReader = Annotated[Work, Security(_TokenOrTicket(), scopes=["events:read"])]
WebhookReader = Annotated[Work, Security(authorized, scopes=["webhooks:read"])]
WebhookWriter = Annotated[Work, Security(authorized, scopes=["webhooks:write"])]
