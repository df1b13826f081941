"""Reports how far a run or replay is, and learns what its worker should do next."""

import time
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from matching_service.domain.runs import Progress, RunSignal
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction

Note = Callable[[Transaction, Progress], Awaitable[RunSignal]]
"""A use case that notes progress."""

_RECORD_SECONDS: Final = 0.25
_PUBLISH_SECONDS: Final = 2.0


class ProgressReporter:
    """Has progress recorded a few times a second, and published with each new phase and every other second of a long one.

    Without `publish` nothing is published.
    """

    def __init__(
        self,
        runtime: Runtime,
        tenant_id: UUID,
        id_: UUID,
        cause: Cause,
        *,
        record: Note,
        publish: Note | None = None,
    ) -> None:
        self._runtime, self._tenant_id, self._id, self._cause = runtime, tenant_id, id_, cause
        self._record, self._publish = record, publish
        self._recorded_at = 0.0
        self._published_at = time.monotonic()
        self._phase = "reading"

    async def report(self, phase: str, share: float, gap: float | None) -> RunSignal:
        """Where the work stands: phase, the share (0 to 1) of it that is done, and the gap certified so far, if any."""
        now = time.monotonic()
        if self._publish and (phase != self._phase or now - self._published_at >= _PUBLISH_SECONDS):
            use_case = self._publish
            self._phase, self._recorded_at, self._published_at = phase, now, now
        elif now - self._recorded_at >= _RECORD_SECONDS:
            use_case = self._record
            self._recorded_at = now
        else:
            return RunSignal.CONTINUE
        progress = Progress(self._id, phase, share, gap)
        return await self._runtime.perform(use_case, progress, tenant_id=self._tenant_id, cause=self._cause)
