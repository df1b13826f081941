"""What matching says: runs, proposals, answers and matches."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from peerloom_events.event import Event, Fact
from peerloom_events.topics import MATCHES, RUNS


class MatchRunRequested(Event, type="io.peerloom.matching.run.requested.v1", topic=RUNS, key="run_id"):
    """Someone asked for a program's people to be matched: work for a worker.

    It may end at `target_gap`, with its first certificate (`fast`), or after so many seconds of solving.
    """

    run_id: UUID
    program_id: UUID
    seed: int
    target_gap: float = 1e-3
    fast: bool = False
    time_limit_seconds: float | None = None


class MatchRunProgressed(Event, type="io.peerloom.matching.run.progressed.v1", topic=RUNS, key="run_id"):
    """How far a run is: what is being done, the share (0 to 1) of it that is done, and the gap certified so far, if any."""

    run_id: UUID
    program_id: UUID
    phase: str
    share: float
    gap: float | None = None


class MatchRunCompleted(Event, type="io.peerloom.matching.run.completed.v1", topic=RUNS, key="run_id"):
    """A run ended and was checked. Values are integers in micro-units; `upper_bound` is certified.

    `people` are those in `pairs` (two each), in `trios` (three each) and `unmatched`; a senior may be in several pairs.
    """

    run_id: UUID
    program_id: UUID
    people: int
    pairs: int
    unmatched: int
    value: int
    upper_bound: int
    population_hash: str
    policy_version: str
    engine_version: str
    trios: int = 0
    groups: int = Field(default=0, ge=0, description="Matches of a format that makes groups, of any size.")


class MatchRunFailed(Event, type="io.peerloom.matching.run.failed.v1", topic=RUNS, key="run_id"):
    """A run ended without an answer; nobody was proposed to anybody."""

    run_id: UUID
    program_id: UUID
    reason: str


class MatchReplayRequested(Event, type="io.peerloom.matching.replay.requested.v1", topic=RUNS, key="replay_id"):
    """Someone asked for a run's stored input to be solved again and compared with its answer: work for a worker."""

    replay_id: UUID
    run_id: UUID


class MatchReason(Fact):
    """One checkable reason for a match.

    `giver_id` is who brings it, where one side does; `amount` is in the code's unit.
    """

    code: str
    giver_id: UUID | None = None
    subject: str | None = None
    amount: float | None = None


class MatchProposed(Event, type="io.peerloom.matching.match.proposed.v1", topic=MATCHES, key="match_id"):
    """Two people, or three, are proposed to each other; all are asked until `answer_by`."""

    match_id: UUID
    run_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    weight: int = Field(
        ge=0, le=1_000_000, description="What the match is worth, in micro-units; of three people's three pairs the mean."
    )
    reasons: tuple[MatchReason, ...]
    answer_by: AwareDatetime
    round: int = Field(default=1, ge=1, description="Which one of several rounds that were planned at once.")


class MatchAccepted(Event, type="io.peerloom.matching.match.accepted.v1", topic=MATCHES, key="match_id"):
    """One of those proposed to each other said yes."""

    match_id: UUID
    program_id: UUID
    participant_id: UUID


class MatchDeclined(Event, type="io.peerloom.matching.match.declined.v1", topic=MATCHES, key="match_id"):
    """Somebody said no; the proposal is over, and no two of its people are ever proposed to each other again."""

    match_id: UUID
    program_id: UUID
    participant_id: UUID
    participant_ids: tuple[UUID, ...]


class MatchExpired(Event, type="io.peerloom.matching.match.expired.v1", topic=MATCHES, key="match_id"):
    """Not everybody answered in time."""

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]


class MatchConfirmed(Event, type="io.peerloom.matching.match.confirmed.v1", topic=MATCHES, key="match_id"):
    """Everybody said yes: a relationship may begin."""

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    confirmed_at: AwareDatetime
    round: int = Field(default=1, ge=1, description="Which one of several rounds that were planned at once.")


class MatchEnded(Event, type="io.peerloom.matching.match.ended.v1", topic=MATCHES, key="match_id"):
    """A proposal or a match is over before its time; its people may be matched again, with others.

    `reason`: `participant_left`, `participant_withdrew`, `participant_paused`, `program_closed`, or what its people or HR gave
    (`goals_reached`, `no_time`, `not_a_fit`, `other`), or `program_ended`. It blames nobody: who asked for it is not said.
    """

    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    reason: str
    was_confirmed: bool = Field(
        description="Whether everybody had said yes; otherwise it was a proposal that waited for answers."
    )
    ended_at: AwareDatetime
