"""Bodies in and out of matching's API."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from matching_service import domain
from peerloom_service.bodies import Body, Out


class NewRun(Body):
    program_id: UUID
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="The same people, policy and seed give the same answer.")


class RunOut(Out):
    id: UUID
    version: int
    program_id: UUID
    seed: int
    state: domain.RunState
    phase: str = Field(description="What is being done: waiting, reading, scoring, matching, explaining, checking, done.")
    share: float = Field(description="Share of the phase that is done, 0 to 1.")
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    people: int | None
    pairs: int | None
    trios: int | None = Field(description="How many matches are of three people; those of two are the pairs.")
    unmatched: int | None
    value: int | None = Field(description="What all pairs and trios are worth, in micro-units.")
    upper_bound: int | None = Field(description="Certified: no matching of as many people is worth more.")
    gap: float | None = Field(
        description="What may be missing, as a share of the bound; while it runs, as far as known by then."
    )
    population_hash: str | None
    policy: str | None
    engine_version: str | None
    problem: str | None

    @classmethod
    def of(cls, run: domain.Run) -> Self:
        """As the API shows it."""
        return cls.model_validate(run, from_attributes=True)


class UnmatchedOut(Out):
    """Somebody a run left without a partner. `removed`: how many people each rule removed, the most first."""

    id: UUID = Field(description="The participant.")
    why: Literal["no_feasible_partner", "odd_one_out", "better_pairs_elsewhere"]
    partners: int = Field(description="How many people the rules would have allowed.")
    removed: dict[str, int]


class ReasonOut(Out):
    code: str
    giver_id: UUID | None
    subject: str | None
    amount: float | None


class MatchOut(Out):
    id: UUID
    version: int
    run_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    weight: int = Field(
        description="What the match is worth, 0 to 1,000,000 micro-units; of three people's three pairs the mean."
    )
    reasons: tuple[ReasonOut, ...]
    proposed_at: datetime
    answer_by: datetime
    state: domain.MatchState
    accepted_ids: tuple[UUID, ...]
    declined_id: UUID | None

    @classmethod
    def of(cls, match: domain.Match) -> Self:
        """As the API shows it."""
        return cls.model_validate(match, from_attributes=True)


class Answer(Body):
    participant_id: UUID
    answer: Literal["accept", "decline"]


class PoolOut(Out):
    """How a program's people stand, as far as matching has heard."""

    program_id: UUID
    enrolled: int
    free: int = Field(description="People who have a seat left: who will take part in the next run.")
    proposed: int = Field(description="Seats in open proposals; a senior may have several.")
    confirmed: int = Field(description="Seats in confirmed matches.")
