"""What became of a transaction whose COMMIT was not answered: PostgreSQL is asked before anybody is told anything."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from peerloom_service.http.messages import Response
from peerloom_service.storage.database import TRANSIENT, Database
from peerloom_service.use_cases.transaction import BECAME, OutcomeUnknown

UNKNOWN: Final = (
    "The service's database was lost in the moment of saving. It is not known whether this was changed: read it again."
)
UNKNOWN_WITH_KEY: Final = (
    "The service's database was lost in the moment of saving. It is not known whether this was done: send the same again, with "
    "the same Idempotency-Key."
)

_LOOKUP_SECONDS: Final = 5.0
_LOOKED_IN_VAIN: Final = tuple(kind for kind in TRANSIENT if kind is not TimeoutError)
_PAUSE_SECONDS: Final = 0.25


class Outcome:
    """Of one request, over all its tries. `unknown`: one of them may have been committed. `repeatable`: it has an idempotency
    key, so that one more try does no harm.
    """

    def __init__(self, database: Database, *, repeatable: bool) -> None:
        self._database = database
        self._repeatable = repeatable
        self.unknown = False

    async def of(self, attempt: Callable[[], Awaitable[Response]]) -> Response:
        """The response of an attempt, also where only the answer to its COMMIT was lost.

        Raises: OutcomeUnknown where one more try is safe, TimeoutError where it is not and nobody can tell.
        """
        try:
            return await attempt()
        except OutcomeUnknown as lost:
            self.unknown = True
            became = await self._became(lost.number)
            if became == "committed" and lost.response is not None:
                return lost.response
            if became == "aborted":
                self.unknown = False
            elif not self._repeatable:
                raise TimeoutError("nobody can tell what became of the transaction") from lost
            raise

    async def _became(self, number: str) -> str | None:
        """`committed` or `aborted`; None where that cannot be found out in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOKUP_SECONDS):
                while number:
                    with suppress(*_LOOKED_IN_VAIN):
                        row = await self._database.fetchrow(None, BECAME, number)
                        if row is not None and row[0] != "in progress":
                            return str(row[0])
                    await asyncio.sleep(_PAUSE_SECONDS)
        return None
