"""Events in: each is translated into the fact it carries. A handler takes many events of one type and organisation together."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from analytics_service import domain
from analytics_service.domain import Fact, MatchState, RelationshipState, RunState, SessionState
from analytics_service.use_cases import CountEvents, KeepFacts, count_events, keep_facts
from peerloom_events import (
    Event,
    FeedbackSubmitted,
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchEnded,
    MatchExpired,
    MatchProposed,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
    ParticipantEnrolled,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    ProgramUpdated,
    RelationshipAtRisk,
    RelationshipCompleted,
    SessionCancelled,
    SessionCompleted,
    SessionMissed,
    SessionRescheduled,
    SessionScheduled,
    SurveyRequested,
)
from peerloom_service.use_cases.transaction import Transaction

_RUN_STATES: Final[dict[type[Event], RunState]] = {
    MatchRunRequested: RunState.REQUESTED,
    MatchRunProgressed: RunState.REQUESTED,
    MatchRunFailed: RunState.FAILED,
}
_MATCH_STATES: Final[dict[type[Event], MatchState]] = {
    MatchProposed: MatchState.PROPOSED,
    MatchDeclined: MatchState.DECLINED,
    MatchExpired: MatchState.EXPIRED,
    MatchConfirmed: MatchState.CONFIRMED,
}
_SESSION_STATES: Final[dict[type[Event], SessionState]] = {
    SessionScheduled: SessionState.SCHEDULED,
    SessionRescheduled: SessionState.SCHEDULED,
    SessionCompleted: SessionState.COMPLETED,
    SessionMissed: SessionState.MISSED,
    SessionCancelled: SessionState.CANCELLED,
}
_RELATIONSHIP_STATES: Final[dict[type[Event], RelationshipState]] = {
    RelationshipAtRisk: RelationshipState.AT_RISK,
    RelationshipCompleted: RelationshipState.COMPLETED,
}


class KnownParticipant(Struct, frozen=True):
    """What is read of a participant: no figure uses their other facts."""

    version: Annotated[int, Meta(ge=1)]
    participant_id: UUID


async def registered(tx: Transaction, people: Sequence[KnownParticipant]) -> None:
    """Participants became known."""
    await _keep(tx, ParticipantRegistered, [domain.ParticipantFact(one.participant_id, one.version) for one in people])


async def updated(tx: Transaction, people: Sequence[KnownParticipant]) -> None:
    """Participants' facts changed."""
    await _keep(tx, ParticipantUpdated, [domain.ParticipantFact(one.participant_id, one.version) for one in people])


async def programs(tx: Transaction, events: Sequence[ProgramLaunched | ProgramUpdated]) -> None:
    """Programs were launched, or their dates changed."""
    facts = [
        domain.ProgramFact(one.program_id, one.version, one.format, one.goal, one.metric, one.starts_on, one.ends_on)
        for one in events
    ]
    await _keep(tx, type(events[0]), facts)


async def enrolments(tx: Transaction, events: Sequence[ParticipantEnrolled]) -> None:
    """Participants joined programs."""
    facts = [domain.EnrolmentFact(one.enrolment_id, one.version, one.program_id, one.participant_id) for one in events]
    await _keep(tx, ParticipantEnrolled, facts)


async def runs(tx: Transaction, events: Sequence[MatchRunRequested | MatchRunProgressed | MatchRunFailed]) -> None:
    """Match runs without a result: requested, under way, or failed."""
    kind = type(events[0])
    await _keep(tx, kind, [domain.RunFact(one.run_id, one.version, one.program_id, _RUN_STATES[kind]) for one in events])


async def completed_runs(tx: Transaction, events: Sequence[MatchRunCompleted]) -> None:
    """Match runs ended with a result."""
    facts = [
        domain.RunFact(
            id=one.run_id,
            version=one.version,
            program_id=one.program_id,
            state=RunState.COMPLETED,
            people=one.people,
            pairs=one.pairs,
            trios=one.trios,
            unmatched=one.unmatched,
            value=one.value,
            upper_bound=one.upper_bound,
        )
        for one in events
    ]
    await _keep(tx, MatchRunCompleted, facts)


async def counted(tx: Transaction, events: Sequence[Event]) -> None:
    """Something happened that changes no figure: how often is kept."""
    await count_events(tx, CountEvents(type(events[0]).type, len(events)))


async def matches(tx: Transaction, events: Sequence[MatchProposed | MatchDeclined | MatchExpired | MatchConfirmed]) -> None:
    """Proposals were made, or they ended."""
    kind = type(events[0])
    state = _MATCH_STATES[kind]
    facts = [domain.MatchFact(one.match_id, one.version, one.program_id, state, one.participant_ids) for one in events]
    await _keep(tx, kind, facts)


async def ended_matches(tx: Transaction, events: Sequence[MatchEnded]) -> None:
    """Proposals or matches ended before their time; a match that was confirmed stays one that was."""
    states = {True: MatchState.CONFIRMED, False: MatchState.ENDED}
    facts = [
        domain.MatchFact(one.match_id, one.version, one.program_id, states[one.was_confirmed], one.participant_ids)
        for one in events
    ]
    await _keep(tx, MatchEnded, facts)


async def acceptances(tx: Transaction, events: Sequence[MatchAccepted]) -> None:
    """Participants accepted proposals."""
    facts = [domain.AcceptanceFact(one.match_id, one.participant_id, one.version, one.program_id) for one in events]
    await _keep(tx, MatchAccepted, facts)


async def sessions(
    tx: Transaction,
    events: Sequence[SessionScheduled | SessionRescheduled | SessionCompleted | SessionMissed | SessionCancelled],
) -> None:
    """Sessions were given a time, took place, or did not."""
    kind = type(events[0])
    state = _SESSION_STATES[kind]
    await _keep(tx, kind, [domain.SessionFact(one.session_id, one.version, one.program_id, state) for one in events])


async def relationships(tx: Transaction, events: Sequence[RelationshipAtRisk | RelationshipCompleted]) -> None:
    """Relationships need help, or ended."""
    kind = type(events[0])
    state = _RELATIONSHIP_STATES[kind]
    await _keep(tx, kind, [domain.RelationshipFact(one.match_id, one.version, one.program_id, state) for one in events])


async def surveys(tx: Transaction, events: Sequence[SurveyRequested]) -> None:
    """Participants were asked about a session."""
    await _keep(tx, SurveyRequested, [domain.SurveyFact(one.survey_id, one.version, one.program_id) for one in events])


async def answered_surveys(tx: Transaction, events: Sequence[FeedbackSubmitted]) -> None:
    """Participants answered their surveys."""
    facts = [
        domain.SurveyFact(one.survey_id, one.version, one.program_id, one.usefulness, one.learned_something, one.meet_again)
        for one in events
    ]
    await _keep(tx, FeedbackSubmitted, facts)


async def _keep(tx: Transaction, kind: type[Event], facts: Sequence[Fact]) -> None:
    await keep_facts(tx, KeepFacts(kind.type, facts))
