"""Events in: which facts they are. Every handler takes many events of one type and organisation together."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from analytics_service.domain import MatchState, RunState, SessionState
from analytics_service.models import (
    AcceptanceRow,
    EnrolmentRow,
    MatchRow,
    MatchRunRow,
    ParticipantRow,
    ProgramRow,
    SessionRow,
    SurveyRow,
)
from analytics_service.use_cases import count, remember
from peerloom_events import (
    Event,
    FeedbackSubmitted,
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchExpired,
    MatchProposed,
    MatchReplayRequested,
    MatchRunCompleted,
    MatchRunFailed,
    MatchRunProgressed,
    MatchRunRequested,
    ParticipantEnrolled,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    SessionCompleted,
    SessionMissed,
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
    SessionCompleted: SessionState.COMPLETED,
    SessionMissed: SessionState.MISSED,
}


class KnownParticipant(Struct, frozen=True):
    """What is read of a participant: what they do and where is no figure's business yet."""

    version: Annotated[int, Meta(ge=1)]
    participant_id: UUID


async def registered(tx: Transaction, people: Sequence[KnownParticipant]) -> None:
    """Somebody became known."""
    await _participants(tx, ParticipantRegistered, people)


async def updated(tx: Transaction, people: Sequence[KnownParticipant]) -> None:
    """Somebody's facts changed."""
    await _participants(tx, ParticipantUpdated, people)


async def _participants(tx: Transaction, kind: type[Event], people: Sequence[KnownParticipant]) -> None:
    facts = [{"id": person.participant_id, "version": person.version} for person in people]
    await remember(tx, kind, ParticipantRow, facts)


async def programs(tx: Transaction, events: Sequence[ProgramLaunched]) -> None:
    """A program opened."""
    facts = [
        {
            "id": event.program_id,
            "version": event.version,
            "format": event.format,
            "goal": event.goal,
            "metric": event.metric,
            "starts_on": event.starts_on,
            "ends_on": event.ends_on,
        }
        for event in events
    ]
    await remember(tx, ProgramLaunched, ProgramRow, facts)


async def enrolments(tx: Transaction, events: Sequence[ParticipantEnrolled]) -> None:
    """Somebody takes part."""
    facts = [
        {
            "id": event.enrolment_id,
            "version": event.version,
            "program_id": event.program_id,
            "participant_id": event.participant_id,
        }
        for event in events
    ]
    await remember(tx, ParticipantEnrolled, EnrolmentRow, facts)


async def runs(tx: Transaction, events: Sequence[MatchRunRequested | MatchRunProgressed | MatchRunFailed]) -> None:
    """A match run without a result: it was asked for, is under way, or failed."""
    kind = type(events[0])
    facts = [
        {"id": event.run_id, "version": event.version, "program_id": event.program_id, "state": _RUN_STATES[kind]}
        for event in events
    ]
    await remember(tx, kind, MatchRunRow, facts)


async def completed_runs(tx: Transaction, events: Sequence[MatchRunCompleted]) -> None:
    """A match run ended with an answer."""
    facts = [
        {
            "id": event.run_id,
            "version": event.version,
            "program_id": event.program_id,
            "state": RunState.COMPLETED,
            "people": event.people,
            "pairs": event.pairs,
            "trios": event.trios,
            "unmatched": event.unmatched,
            "value": event.value,
            "upper_bound": event.upper_bound,
        }
        for event in events
    ]
    await remember(tx, MatchRunCompleted, MatchRunRow, facts)


async def replays(tx: Transaction, events: Sequence[MatchReplayRequested]) -> None:
    """A run is to be solved again: that changes nothing anybody has."""
    await count(tx, MatchReplayRequested, len(events))


async def matches(tx: Transaction, events: Sequence[MatchProposed | MatchDeclined | MatchExpired | MatchConfirmed]) -> None:
    """A proposal was made, or it ended."""
    kind = type(events[0])
    facts = [
        {
            "id": event.match_id,
            "version": event.version,
            "program_id": event.program_id,
            "state": _MATCH_STATES[kind],
            "participant_ids": event.participant_ids,
        }
        for event in events
    ]
    await remember(tx, kind, MatchRow, facts)


async def acceptances(tx: Transaction, events: Sequence[MatchAccepted]) -> None:
    """One side of a proposal said yes."""
    facts = [
        {
            "match_id": event.match_id,
            "participant_id": event.participant_id,
            "version": event.version,
            "program_id": event.program_id,
        }
        for event in events
    ]
    await remember(tx, MatchAccepted, AcceptanceRow, facts)


async def sessions(tx: Transaction, events: Sequence[SessionScheduled | SessionCompleted | SessionMissed]) -> None:
    """A session was given a time, took place, or did not."""
    kind = type(events[0])
    facts = [
        {"id": event.session_id, "version": event.version, "program_id": event.program_id, "state": _SESSION_STATES[kind]}
        for event in events
    ]
    await remember(tx, kind, SessionRow, facts)


async def surveys(tx: Transaction, events: Sequence[SurveyRequested]) -> None:
    """Somebody was asked about a session."""
    facts = [{"id": event.survey_id, "version": event.version, "program_id": event.program_id} for event in events]
    await remember(tx, SurveyRequested, SurveyRow, facts)


async def answered_surveys(tx: Transaction, events: Sequence[FeedbackSubmitted]) -> None:
    """Somebody said how a session was."""
    facts = [
        {
            "id": event.survey_id,
            "version": event.version,
            "program_id": event.program_id,
            "usefulness": event.usefulness,
            "learned_something": event.learned_something,
            "meet_again": event.meet_again,
        }
        for event in events
    ]
    await remember(tx, FeedbackSubmitted, SurveyRow, facts)
