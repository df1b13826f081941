"""How a stream is opened: by a token, or by a ticket."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.types import Scope

from integrations_service.domain.events import Wanted
from integrations_service.use_cases.tickets import take_ticket
from peerloom_service.access.rules import Guard
from peerloom_service.context import Caller
from peerloom_service.http.messages import header
from peerloom_service.http.work import Allowed
from peerloom_service.problems import Unauthenticated
from peerloom_service.use_cases.runtime import Runtime

_TICKET = "peerloom.ticket"


class TokenOrTicket(Allowed):
    """A bearer token, or else the ticket in the query: a browser's EventSource can send nothing else."""

    async def caller(self, runtime: Runtime, scope: Scope, needed: Sequence[str]) -> tuple[Caller, Guard]:
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [])
        if header(scope, b"authorization") or not shown:
            return await super().caller(runtime, scope, needed)
        admitted = await take_ticket(runtime.database, shown[-1])
        if admitted is None:
            raise Unauthenticated("This ticket was used, or its minute is over. Ask for another one.", error="invalid_token")
        scope[_TICKET] = admitted.limits
        scope["client_id"] = admitted.issued_to
        caller = Caller(admitted.issued_to, admitted.tenant_id, frozenset(needed))
        return caller, self.rule.admit(caller)


def limits_of_ticket(scope: Scope) -> Wanted:
    """What the ticket that was shown allows; all, where a token was."""
    limits: Wanted = scope.get(_TICKET, Wanted())
    return limits
