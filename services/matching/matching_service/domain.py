"""What matching believes about runs, proposals and answers. Pure: no I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from matching_service.engine import Policy
from peerloom_service.problems import Conflict, Forbidden


class RunInProgress(Conflict):
    title = "This program is being matched already"


class RunOver(Conflict):
    title = "The run has ended already"


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
    if program.junior_up_to_level is not None:
        return Policy(juniors_up_to=program.junior_up_to_level)
    if program.trio_when_odd:
        return Policy(name="one-to-one peers, a trio when odd", trios=True)
    return Policy()


class RunState(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (RunState.REQUESTED, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Run:
    """One matching of a program's free people. `value` and `upper_bound` are integers in micro-units.

    `phase` and `share` say how far it is: what is being done, and the share (0 to 1) of it that is done. `gap`: what the pairs
    found so far may lack, as a share of the certified bound; None before there is one.
    """

    id: UUID
    version: int
    program_id: UUID
    seed: int
    requested_at: datetime
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
