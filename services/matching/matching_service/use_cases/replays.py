"""Replays: a completed run's stored people matched again, and the answer compared."""

from dataclasses import dataclass
from uuid import UUID

from matching_service import queries, sql
from matching_service.domain.replays import NoLongerStored, Replay
from matching_service.domain.runs import UNFINISHED, Progress, Run, RunSignal
from peerloom_events import MatchReplayRequested
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction


async def request(tx: Transaction, run_id: UUID) -> Replay:
    """Ask for a run's stored input to be solved again and compared with its stored answer.

    Raises: NotFound, NotCompleted, NotReproducible, NoLongerStored, ReplayInProgress.
    """
    replay = Replay.of(await tx.get(Run, run_id), new_id(), await tx.now())
    if await tx.fetchrow(queries.STORED_ANSWER, tx.tenant_id, run_id) is None:
        raise NoLongerStored
    tx.add(replay)
    tx.publish(MatchReplayRequested(version=1, replay_id=replay.id, run_id=run_id))
    return replay


async def start(tx: Transaction, replay_id: UUID) -> Run | None:
    """A worker takes a replay up, of this run; None when it is over already."""
    replay = await tx.lock(Replay, replay_id)
    if replay.state not in UNFINISHED:
        return None
    await tx.save(replay.started(await tx.now()))
    return await tx.get(Run, replay.run_id)


async def record_progress(tx: Transaction, progress: Progress) -> RunSignal:
    """Note how far a replay is; returns what its worker should do next."""
    running = await tx.fetchrow(sql.REPLAY_PROGRESS, tx.tenant_id, progress.id, progress.phase, progress.share)
    return RunSignal.ABANDON if running is None else RunSignal.CONTINUE


async def cancel(tx: Transaction, replay_id: UUID) -> Replay:
    """Cancel a replay; its worker stops when it next reports progress.

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


async def complete(tx: Transaction, command: CompleteReplay) -> None:
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


async def fail(tx: Transaction, command: FailReplay) -> None:
    """A replay ends without an answer."""
    replay = await tx.lock(Replay, command.replay_id)
    if replay.state in UNFINISHED:
        await tx.save(replay.failed(await tx.now(), command.problem))
