"""Works off replays: a run's stored people matched once more, and the answer compared with the stored one."""

from uuid import UUID

import structlog

from matching_service.domain.runs import Run
from matching_service.engine import ENGINE_VERSION
from matching_service.run_archive import Part, RunArchive, Unreadable
from matching_service.use_cases import replays
from matching_service.workers.alone import alone_with
from matching_service.workers.engine_process import Cancelled, Engine, SolvingFailed
from matching_service.workers.match_run import question_of
from matching_service.workers.progress import ProgressReporter
from peerloom_events import MatchReplayRequested
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime


async def work_off(runtime: Runtime, requested: MatchReplayRequested, tenant_id: UUID, cause: Cause) -> None:
    """Solve a run's stored input again and compare. Started again after a crash, it begins afresh."""
    replay_id = requested.replay_id
    async with alone_with(runtime.database, replay_id):
        run = await runtime.perform(replays.start, replay_id, tenant_id=tenant_id, cause=cause)
        if run is None:
            return
        reporter = ProgressReporter(runtime, tenant_id, replay_id, cause, record=replays.record_progress)
        try:
            completion = await _solved_again(RunArchive(runtime.database, tenant_id, run.id), run, replay_id, reporter)
        except Cancelled:
            _log.info("replay cancelled", replay_id=str(replay_id))
        except (SolvingFailed, Unreadable) as error:
            failure = replays.FailReplay(replay_id, str(error))
            await runtime.perform(replays.fail, failure, tenant_id=tenant_id, cause=cause)
        else:
            await runtime.perform(replays.complete, completion, tenant_id=tenant_id, cause=cause)


async def _solved_again(archive: RunArchive, run: Run, replay_id: UUID, reporter: ProgressReporter) -> replays.CompleteReplay:
    """Raises: Cancelled, SolvingFailed, Unreadable."""
    async with Engine.started(reporter.report) as engine:
        solved = await engine.solve(await question_of(archive, run), archive.pieces(Part.POPULATION))
    return replays.CompleteReplay(
        replay_id,
        stored=await archive.digest(Part.ANSWER),
        replayed=solved.sha256,
        stored_engine=str(run.engine_version),
        engine=ENGINE_VERSION,
    )


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
