"""Works off replays: a run's stored input solved once more, and compared with its stored answer. Nobody hears of any pair."""

import hashlib
import time
from typing import Final
from uuid import UUID

import structlog

from matching_service import run_archive as stored_runs
from matching_service import sql, use_cases
from matching_service.domain import Run, Wish
from matching_service.engine import ENGINE_VERSION
from matching_service.run_archive import Part, Unreadable
from matching_service.workers.engine_process import Cancelled, Engine, SolvingFailed
from matching_service.workers.match_run import alone_with
from peerloom_events import MatchReplayRequested
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

_TELL_SECONDS: Final = 0.25


async def work_off(runtime: Runtime, requested: MatchReplayRequested, tenant_id: UUID, cause: Cause) -> None:
    """Solve a run's stored input again and compare. Started again after a crash, it begins afresh."""
    async with alone_with(runtime, requested.replay_id):
        run = await runtime.perform(use_cases.start_replay, requested.replay_id, tenant_id=tenant_id, cause=cause)
        if run is None:
            return
        try:
            completion = await _solved_again(runtime, tenant_id, requested.replay_id, run)
        except Cancelled:
            _log.info("replay cancelled", replay_id=str(requested.replay_id))
        except (SolvingFailed, Unreadable) as error:
            failure = use_cases.FailReplay(requested.replay_id, str(error))
            await runtime.perform(use_cases.fail_replay, failure, tenant_id=tenant_id, cause=cause)
        else:
            await runtime.perform(use_cases.complete_replay, completion, tenant_id=tenant_id, cause=cause)


async def _solved_again(runtime: Runtime, tenant_id: UUID, replay_id: UUID, run: Run) -> use_cases.CompleteReplay:
    """Raises: Cancelled, SolvingFailed, Unreadable."""
    async with Engine.started(_Teller(runtime, tenant_id, replay_id).tell) as engine:
        solved = await engine.solve(await stored_runs.question_of(runtime.database, tenant_id, run))
    stored = await stored_runs.read(runtime.database, tenant_id, run.id, Part.ANSWER)
    return use_cases.CompleteReplay(
        replay_id,
        stored=hashlib.sha256(stored).hexdigest(),
        replayed=hashlib.sha256(solved.answer).hexdigest(),
        stored_engine=str(run.engine_version),
        engine=ENGINE_VERSION,
    )


class _Teller:
    """Writes progress to the replay, a few times a second, and finds out whether anybody still wants it."""

    def __init__(self, runtime: Runtime, tenant_id: UUID, replay_id: UUID) -> None:
        self._database, self._tenant_id, self._replay_id = runtime.database, tenant_id, replay_id
        self._told_at = 0.0

    async def tell(self, phase: str, share: float, _gap: float | None) -> Wish:
        now = time.monotonic()
        if now - self._told_at < _TELL_SECONDS:
            return Wish.GO_ON
        self._told_at = now
        told = await self._database.fetchrow(
            self._tenant_id, sql.REPLAY_PROGRESS, self._tenant_id, self._replay_id, phase, share
        )
        return Wish.GIVE_UP if told is None else Wish.GO_ON


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
