"""What matching believes about a run, its states and what was proven of its answer. Pure: no I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any
from uuid import UUID

from matching_service.engine import Policy, explain_rules
from peerloom_service.problems import Conflict


class RunInProgress(Conflict):
    title = "This program is already being matched"

    def __init__(self) -> None:
        super().__init__("Wait for its run to end, or cancel that run, then send the request again.")


class RunOver(Conflict):
    title = "This run has already ended"


class RunState(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (RunState.REQUESTED, RunState.RUNNING)


class RunSignal(Enum):
    """What the worker of a run or replay should do next."""

    CONTINUE = auto()
    FINISH_EARLY = auto()
    ABANDON = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run or replay is: its id, what is being done, the share (0 to 1) of it that is done, and the gap certified so
    far, as a share of the bound; None before there is one.
    """

    id: UUID
    phase: str
    share: float
    gap: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A run's stored answer in figures, once it has passed the check: see `Run` and `Certificate`."""

    people: int
    pairs: int
    trios: int
    groups: int
    unmatched: int
    value: int
    upper_bound: int
    gap: float
    most_people: int
    method: str
    bound_checked_people: int
    population_hash: str
    policy: dict[str, Any]
    policy_label: str
    policy_fingerprint: str
    engine_version: str
    answer_sha256: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One matching of a program's free people. `value` and `upper_bound` are integers in micro-units.

    `phase` and `share` say how far it is: what is being done, and the share (0 to 1) of it that is done. `gap`: what the pairs
    found so far may lack, as a share of the certified bound; None before there is one.

    `target_gap`, `fast` and `time_limit_seconds` (of solving; None: as long as it takes) say when it may end. `ended_early`: it
    was ended by the limit or by `stop_requested`, with the best pairs found until then.
    """

    id: UUID
    version: int
    program_id: UUID
    seed: int
    requested_at: datetime
    target_gap: float = 1e-3
    fast: bool = False
    time_limit_seconds: float | None = None
    stop_requested: bool = False
    ended_early: bool = False
    state: RunState = RunState.REQUESTED
    phase: str = "waiting"
    share: float = 0.0
    gap: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    people: int | None = None
    pairs: int | None = None
    trios: int | None = None
    groups: int | None = None
    unmatched: int | None = None
    value: int | None = None
    upper_bound: int | None = None
    population_hash: str | None = None
    policy: str | None = None
    engine_version: str | None = None
    problem: str | None = None

    def started(self, now: datetime) -> "Run":
        """A worker has taken it up; taking it up again after a crash is fine."""
        return replace(self, version=self.version + 1, state=RunState.RUNNING, started_at=now, phase="reading", share=0.0)

    def progressed(self, progress: Progress) -> "Run":
        """It got this far."""
        return replace(self, version=self.version + 1, phase=progress.phase, share=progress.share, gap=progress.gap)

    def completed(self, now: datetime, result: Result, *, ended_early: bool) -> "Run":
        """It has an answer that passed the check."""
        return replace(
            self,
            version=self.version + 1,
            state=RunState.COMPLETED,
            finished_at=now,
            phase="done",
            share=1.0,
            ended_early=ended_early,
            people=result.people,
            pairs=result.pairs,
            trios=result.trios,
            groups=result.groups,
            unmatched=result.unmatched,
            value=result.value,
            upper_bound=result.upper_bound,
            gap=result.gap,
            population_hash=result.population_hash,
            policy=result.policy_label,
            engine_version=result.engine_version,
        )

    def failed(self, now: datetime, problem: str) -> "Run":
        """It has no answer; nobody is proposed to anybody."""
        return replace(self, version=self.version + 1, state=RunState.FAILED, finished_at=now, problem=problem)

    def cancelled(self, now: datetime) -> "Run":
        """Somebody cancelled it.

        Raises: RunOver.
        """
        if self.state not in UNFINISHED:
            raise RunOver(f"The run is {self.state}. Request a new run to match the program again.")
        return replace(self, version=self.version + 1, state=RunState.CANCELLED, finished_at=now)

    def stopped(self) -> "Run":
        """Somebody wants what has been found so far.

        Raises: RunOver.
        """
        if self.state not in UNFINISHED:
            raise RunOver(f"The run is {self.state}. Request a new run to match the program again.")
        return replace(self, version=self.version + 1, stop_requested=True)

    @property
    def signal(self) -> RunSignal:
        """What its worker should do next."""
        if self.state is not RunState.RUNNING:
            return RunSignal.ABANDON
        return RunSignal.FINISH_EARLY if self.stop_requested else RunSignal.CONTINUE


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was proven of a completed run's answer, and from what; `id` is the run's. Values in micro-units.

    `upper_bound`: no matching of at least as many people is worth more; `most_people`: in none are more people matched, each
    counted once for every seat. Every match was checked; for `bound_checked_people` people the prices behind the bounds were
    compared with everybody again. `answer_sha256`: of the stored answer's bytes.
    `report`: what it is for its people (`engine.report.Report`); None in certificates of the release before.
    """

    id: UUID
    version: int
    checked_at: datetime
    people: int
    pairs: int
    trios: int
    groups: int
    value: int
    upper_bound: int
    most_people: int
    method: str
    ended_early: bool
    bound_checked_people: int
    population_hash: str
    policy: dict[str, Any]
    policy_fingerprint: str
    seed: int
    target_gap: float
    fast: bool
    time_limit_seconds: float | None
    engine_version: str
    answer_sha256: str
    report: dict[str, Any] | None

    @classmethod
    def of(cls, run: Run, result: Result, checked_at: datetime) -> "Certificate":
        """What was proven of the answer of a completed run."""
        return cls(
            id=run.id,
            version=1,
            checked_at=checked_at,
            people=result.people,
            pairs=result.pairs,
            trios=result.trios,
            groups=result.groups,
            value=result.value,
            upper_bound=result.upper_bound,
            most_people=result.most_people,
            method=result.method,
            ended_early=run.ended_early,
            bound_checked_people=result.bound_checked_people,
            population_hash=result.population_hash,
            policy=result.policy,
            policy_fingerprint=result.policy_fingerprint,
            seed=run.seed,
            target_gap=run.target_gap,
            fast=run.fast,
            time_limit_seconds=run.time_limit_seconds,
            engine_version=result.engine_version,
            answer_sha256=result.answer_sha256,
            report=result.report,
        )

    @property
    def rules(self) -> dict[str, str]:
        """The rules of the policy that may keep two people apart, by name, each in a sentence."""
        return explain_rules(Policy.model_validate(self.policy))

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0
