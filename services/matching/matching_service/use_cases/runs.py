"""Match runs: from the request to the proposals, or to a sentence about why there are none."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from matching_service import queries, sql
from matching_service.domain.matches import Proposed, Unmatched
from matching_service.domain.programs import Pool, Program
from matching_service.domain.runs import UNFINISHED, Certificate, Progress, Result, Run, RunSignal
from matching_service.use_cases.endings import end_with_absent
from peerloom_events import (
    MatchProposed,
    MatchReason,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
)
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction

_PAUSE_AFTER_FAILURE: Final = timedelta(minutes=15)


async def read_pool(tx: Transaction, program_id: UUID) -> Pool:
    """How many of a program's people are free, proposed to somebody, or in a match.

    Raises: NotFound, CannotBeMatched.
    """
    program = await queries.program(tx, program_id)
    today = (await tx.now()).date()
    return await queries.pool(tx, program_id, program.seats_by_level, program.newcomers_since(today))


@dataclass(frozen=True, slots=True)
class RequestRun:
    program_id: UUID
    seed: int
    target_gap: float
    fast: bool
    time_limit_seconds: float | None


async def request(tx: Transaction, command: RequestRun) -> Run:
    """Ask for a program's free people to be matched.

    Raises: NotFound, ProgramOver, CannotBeMatched, RunInProgress.
    """
    program = await queries.program(tx, command.program_id)
    program.refuse_over(await tx.now())
    _ = program.policy  # refused now rather than by a worker
    run = Run(id=new_id(), version=1, requested_at=await tx.now(), **asdict(command))
    tx.add(run)
    tx.publish(MatchRunRequested(version=1, run_id=run.id, **asdict(command)))
    return run


async def match_arrivals(tx: Transaction, program_id: UUID) -> Run | None:
    """Ask for a run where newcomers have arrived who are to be matched at once; None where nobody has.

    A run that failed is not repeated before a quarter of an hour is over. Raises: NotFound, CannotBeMatched, RunInProgress.
    """
    program, now = await queries.program(tx, program_id), await tx.now()
    since = program.newcomers_since(now.date())
    if since is None or not program.on_arrival:
        return None
    row = await tx.fetchrow(queries.ARRIVED, tx.tenant_id, program_id, since, now - _PAUSE_AFTER_FAILURE, now.date())
    if row is None or not row["arrived"]:
        return None
    return await request(tx, RequestRun(program_id, seed=0, target_gap=0.0, fast=False, time_limit_seconds=None))


async def start(tx: Transaction, run_id: UUID) -> tuple[Run, Program] | None:
    """A worker takes a run of this program up; None when it is over already."""
    run = await tx.lock(Run, run_id)
    if run.state not in UNFINISHED:
        return None
    started = run.started(await tx.now())
    await tx.save(started)
    return started, await queries.program(tx, run.program_id)


async def cancel(tx: Transaction, run_id: UUID) -> Run:
    """Cancel a run; its worker stops when it next reports progress.

    Raises: NotFound, RunOver.
    """
    run = (await tx.lock(Run, run_id)).cancelled(await tx.now())
    await tx.save(run)
    tx.publish(MatchRunFailed(version=run.version, run_id=run.id, program_id=run.program_id, reason="cancelled"))
    return run


async def stop(tx: Transaction, run_id: UUID) -> Run:
    """End a run early, with the best pairs found; its worker learns of it when it next reports progress.

    Raises: NotFound, RunOver.
    """
    run = (await tx.lock(Run, run_id)).stopped()
    await tx.save(run)
    return run


async def record_progress(tx: Transaction, progress: Progress) -> RunSignal:
    """Note how far a run is; returns what its worker should do next."""
    running = await tx.fetchrow(sql.RUN_PROGRESS, tx.tenant_id, progress.id, progress.phase, progress.share, progress.gap)
    if running is None:
        return RunSignal.ABANDON
    return RunSignal.FINISH_EARLY if running["stop_requested"] else RunSignal.CONTINUE


async def publish_progress(tx: Transaction, progress: Progress) -> RunSignal:
    """Tell everybody how far a run is, unless it is over; returns what its worker should do next."""
    run = await tx.lock(Run, progress.id)
    if run.signal is RunSignal.ABANDON:
        return run.signal
    run = run.progressed(progress)
    await tx.save(run)
    tx.publish(
        MatchRunProgressed(
            version=run.version,
            run_id=run.id,
            program_id=run.program_id,
            phase=run.phase,
            share=run.share,
            gap=run.gap,
        )
    )
    return run.signal


@dataclass(frozen=True, slots=True)
class FailRun:
    run_id: UUID
    problem: str


async def fail(tx: Transaction, command: FailRun) -> None:
    """A run ends without an answer."""
    run = await tx.lock(Run, command.run_id)
    if run.state in UNFINISHED:
        failed = run.failed(await tx.now(), command.problem)
        await tx.save(failed)
        tx.publish(MatchRunFailed(version=failed.version, run_id=run.id, program_id=run.program_id, reason=command.problem))


@dataclass(frozen=True, slots=True)
class CompleteRun:
    """A checked answer: its figures, and page by page whom it brings together and whom it leaves out."""

    run_id: UUID
    result: Result
    ended_early: bool
    proposed: AsyncIterator[Sequence[Proposed]]
    unmatched: AsyncIterator[Sequence[Unmatched]]


async def complete(tx: Transaction, command: CompleteRun) -> None:
    """Propose every match to all of its people; keep who was left over and why, and the certificate.

    A run that was cancelled meanwhile proposes nothing. What is proposed is written a page at a time, matches and seats before
    their events, so that memory holds one page of a run of any size.
    """
    run = await tx.lock(Run, command.run_id)
    if run.state not in UNFINISHED:
        return
    result, now = command.result, await tx.now()
    program = await queries.program(tx, run.program_id)
    async for page in command.proposed:
        await _propose(tx, run, program, page, now)
    async for left_over in command.unmatched:
        await tx.execute(sql.ADD_UNMATCHED, tx.tenant_id, run.id, [asdict(person) for person in left_over])
    await end_with_absent(tx, run, since=run.started_at or now)
    completed = run.completed(now, result, ended_early=command.ended_early)
    await tx.save(completed)
    tx.add(Certificate.of(completed, result, now))
    tx.publish(
        MatchRunCompleted(
            version=completed.version,
            run_id=run.id,
            program_id=run.program_id,
            people=result.people,
            pairs=result.pairs,
            trios=result.trios,
            groups=result.groups,
            unmatched=result.unmatched,
            value=result.value,
            upper_bound=result.upper_bound,
            population_hash=result.population_hash,
            policy_version=result.policy_label,
            engine_version=result.engine_version,
        )
    )


async def _propose(tx: Transaction, run: Run, program: Program, page: Sequence[Proposed], now: datetime) -> None:
    """Write some of a run's proposals with the seats they take, then their events."""
    answer_by = now + timedelta(seconds=program.answer_within_seconds)
    events = [
        MatchProposed(
            version=1,
            match_id=new_id(),
            run_id=run.id,
            program_id=run.program_id,
            participant_ids=proposed.participant_ids,
            weight=proposed.weight,
            reasons=tuple(MatchReason(**asdict(reason)) for reason in proposed.reasons),
            answer_by=answer_by,
            round=proposed.round,
        )
        for proposed in page
    ]
    rows = [
        {"id": event.match_id, **event.model_dump(mode="json", include={"participant_ids", "weight", "reasons", "round"})}
        for event in events
    ]
    seats = [(person, event.match_id) for event in events for person in event.participant_ids]
    people, matches = [person for person, _ in seats], [match_id for _, match_id in seats]
    await tx.execute(sql.ADD_MATCHES, tx.tenant_id, run.id, run.program_id, now, answer_by, rows)
    await tx.execute(sql.TAKE_SEATS, tx.tenant_id, run.program_id, people, matches, program.seats_by_level)
    for event in events:
        tx.publish(event)
    await tx.flush()
