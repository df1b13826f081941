"""What matching believes about a replay: a run's stored people matched again. Pure: no I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from matching_service.domain.runs import UNFINISHED, Run, RunState
from peerloom_service.problems import Conflict


class NotCompleted(Conflict):
    title = "Only a completed run can be replayed"


class NotReproducible(Conflict):
    title = "A run that was ended early cannot be replayed"


class NoLongerStored(Conflict):
    title = "The data of this run is no longer stored"

    def __init__(self) -> None:
        super().__init__("The run cannot be replayed any more. Read its certificate to see what was proven of its answer.")


class ReplayInProgress(Conflict):
    title = "This run is already being replayed"

    def __init__(self) -> None:
        super().__init__("Wait for its replay to end, or cancel that replay, then send the request again.")


class ReplayOver(Conflict):
    title = "This replay has already ended"


@dataclass(frozen=True, slots=True)
class Replay:
    """A completed run's stored input solved once more, and whether that gave the stored answer. It proposes nothing."""

    id: UUID
    version: int
    run_id: UUID
    requested_at: datetime
    state: RunState = RunState.REQUESTED
    phase: str = "waiting"
    share: float = 0.0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    identical: bool | None = None
    stored_sha256: str | None = None
    replayed_sha256: str | None = None
    stored_engine_version: str | None = None
    engine_version: str | None = None
    remark: str | None = None
    problem: str | None = None

    @classmethod
    def of(cls, run: Run, replay_id: UUID, now: datetime) -> "Replay":
        """A new replay of a completed run.

        Raises: NotCompleted, NotReproducible.
        """
        if run.state is not RunState.COMPLETED:
            raise NotCompleted(f"The run is {run.state}. Replay it once it has completed.")
        if run.ended_early:
            raise NotReproducible(
                "How far it got was a matter of time, so no second answer would be the same. Read its certificate to see how "
                "good the answer is."
            )
        return cls(id=replay_id, version=1, run_id=run.id, requested_at=now)

    def started(self, now: datetime) -> "Replay":
        """A worker has taken it up; taking it up again after a crash is fine."""
        return replace(self, version=self.version + 1, state=RunState.RUNNING, started_at=now, phase="reading", share=0.0)

    def completed(self, now: datetime, *, stored: str, replayed: str, stored_engine: str, engine: str) -> "Replay":
        """It has an answer: both digests, and the engine versions that gave them."""
        remark = None
        if stored_engine != engine:
            remark = (
                f"The stored answer is from engine {stored_engine}, this one from engine {engine}: another version may give "
                "another answer."
            )
        elif stored != replayed:
            remark = (
                f"Engine {engine} gave another answer than the one that is stored: what is stored has been changed since, "
                "or one of the two machines did not compute as it should."
            )
        return replace(
            self,
            version=self.version + 1,
            state=RunState.COMPLETED,
            finished_at=now,
            phase="done",
            share=1.0,
            identical=stored == replayed,
            stored_sha256=stored,
            replayed_sha256=replayed,
            stored_engine_version=stored_engine,
            engine_version=engine,
            remark=remark,
        )

    def failed(self, now: datetime, problem: str) -> "Replay":
        """It could not be solved again."""
        return replace(self, version=self.version + 1, state=RunState.FAILED, finished_at=now, problem=problem)

    def cancelled(self, now: datetime) -> "Replay":
        """Somebody cancelled it.

        Raises: ReplayOver.
        """
        if self.state not in UNFINISHED:
            raise ReplayOver(f"The replay is {self.state}. Request a new one to replay the run again.")
        return replace(self, version=self.version + 1, state=RunState.CANCELLED, finished_at=now)
