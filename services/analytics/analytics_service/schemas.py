"""Bodies out of analytics' API. Each figure's description says exactly what it counts."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from analytics_service import domain
from peerloom_service.http.bodies import Out


class OverviewOut(Out):
    """An organisation at a glance."""

    as_of: datetime = Field(description="When these figures were read. Events still on their way are not in them.")
    participants: int = Field(description="People ever registered.")
    programs: int = Field(description="Programs ever launched.")
    events: dict[str, int] = Field(
        description="Events by CloudEvents type, each event once however often it was delivered; 0 for types never received."
    )

    @classmethod
    def of(cls, overview: domain.Overview) -> Self:
        return cls.model_validate(overview, from_attributes=True)


class ProgramOut(Out):
    """What the program is for."""

    id: UUID
    format: str
    goal: str
    metric: str = Field(description="How the organisation will know that it was worth it.")
    starts_on: date
    ends_on: date


class PeopleOut(Out):
    """People of the program; nobody is counted twice."""

    enrolled: int = Field(description="People enrolled.")
    matched: int = Field(description="People in at least one confirmed match.")
    without_match: int = Field(description="People enrolled who are in no confirmed match.")


class CompletedRunOut(Out):
    """A match run that ended with an answer, when it ended: answers to its proposals do not change these figures."""

    id: UUID
    people: int = Field(description="People the run was to match.")
    pairs: int = Field(description="Pairs it found.")
    trios: int = Field(description="Matches of three people it found.")
    unmatched: int = Field(description="People it left without a partner.")
    value: int = Field(
        description="Worth of all pairs and trios, in millionths; one perfect pair is 1,000,000, a trio 1,500,000."
    )
    upper_bound: int = Field(description="Certified: no matching of these people is worth more. In millionths.")
    gap: float = Field(
        description="What may be missing to the best: (upper_bound - value) / upper_bound, six decimals; 0 for a bound of 0."
    )


class RunsOut(Out):
    """Match runs."""

    requested: int = Field(description="Runs asked for, whatever became of them.")
    completed: int = Field(description="Runs that ended with an answer.")
    failed: int = Field(description="Runs that ended without one.")
    last: CompletedRunOut | None = Field(description="Of the completed runs the one asked for last; null before the first.")


class ProposalsOut(Out):
    """Proposals: made = waiting + declined + expired + confirmed + ended."""

    made: int = Field(description="Proposals made, whatever became of them.")
    acceptances: int = Field(
        description="Acceptances: up to one for each person of a proposal, whether or not it became a match."
    )
    waiting: int = Field(description="Proposals that have not ended: at least one person has not answered, and there is time.")
    declined: int = Field(description="Proposals that somebody declined.")
    expired: int = Field(description="Proposals that were not answered by all in time.")
    confirmed: int = Field(description="Matches: proposals that everybody accepted, also those that are over.")
    ended: int = Field(default=0, description="Proposals that ended unanswered because somebody left, paused or withdrew.")


class SessionsOut(Out):
    """Meetings of the program's matches: scheduled = to_come + completed + missed + cancelled."""

    scheduled: int = Field(description="Sessions that were given a time, whatever became of them.")
    to_come: int = Field(description="Sessions not completed, missed or cancelled so far.")
    completed: int = Field(description="Sessions that took place.")
    missed: int = Field(description="Sessions that somebody did not come to.")
    cancelled: int = Field(description="Sessions that were called off before they started.")


class RelationshipsOut(Out):
    """What became of the program's matches."""

    at_risk: int = Field(description="Relationships that were last reported to need help, and have not ended.")
    completed: int = Field(description="Relationships that ended: with their program, or closed by their people.")


class FeedbackOut(Out):
    """What people answered about their sessions. Rates and means have four decimals; null: there is nothing to rate."""

    surveys_requested: int = Field(description="Surveys sent: one for each person of a completed session.")
    surveys_answered: int = Field(description="Surveys answered.")
    response_rate: float | None = Field(
        description="surveys_answered / surveys_requested, 0 to 1; null before the first survey."
    )
    usefulness_mean: float | None = Field(description="Mean usefulness over the answers, 1 to 5; null before the first.")
    usefulness_distribution: dict[int, int] = Field(description="How many answers gave each usefulness; always 1 to 5.")
    share_learned_something: float | None = Field(
        description="Answers that something was learned / surveys_answered, 0 to 1; null before the first."
    )
    share_meet_again: float | None = Field(
        description="Answers that want to meet again / surveys_answered, 0 to 1; null before the first."
    )


class ProgramFiguresOut(Out):
    """A program from enrolment to feedback, all read at one moment."""

    as_of: datetime = Field(description="When these figures were read. Events still on their way are not in them.")
    program: ProgramOut
    people: PeopleOut
    runs: RunsOut
    proposals: ProposalsOut
    sessions: SessionsOut
    relationships: RelationshipsOut
    feedback: FeedbackOut

    @classmethod
    def of(cls, figures: domain.ProgramFigures) -> Self:
        return cls.model_validate(figures, from_attributes=True)
