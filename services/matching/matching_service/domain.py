"""What matching believes about runs, proposals and answers. Pure: no I/O, no clock."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any
from uuid import UUID

from matching_service.engine import Policy, format_of
from peerloom_service.problems import Conflict, Forbidden


class RunInProgress(Conflict):
    title = "This program is being matched already"


class RunOver(Conflict):
    title = "The run has ended already"


class NotCompleted(Conflict):
    title = "The run has no answer"


class NotReproducible(Conflict):
    title = "The run was ended early, so nothing says which answer it must give"


class NoLongerStored(Conflict):
    title = "What the run was given is no longer stored"


class ReplayInProgress(Conflict):
    title = "This run is being replayed already"


class ReplayOver(Conflict):
    title = "The replay has ended already"


class NotYourMatch(Forbidden):
    title = "Only those who are proposed to each other can answer"


class AnsweredAlready(Conflict):
    title = "The proposal is no longer open"


class TooLate(Conflict):
    title = "The time to answer is over"


@dataclass(frozen=True, slots=True)
class Program:
    """What is known here of a program: under which rules its people are matched."""

    format: str
    answer_within_seconds: int
    trio_when_odd: bool
    junior_up_to_level: int | None = None
    seats_per_senior: int = 1


def policy_of(program: Program) -> Policy:
    """What a match is worth in this program, and which matches may never be."""
    format_ = format_of(program.format)
    return format_.policy(format_.options(asdict(program)))


class RunState(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (RunState.REQUESTED, RunState.RUNNING)


class Wish(Enum):
    """What is wanted of whoever works on a run or a replay."""

    GO_ON = auto()
    END_EARLY = auto()
    GIVE_UP = auto()


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

    def progressed(self, phase: str, share: float, gap: float | None) -> "Run":
        """It got this far."""
        return replace(self, version=self.version + 1, phase=phase, share=share, gap=gap)

    def completed(self, now: datetime, **result: Any) -> "Run":
        """It has an answer that passed the check."""
        return replace(
            self, version=self.version + 1, state=RunState.COMPLETED, finished_at=now, phase="done", share=1.0, **result
        )

    def failed(self, now: datetime, problem: str) -> "Run":
        """It has no answer; nobody is proposed to anybody."""
        return replace(self, version=self.version + 1, state=RunState.FAILED, finished_at=now, problem=problem)

    def cancelled(self, now: datetime) -> "Run":
        """Somebody called it off.

        Raises: RunOver.
        """
        if self.state not in UNFINISHED:
            raise RunOver(f"It is {self.state}.")
        return replace(self, version=self.version + 1, state=RunState.CANCELLED, finished_at=now)

    def stopped(self) -> "Run":
        """Somebody wants what has been found so far.

        Raises: RunOver.
        """
        if self.state not in UNFINISHED:
            raise RunOver(f"It is {self.state}.")
        return replace(self, version=self.version + 1, stop_requested=True)

    @property
    def wish(self) -> Wish:
        """What its worker should do now."""
        if self.state is not RunState.RUNNING:
            return Wish.GIVE_UP
        return Wish.END_EARLY if self.stop_requested else Wish.GO_ON

    def replayed(self, replay_id: UUID, now: datetime) -> "Replay":
        """Its stored input is to be solved again.

        Raises: NotCompleted, NotReproducible.
        """
        if self.state is not RunState.COMPLETED:
            raise NotCompleted(f"It is {self.state}; only the answer of a completed run can be compared with another.")
        if self.ended_early:
            raise NotReproducible(
                "How far it came was a matter of time. Its answer was checked; the certificate tells how good it is."
            )
        return Replay(id=replay_id, version=1, run_id=self.id, requested_at=now)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was proven of a completed run's answer, and from what; `id` is the run's. Values in micro-units.

    `upper_bound`: no matching of at least as many people is worth more; `most_people`: in none are more people matched, each
    counted once for every seat. Every match was checked; for `bound_checked_people` people the prices behind the bounds were
    compared with everybody again. `answer_sha256`: of the stored answer's bytes.
    """

    id: UUID
    version: int
    checked_at: datetime
    people: int
    pairs: int
    trios: int
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

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0


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

    def started(self, now: datetime) -> "Replay":
        """A worker has taken it up; taking it up again after a crash is fine."""
        return replace(self, version=self.version + 1, state=RunState.RUNNING, started_at=now, phase="reading", share=0.0)

    def completed(self, now: datetime, *, stored: str, replayed: str, stored_engine: str, engine: str) -> "Replay":
        """It has an answer: both digests, and the engine versions that gave them."""
        remark = None
        if stored_engine != engine:
            remark = (
                f"The stored answer is from engine {stored_engine}, this one from engine {engine}: another version may well "
                "answer otherwise, and names itself in its answer."
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
        """Somebody called it off.

        Raises: ReplayOver.
        """
        if self.state not in UNFINISHED:
            raise ReplayOver(f"It is {self.state}.")
        return replace(self, version=self.version + 1, state=RunState.CANCELLED, finished_at=now)


class MatchState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two people, or three, were brought together. `giver_id` brings `subject`; `amount` is in the code's own unit."""

    code: str
    giver_id: UUID | None = None
    subject: str | None = None
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Two people, or three, proposed to each other, and what became of it.

    `weight`: 0 to 1,000,000 micro-units; of three people's three pairs the mean.
    """

    id: UUID
    version: int
    run_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    weight: int
    reasons: tuple[Reason, ...]
    proposed_at: datetime
    answer_by: datetime
    state: MatchState = MatchState.PROPOSED
    accepted_ids: tuple[UUID, ...] = ()
    declined_id: UUID | None = None

    def accepted(self, participant_id: UUID, now: datetime) -> "Match":
        """One of them says yes.

        Raises: NotYourMatch, AnsweredAlready, TooLate.
        """
        self._open_to(participant_id, now)
        return replace(self, version=self.version + 1, accepted_ids=(*self.accepted_ids, participant_id))

    def declined(self, participant_id: UUID, now: datetime) -> "Match":
        """One of them says no, even after having said yes, as long as not all have.

        Raises: NotYourMatch, AnsweredAlready, TooLate.
        """
        self._open_to(participant_id, now)
        return replace(self, version=self.version + 1, state=MatchState.DECLINED, declined_id=participant_id)

    def confirmed(self) -> "Match":
        """Everybody said yes."""
        return replace(self, version=self.version + 1, state=MatchState.CONFIRMED)

    def expired(self) -> "Match":
        """Not everybody answered in time."""
        return replace(self, version=self.version + 1, state=MatchState.EXPIRED)

    @property
    def unanimous(self) -> bool:
        """Whether everybody said yes."""
        return set(self.accepted_ids) == set(self.participant_ids)

    def _open_to(self, participant_id: UUID, now: datetime) -> None:
        if participant_id not in self.participant_ids:
            raise NotYourMatch("The participant is not part of this proposal.")
        if self.state is not MatchState.PROPOSED:
            raise AnsweredAlready(f"It is {self.state}.")
        if now >= self.answer_by:
            raise TooLate(f"Answers were possible until {self.answer_by.isoformat()}.")
