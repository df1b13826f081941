"""Bodies in and out of matching's API."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from matching_service.domain.matches import EndReason, Match, MatchState
from matching_service.domain.programs import Pool
from matching_service.domain.replays import Replay
from matching_service.domain.runs import Certificate, Run, RunState
from matching_service.engine import Report
from peerloom_service.http.bodies import Body, Out


class NewRun(Body):
    program_id: UUID
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="The same people, policy and seed give the same answer.")
    target_gap: float = Field(
        default=1e-3, ge=0, lt=1, description="Go on until the certified gap is this small, or nothing more is found."
    )
    fast: bool = Field(default=False, description="End with the first certificate: sooner, with a wider gap.")
    time_limit_seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description="End with the best pairs found after so many seconds of solving. A seed then gives no fixed answer.",
    )


class RunOut(Out):
    id: UUID
    version: int
    program_id: UUID
    seed: int
    target_gap: float
    fast: bool
    time_limit_seconds: float | None
    stop_requested: bool = Field(description="Somebody asked it to end with the best pairs found.")
    ended_early: bool = Field(description="It was ended by its time limit or on request, before it was through.")
    state: RunState
    phase: str = Field(description="What is being done: waiting, reading, scoring, matching, explaining, checking, done.")
    share: float = Field(description="Share of the phase that is done, 0 to 1.")
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    people: int | None
    pairs: int | None
    trios: int | None = Field(description="How many matches are of three people; those of two are the pairs.")
    groups: int | None = Field(description="How many matches are groups, where the format makes groups.")
    unmatched: int | None
    value: int | None = Field(description="What all matches are worth, in micro-units.")
    upper_bound: int | None = Field(description="Certified: no matching of as many people is worth more.")
    gap: float | None = Field(
        description="What may be missing, as a share of the bound; while it runs, as far as known by then."
    )
    population_hash: str | None
    policy: str | None
    engine_version: str | None
    problem: str | None

    @classmethod
    def of(cls, run: Run) -> Self:
        """As the API shows it."""
        return cls.model_validate(run, from_attributes=True)


class CertificateOut(Out):
    """What was proven of a run's answer, from what was stored, by code that shares nothing with the solver."""

    id: UUID = Field(description="The run.")
    version: int
    checked_at: datetime
    people: int
    pairs: int
    trios: int
    groups: int
    value: int = Field(description="Sum of the pairs' weights, in micro-units.")
    upper_bound: int = Field(description="No matching of at least as many people is worth more.")
    gap: float = Field(description="What may be missing, as a share of the bound.")
    most_people: int = Field(description="In no matching are more people matched, each counted once for every seat.")
    method: str
    bound: Literal["deterministic"] = Field(
        default="deterministic",
        description="The solver compared every pair of people with the prices behind it; none was sampled.",
    )
    ended_early: bool = Field(
        description="It was ended by its time limit or on request: as true as any, but no seed gives the same answer again."
    )
    matches_checked: int = Field(description="Of so many matches rules and weight were computed again: all of them.")
    bound_checked_people: int = Field(
        description="For so many people the prices were compared with everybody again; `people`: every pair there is."
    )
    population_hash: str
    policy_name: str
    policy_version: int
    policy_fingerprint: str
    policy: dict[str, Any]
    rules: dict[str, str] = Field(
        description="The policy's rules that may keep two people apart, by name as in `removed` of somebody unmatched, each "
        "in a sentence: also what the program chose of the reporting line."
    )
    seed: int
    target_gap: float
    fast: bool
    time_limit_seconds: float | None
    engine_version: str
    answer_sha256: str = Field(description="Of the stored answer's bytes.")
    report: Report | None = Field(
        description="What the answer is for its people: who learns nothing, what was widened, what would help."
    )

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """As the API shows it."""
        policy = certificate.policy
        shown = asdict(certificate) | {
            "gap": certificate.gap,
            "rules": certificate.rules,
            "matches_checked": certificate.pairs + certificate.trios + certificate.groups,
        }
        return cls.model_validate(shown | {"policy_name": policy["name"], "policy_version": policy["version"]})


class ReplayOut(Out):
    """A run's stored input solved once more; nobody is proposed to anybody."""

    id: UUID
    version: int
    run_id: UUID
    requested_at: datetime
    state: RunState
    phase: str = Field(description="What is being done: waiting, reading, scoring, matching, explaining, done.")
    share: float = Field(description="Share of the phase that is done, 0 to 1.")
    started_at: datetime | None
    finished_at: datetime | None
    identical: bool | None = Field(description="Whether the bytes of both answers are the same.")
    stored_sha256: str | None
    replayed_sha256: str | None
    stored_engine_version: str | None
    engine_version: str | None
    remark: str | None = Field(description="Why the answers differ, or may.")
    problem: str | None

    @classmethod
    def of(cls, replay: Replay) -> Self:
        """As the API shows it."""
        return cls.model_validate(replay, from_attributes=True)


class UnmatchedOut(Out):
    """Somebody a run left without a partner. `removed`: how many people each rule removed, the most first."""

    id: UUID = Field(description="The participant.")
    why: Literal["no_feasible_partner", "odd_one_out", "better_pairs_elsewhere", "search_ended", "no_group"]
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
    state: MatchState
    accepted_ids: tuple[UUID, ...]
    declined_id: UUID | None
    ended_at: datetime | None = Field(default=None, description="When it ended before its time.")
    ended_reason: EndReason | None = Field(default=None, description="Why it ended before its time.")
    round: int = Field(description="Which one of several rounds that were planned at once, from 1.")

    @classmethod
    def of(cls, match: Match) -> Self:
        """As the API shows it."""
        return cls.model_validate(match, from_attributes=True)


class Ending(Body):
    participant_id: UUID | None = Field(default=None, description="Who asks for it; left out: HR does. Nobody is told who did.")
    reason: Literal[EndReason.GOALS_REACHED, EndReason.NO_TIME, EndReason.NOT_A_FIT, EndReason.OTHER] = EndReason.OTHER


class Answer(Body):
    participant_id: UUID
    answer: Literal["accept", "decline"]


class PoolOut(Out):
    """How a program's people stand, as far as matching knows."""

    program_id: UUID
    enrolled: int
    free: int = Field(description="People who have a seat left: who will take part in the next run.")
    proposed: int = Field(description="Seats in open proposals; where the format allows it somebody has several.")
    confirmed: int = Field(description="Seats in confirmed matches.")

    @classmethod
    def of(cls, pool: Pool) -> Self:
        """As the API shows it."""
        return cls.model_validate(pool, from_attributes=True)
