"""What a worker does beside its consumer, turn after turn: a timer, a queue of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from peerloom_service.storage.database import TRANSIENT
from peerloom_service.use_cases.runtime import Runtime

_PAUSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """`turn` does what there is to do and returns whether there may be more at once; if not, the next one is `every` seconds
    later. Several workers may be at it at the same time.
    """

    turn: Callable[[Runtime], Awaitable[bool]]
    every: float


class RunningJob:
    """A job that outlives what its turns meet: an outage is waited out, and what nobody thought of is logged and tried again,
    because others wait behind it. `trouble` says that the last turn ended like that.
    """

    def __init__(self, name: str, job: Job, runtime: Runtime) -> None:
        self.name = name
        self.trouble = ""
        self.hopeless = False
        self._job = job
        self._runtime = runtime

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            pause = min(self._job.every, _PAUSE_SECONDS)
            try:
                pause = 0.0 if await self._job.turn(self._runtime) else self._job.every
                self.trouble = ""
            except TRANSIENT as error:
                _log.warning("job put off", job=self.name, error=type(error).__name__)
            except Exception:  # noqa: BLE001 - a defect: readiness shows it, and the next turn may have something else to do
                self.trouble = "failed; is tried again"
                _log.exception("job failed", job=self.name)
            await asyncio.sleep(pause)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
