"""What matching does: each function is one transaction."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from matching_service import sql
from matching_service.domain import UNFINISHED, Certificate, Match, MatchState, NoLongerStored, Replay, Run, Wish
from matching_service.run_archive import Part
from matching_service.workers.engine_process import Checked
from peerloom_events import (
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchExpired,
    MatchProposed,
    MatchReason,
    MatchReplayRequested,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
)
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RequestRun:
    program_id: UUID
    seed: int
    target_gap: float
    fast: bool
    time_limit_seconds: float | None


async def request_run(tx: Transaction, command: RequestRun) -> Run:
    """Ask for a program's free people to be matched.

    Raises: NotFound, RunInProgress.
    """
    if await tx.fetchrow(sql.PROGRAM, tx.tenant_id, command.program_id) is None:
        raise NotFound(f"Matching knows no program {command.program_id}. One just launched arrives within a second or two.")
    run = Run(id=new_id(), version=1, requested_at=await tx.now(), **asdict(command))
    tx.add(run)
    tx.publish(MatchRunRequested(version=1, run_id=run.id, **asdict(command)))
    return run


async def start_run(tx: Transaction, run_id: UUID) -> Run | None:
    """A worker takes a run up; None when it is over already."""
    run = await tx.lock(Run, run_id)
    if run.state not in UNFINISHED:
        return None
    started = run.started(await tx.now())
    await tx.save(started)
    return started


async def cancel_run(tx: Transaction, run_id: UUID) -> Run:
    """Call a run off; its worker stops at its next sign of progress.

    Raises: NotFound, RunOver.
    """
    run = (await tx.lock(Run, run_id)).cancelled(await tx.now())
    await tx.save(run)
    tx.publish(MatchRunFailed(version=run.version, run_id=run.id, program_id=run.program_id, reason="cancelled"))
    return run


async def stop_run(tx: Transaction, run_id: UUID) -> Run:
    """End a run early, with the best pairs found; its worker hears of it at its next sign of progress.

    Raises: NotFound, RunOver.
    """
    run = (await tx.lock(Run, run_id)).stopped()
    await tx.save(run)
    return run


@dataclass(frozen=True, slots=True)
class Progress:
    run_id: UUID
    phase: str
    share: float
    gap: float | None


async def report_progress(tx: Transaction, progress: Progress) -> Wish:
    """Tell everybody how far a run is, unless it is over; the worker is told what is wanted."""
    run = await tx.lock(Run, progress.run_id)
    if run.wish is Wish.GIVE_UP:
        return run.wish
    run = run.progressed(progress.phase, progress.share, progress.gap)
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
    return run.wish


@dataclass(frozen=True, slots=True)
class FailRun:
    run_id: UUID
    problem: str


async def fail_run(tx: Transaction, command: FailRun) -> None:
    """A run ends without an answer."""
    run = await tx.lock(Run, command.run_id)
    if run.state in UNFINISHED:
        failed = run.failed(await tx.now(), command.problem)
        await tx.save(failed)
        tx.publish(MatchRunFailed(version=failed.version, run_id=run.id, program_id=run.program_id, reason=command.problem))


@dataclass(frozen=True, slots=True)
class CompleteRun:
    """`policy` (JSON) and `answer_sha256` are of what was stored and checked."""

    run_id: UUID
    checked: Checked
    policy: bytes
    answer_sha256: str
    ended_early: bool


async def complete_run(tx: Transaction, command: CompleteRun) -> None:
    """Propose every match to all of its people; keep who was left over and why, and the certificate.

    A run that was cancelled meanwhile proposes nothing.
    """
    run = await tx.lock(Run, command.run_id)
    if run.state not in UNFINISHED:
        return
    result, now = command.checked.result, await tx.now()
    program = await tx.fetchrow(sql.PROGRAM, tx.tenant_id, run.program_id)
    assert program is not None
    answer_by = now + timedelta(seconds=program["answer_within_seconds"])
    proposals = [
        MatchProposed(
            version=1,
            match_id=new_id(),
            run_id=run.id,
            program_id=run.program_id,
            participant_ids=matched.people,
            weight=matched.mean_weight,
            reasons=tuple(MatchReason(**asdict(reason)) for reason in reasons),
            answer_by=answer_by,
        )
        for matched, reasons in zip(result.matches, command.checked.reasons, strict=True)
    ]
    rows = [
        {"id": proposal.match_id, **proposal.model_dump(mode="json", include={"participant_ids", "weight", "reasons"})}
        for proposal in proposals
    ]
    seats = [(person, proposal.match_id) for proposal in proposals for person in proposal.participant_ids]
    await tx.execute(sql.ADD_MATCHES, tx.tenant_id, run.id, run.program_id, now, answer_by, rows)
    await tx.execute(
        sql.TAKE_SEATS, tx.tenant_id, run.program_id, [person for person, _ in seats], [match_id for _, match_id in seats]
    )
    left_over = [
        {"id": str(one.person), "why": one.why, "partners": one.partners, "removed": one.removed} for one in result.unmatched
    ]
    await tx.execute(sql.ADD_UNMATCHED, tx.tenant_id, run.id, left_over)
    completed = run.completed(
        now,
        people=len(result.ids),
        pairs=len(result.pairs),
        trios=len(result.trios),
        unmatched=len(result.unmatched),
        value=result.value,
        upper_bound=result.upper_bound,
        gap=result.gap,
        ended_early=command.ended_early,
        population_hash=result.population_hash,
        policy=result.policy,
        engine_version=result.engine_version,
    )
    await tx.save(completed)
    tx.add(
        Certificate(
            id=run.id,
            version=1,
            checked_at=now,
            people=len(result.ids),
            pairs=len(result.pairs),
            trios=len(result.trios),
            value=result.value,
            upper_bound=result.upper_bound,
            most_people=result.most_people,
            method=result.method,
            ended_early=command.ended_early,
            bound_checked_people=command.checked.bound_checked_people,
            population_hash=result.population_hash,
            policy=json.loads(command.policy),
            policy_fingerprint=result.policy_fingerprint,
            seed=run.seed,
            target_gap=run.target_gap,
            fast=run.fast,
            time_limit_seconds=run.time_limit_seconds,
            engine_version=result.engine_version,
            answer_sha256=command.answer_sha256,
        )
    )
    for proposal in proposals:
        tx.publish(proposal)
    tx.publish(
        MatchRunCompleted(
            version=completed.version,
            run_id=run.id,
            program_id=run.program_id,
            people=len(result.ids),
            pairs=len(result.pairs),
            trios=len(result.trios),
            unmatched=len(result.unmatched),
            value=result.value,
            upper_bound=result.upper_bound,
            population_hash=result.population_hash,
            policy_version=result.policy,
            engine_version=result.engine_version,
        )
    )


async def request_replay(tx: Transaction, run_id: UUID) -> Replay:
    """Ask for a run's stored input to be solved again and compared with its stored answer.

    Raises: NotFound, NotCompleted, NotReproducible, NoLongerStored, ReplayInProgress.
    """
    replay = (await tx.get(Run, run_id)).replayed(new_id(), await tx.now())
    if await tx.fetchrow(sql.PIECE, tx.tenant_id, run_id, Part.ANSWER, 0) is None:
        raise NoLongerStored("Its certificate tells what was proven of it when it was.")
    tx.add(replay)
    tx.publish(MatchReplayRequested(version=1, replay_id=replay.id, run_id=run_id))
    return replay


async def start_replay(tx: Transaction, replay_id: UUID) -> Run | None:
    """A worker takes a replay up, of this run; None when it is over already."""
    replay = await tx.lock(Replay, replay_id)
    if replay.state not in UNFINISHED:
        return None
    await tx.save(replay.started(await tx.now()))
    return await tx.get(Run, replay.run_id)


async def cancel_replay(tx: Transaction, replay_id: UUID) -> Replay:
    """Call a replay off; its worker stops at its next sign of progress.

    Raises: NotFound, ReplayOver.
    """
    replay = (await tx.lock(Replay, replay_id)).cancelled(await tx.now())
    await tx.save(replay)
    return replay


@dataclass(frozen=True, slots=True)
class CompleteReplay:
    """Digests of the stored and of the replayed answer, and the engine versions that gave them."""

    replay_id: UUID
    stored: str
    replayed: str
    stored_engine: str
    engine: str


async def complete_replay(tx: Transaction, command: CompleteReplay) -> None:
    """A replay ends with an answer; nobody is proposed to anybody."""
    replay = await tx.lock(Replay, command.replay_id)
    if replay.state in UNFINISHED:
        await tx.save(
            replay.completed(
                await tx.now(),
                stored=command.stored,
                replayed=command.replayed,
                stored_engine=command.stored_engine,
                engine=command.engine,
            )
        )


@dataclass(frozen=True, slots=True)
class FailReplay:
    replay_id: UUID
    problem: str


async def fail_replay(tx: Transaction, command: FailReplay) -> None:
    """A replay ends without an answer."""
    replay = await tx.lock(Replay, command.replay_id)
    if replay.state in UNFINISHED:
        await tx.save(replay.failed(await tx.now(), command.problem))


@dataclass(frozen=True, slots=True)
class AnswerProposal:
    match_id: UUID
    participant_id: UUID
    answer: Literal["accept", "decline"]


async def answer_proposal(tx: Transaction, command: AnswerProposal) -> Match:
    """One of its people answers; with the last yes the match is confirmed, with a no it is over.

    Raises: NotFound, NotYourMatch, AnsweredAlready, TooLate.
    """
    match, now = await tx.lock(Match, command.match_id), await tx.now()
    if command.answer == "decline":
        declined = match.declined(command.participant_id, now)
        await tx.save(declined)
        await tx.execute(sql.LEAVE_SEATS, tx.tenant_id, match.id)
        tx.publish(
            MatchDeclined(
                version=declined.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_id=command.participant_id,
                participant_ids=match.participant_ids,
            )
        )
        return declined
    if command.participant_id in match.accepted_ids:
        return match  # saying yes twice changes nothing
    accepted = match.accepted(command.participant_id, now)
    tx.publish(
        MatchAccepted(
            version=accepted.version,
            match_id=match.id,
            program_id=match.program_id,
            participant_id=command.participant_id,
        )
    )
    if accepted.unanimous:
        accepted = accepted.confirmed()
        tx.publish(
            MatchConfirmed(
                version=accepted.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_ids=match.participant_ids,
                confirmed_at=now,
            )
        )
    await tx.save(accepted)
    return accepted


async def expire_proposal(tx: Transaction, match_id: UUID) -> None:
    """A proposal whose time to answer is over ends, unless it was answered in this very moment."""
    match = await tx.lock(Match, match_id)
    if match.state is MatchState.PROPOSED and match.answer_by <= await tx.now():
        expired = match.expired()
        await tx.save(expired)
        await tx.execute(sql.LEAVE_SEATS, tx.tenant_id, match.id)
        tx.publish(
            MatchExpired(
                version=expired.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_ids=match.participant_ids,
            )
        )
