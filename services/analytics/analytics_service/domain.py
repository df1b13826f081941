"""What analytics keeps of events, and what its figures mean. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class RunState(StrEnum):
    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"


class MatchState(StrEnum):
    PROPOSED = "proposed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    CANCELLED = "cancelled"


class RelationshipState(StrEnum):
    AT_RISK = "at_risk"
    COMPLETED = "completed"


# -- facts --------------------------------------------------------------------------------------------------------------
# What an event states about one thing. Each is kept under its id, unless a newer version is known.


@dataclass(frozen=True, slots=True)
class ParticipantFact:
    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class ProgramFact:
    id: UUID
    version: int
    format: str
    goal: str
    metric: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class EnrolmentFact:
    id: UUID
    version: int
    program_id: UUID
    participant_id: UUID


@dataclass(frozen=True, slots=True)
class RunFact:
    """The results are None until the run is completed."""

    id: UUID
    version: int
    program_id: UUID
    state: RunState
    people: int | None = None
    pairs: int | None = None
    trios: int | None = None
    unmatched: int | None = None
    value: int | None = None
    upper_bound: int | None = None


@dataclass(frozen=True, slots=True)
class MatchFact:
    id: UUID
    version: int
    program_id: UUID
    state: MatchState
    participant_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AcceptanceFact:
    match_id: UUID
    participant_id: UUID
    version: int
    program_id: UUID


@dataclass(frozen=True, slots=True)
class SessionFact:
    id: UUID
    version: int
    program_id: UUID
    state: SessionState


@dataclass(frozen=True, slots=True)
class RelationshipFact:
    """`id` is the match's."""

    id: UUID
    version: int
    program_id: UUID
    state: RelationshipState


@dataclass(frozen=True, slots=True)
class SurveyFact:
    """The answers are None until the survey is answered."""

    id: UUID
    version: int
    program_id: UUID
    usefulness: int | None = None
    learned_something: bool | None = None
    meet_again: bool | None = None


Fact = (
    ParticipantFact
    | ProgramFact
    | EnrolmentFact
    | RunFact
    | MatchFact
    | AcceptanceFact
    | SessionFact
    | RelationshipFact
    | SurveyFact
)


# -- figures ------------------------------------------------------------------------------------------------------------


def ratio(part: int, whole: int) -> float | None:
    """`part` to `whole`, rounded to four decimals; None for a whole of 0: that nobody was asked is no response rate of 0."""
    return round(part / whole, 4) if whole else None


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation at a glance. `events`: how many of each CloudEvents type have been counted."""

    as_of: datetime
    participants: int
    programs: int
    events: dict[str, int]


@dataclass(frozen=True, slots=True)
class Program:
    """What a program is for, as it was launched."""

    id: UUID
    format: str
    goal: str
    metric: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class People:
    """People of a program."""

    enrolled: int
    matched: int
    without_match: int


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposals of a program: all that were made, and how those ended that have ended."""

    made: int
    acceptances: int
    declined: int
    expired: int
    confirmed: int
    ended: int = 0

    @property
    def waiting(self) -> int:
        """Proposals that still wait for an answer."""
        return self.made - self.declined - self.expired - self.confirmed - self.ended


@dataclass(frozen=True, slots=True)
class Sessions:
    """Meetings of a program's matches: all that were given a time, and how those ended that have ended."""

    scheduled: int
    completed: int
    missed: int
    cancelled: int = 0

    @property
    def to_come(self) -> int:
        """Sessions not known to have been completed, missed or cancelled."""
        return self.scheduled - self.completed - self.missed - self.cancelled


@dataclass(frozen=True, slots=True)
class Relationships:
    """What became of a program's relationships, as far as it is known of them."""

    at_risk: int
    completed: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What people answered. `usefulness` holds how many answers gave 1, 2, 3, 4 and 5, in this order."""

    surveys_requested: int
    usefulness: tuple[int, int, int, int, int]
    learned_something: int
    meet_again: int

    @property
    def surveys_answered(self) -> int:
        return sum(self.usefulness)

    @property
    def response_rate(self) -> float | None:
        return ratio(self.surveys_answered, self.surveys_requested)

    @property
    def usefulness_mean(self) -> float | None:
        """Mean of the answers, 1 to 5."""
        return ratio(sum(score * answers for score, answers in self.usefulness_distribution.items()), self.surveys_answered)

    @property
    def usefulness_distribution(self) -> dict[int, int]:
        """How many answers gave each score."""
        return dict(enumerate(self.usefulness, start=1))

    @property
    def share_learned_something(self) -> float | None:
        return ratio(self.learned_something, self.surveys_answered)

    @property
    def share_meet_again(self) -> float | None:
        return ratio(self.meet_again, self.surveys_answered)


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A match run that ended with an answer. `value` and `upper_bound` in micro-units."""

    id: UUID
    people: int
    pairs: int
    trios: int
    unmatched: int
    value: int
    upper_bound: int

    @property
    def gap(self) -> float:
        """What may be missing to the best possible, as a share of the bound; 0 where there was nothing to gain."""
        return round((self.upper_bound - self.value) / self.upper_bound, 6) if self.upper_bound else 0.0


@dataclass(frozen=True, slots=True)
class Runs:
    """Match runs of a program. `last`: the completed one that was asked for last."""

    requested: int
    completed: int
    failed: int
    last: CompletedRun | None


@dataclass(frozen=True, slots=True)
class ProgramFigures:
    """A program from enrolment to feedback, all read at one moment."""

    as_of: datetime
    program: Program
    people: People
    runs: Runs
    proposals: Proposals
    sessions: Sessions
    relationships: Relationships
    feedback: Feedback
