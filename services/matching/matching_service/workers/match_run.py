"""Works off requested runs: one at a time per worker, and by another worker if this one dies."""

import time
from typing import Final
from uuid import UUID

import structlog
from opentelemetry import metrics

from matching_service.domain.programs import CannotBeMatched, Program
from matching_service.domain.runs import Run
from matching_service.run_archive import Part, RunArchive, Unreadable
from matching_service.run_population import read_pages
from matching_service.use_cases import runs
from matching_service.workers.alone import alone_with
from matching_service.workers.engine_process import Cancelled, Engine, Question, SolvingFailed
from matching_service.workers.progress import ProgressReporter
from peerloom_events import MatchRunRequested
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

_FEWEST_PEOPLE: Final = 2

_meter = metrics.get_meter("matching_service")
durations = _meter.create_histogram(
    "peerloom.match_run.duration",
    unit="s",
    description="A match run from its start at a worker to its end, by outcome",
    explicit_bucket_boundaries_advisory=(1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0),
)
gaps = _meter.create_histogram(
    "peerloom.match_run.gap",
    description="What the certificate of a completed run leaves open: 0 is proven best",
    explicit_bucket_boundaries_advisory=(0.0, 0.0001, 0.001, 0.01, 0.1, 1.0),
)


async def work_off(runtime: Runtime, requested: MatchRunRequested, tenant_id: UUID, cause: Cause) -> None:
    """Match a program's free people and propose the pairs, or say why not. Started again after a crash, it begins afresh."""
    run_id = requested.run_id
    async with alone_with(runtime.database, run_id):
        started = await runtime.perform(runs.start, run_id, tenant_id=tenant_id, cause=cause)
        if started is None:
            return
        began, outcome = time.perf_counter(), "completed"
        try:
            await _match(runtime, tenant_id, *started, cause)
        except Cancelled:
            outcome = "cancelled"
            _log.info("run cancelled", run_id=str(run_id))
        except (SolvingFailed, Unreadable, CannotBeMatched) as error:
            outcome = "failed"
            await runtime.perform(runs.fail, runs.FailRun(run_id, str(error)), tenant_id=tenant_id, cause=cause)
        durations.record(time.perf_counter() - began, {"outcome": outcome})


async def _match(runtime: Runtime, tenant_id: UUID, run: Run, program: Program, cause: Cause) -> None:
    """Store the people, solve, store the answer, and check what was stored: nothing of the solver's is believed.

    Raises: Cancelled, SolvingFailed, Unreadable, CannotBeMatched.
    """
    archive = RunArchive(runtime.database, tenant_id, run.id)
    reporter = ProgressReporter(runtime, tenant_id, run.id, cause, record=runs.record_progress, publish=runs.publish_progress)
    await archive.keep(Part.POLICY, program.policy.model_dump_json().encode())
    async with Engine.started(reporter.report) as engine:
        today = run.requested_at.date()
        newcomers_since = program.newcomers_since(today)
        pages = read_pages(runtime.database, tenant_id, run.program_id, program.seats_by_level, today, newcomers_since)
        population = await archive.writer(Part.POPULATION)
        people = await engine.make_population(pages, today, population.add, newcomers_since)
        if people < _FEWEST_PEOPLE:
            raise SolvingFailed(f"{people} people are free to be matched; it takes two.")
        question = await question_of(archive, run)
        answer = await archive.writer(Part.ANSWER)
        solved = await engine.solve(question, archive.pieces(Part.POPULATION), run.time_limit_seconds, answer.add)
        question = await question_of(archive, run)
        result = await engine.check(question, archive.pieces(Part.POPULATION), archive.pieces(Part.ANSWER))
        completion = runs.CompleteRun(run.id, result, solved.early, engine.proposed(), engine.unmatched())
        await runtime.perform(runs.complete, completion, tenant_id=tenant_id, cause=cause)
        gaps.record(result.gap)


async def question_of(archive: RunArchive, run: Run) -> Question:
    """What a run was asked, with its policy as it is stored.

    Raises: Unreadable.
    """
    return Question(await archive.read(Part.POLICY), run.seed, run.target_gap, run.fast)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
