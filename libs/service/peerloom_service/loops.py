"""The background loops of a process: started together, stopped together, and asked how they are."""

import asyncio
from typing import Final, Protocol

import structlog

_STOP_SECONDS: Final = 10
_RESTART_SECONDS: Final = 2.0


class Loop(Protocol):
    """A background loop of a process. `trouble` is what keeps it from its work, for readiness; empty while nothing does.
    `hopeless`: it hangs, and only a new process may help; for liveness.
    """

    @property
    def trouble(self) -> str: ...
    @property
    def hopeless(self) -> bool: ...

    async def run(self) -> None:
        """Until cancelled."""


class Loops:
    """The background loops of a process, by name. They outlive what they meet; one that ended all the same is known, and
    started again.
    """

    def __init__(self) -> None:
        self._loops: dict[str, Loop] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def start(self, name: str, loop: Loop) -> None:
        """Let it run until `stop`."""
        if self._stopping:
            return
        task = asyncio.create_task(loop.run(), name=name)
        task.add_done_callback(self._report)
        self._loops[name], self._tasks[name] = loop, task

    def troubles(self) -> dict[str, str]:
        """By name what keeps a loop from its work."""
        found = {name: "stopped" if task.done() else self._loops[name].trouble for name, task in self._tasks.items()}
        return {name: trouble for name, trouble in found.items() if trouble}

    def hopeless(self) -> list[str]:
        """Names of those that hang for good."""
        return [name for name, loop in self._loops.items() if loop.hopeless]

    async def stop(self) -> None:
        """Cancel them all, and wait some seconds for them to leave their work in order."""
        self._stopping = True
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=_STOP_SECONDS)

    def _report(self, task: "asyncio.Task[None]") -> None:
        name = task.get_name()
        if not task.cancelled() and task.exception() is not None:
            _log.error("background loop died", loop=name, exc_info=task.exception())
        elif not self._stopping:
            _log.error("background loop ended, and nobody had asked it to", loop=name)
        if not self._stopping:
            asyncio.get_running_loop().call_later(_RESTART_SECONDS, self.start, name, self._loops[name])


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
