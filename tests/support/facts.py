"""Events other services would say; what a test cares about is given by name, the rest does not matter."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from peerloom_events import (
    FeedbackSubmitted,
    MatchAccepted,
    MatchConfirmed,
    MatchDeclined,
    MatchExpired,
    MatchProposed,
    MatchReason,
    MatchRunCompleted,
    OfferedSkill,
    ParticipantEnrolled,
    ParticipantFacts,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    RelationshipAtRisk,
    RelationshipCompleted,
    SessionCancelled,
    SessionCompleted,
    SessionMissed,
    SessionRescheduled,
    SessionScheduled,
    SoughtSkill,
    SurveyRequested,
    WorkingHours,
)
from peerloom_service.identifiers import new_id


def some_facts(**changed: Any) -> ParticipantFacts:
    """Facts of an engineer in Berlin who offers Python and wants to learn public speaking."""
    usual: dict[str, Any] = {
        "employee_level": 4,
        "department": "Engineering",
        "job_title": "Engineer",
        "location": "Berlin",
        "time_zone": "Europe/Berlin",
        "languages": ("en",),
        "hired_on": date(2022, 3, 1),
        "manager_id": None,
        "working_hours": WorkingHours(starts=540, ends=1020),
        "offers": (OfferedSkill(skill="Python", level=4),),
        "seeks": (SoughtSkill(skill="Public speaking", level=1),),
        "goals": ("lead a team",),
    }
    return ParticipantFacts(**(usual | changed))


def a_participant_registered(participant_id: UUID | None = None, *, version: int = 1, **facts: Any) -> ParticipantRegistered:
    """Somebody with `some_facts`, changed as given."""
    return ParticipantRegistered(version=version, participant_id=participant_id or new_id(), facts=some_facts(**facts))


def a_participant_updated(participant_id: UUID, *, version: int = 2, **facts: Any) -> ParticipantUpdated:
    """Somebody who now has `some_facts`, changed as given."""
    return ParticipantUpdated(version=version, participant_id=participant_id, facts=some_facts(**facts))


def a_participant_enrolled(participant_id: UUID, program_id: UUID, **changed: Any) -> ParticipantEnrolled:
    usual: dict[str, Any] = {"version": 1, "enrolment_id": new_id()}
    return ParticipantEnrolled(participant_id=participant_id, program_id=program_id, **(usual | changed))


def a_program_launched(program_id: UUID | None = None, **changed: Any) -> ProgramLaunched:
    usual: dict[str, Any] = {
        "version": 1,
        "program_id": program_id or new_id(),
        "format": "one-to-one",
        "goal": "Broader skills",
        "metric": "Skills learned within half a year",
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2027, 6, 1),
        "session_minutes": 45,
        "cadence_days": 14,
        "answer_within_seconds": 604_800,
        "launched_at": datetime.now(UTC),
    }
    return ProgramLaunched(**(usual | changed))


def a_match_run_completed(program_id: UUID, **changed: Any) -> MatchRunCompleted:
    usual: dict[str, Any] = {
        "version": 2,
        "run_id": new_id(),
        "people": 2,
        "pairs": 1,
        "unmatched": 0,
        "value": 600_000,
        "upper_bound": 600_000,
        "population_hash": "0" * 64,
        "policy_version": "one-to-one/1",
        "engine_version": "1",
    }
    return MatchRunCompleted(program_id=program_id, **(usual | changed))


def a_match_proposed(participant_ids: tuple[UUID, ...], program_id: UUID, **changed: Any) -> MatchProposed:
    usual: dict[str, Any] = {
        "version": 1,
        "match_id": new_id(),
        "run_id": new_id(),
        "weight": 600_000,
        "reasons": (MatchReason(code="skill_offered", giver_id=participant_ids[0], subject="Python", amount=3.0),),
        "answer_by": datetime.now(UTC) + timedelta(days=7),
    }
    return MatchProposed(participant_ids=participant_ids, program_id=program_id, **(usual | changed))


def a_match_accepted(match_id: UUID, program_id: UUID, participant_id: UUID, **changed: Any) -> MatchAccepted:
    return MatchAccepted(match_id=match_id, program_id=program_id, participant_id=participant_id, **({"version": 2} | changed))


def a_match_declined(match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any) -> MatchDeclined:
    """The first of the two said no."""
    usual = {"version": 2, "participant_id": participant_ids[0]}
    return MatchDeclined(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_match_expired(match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any) -> MatchExpired:
    return MatchExpired(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **({"version": 2} | changed))


def a_match_confirmed(participant_ids: tuple[UUID, ...], program_id: UUID, **changed: Any) -> MatchConfirmed:
    usual: dict[str, Any] = {"version": 3, "match_id": new_id(), "confirmed_at": datetime.now(UTC)}
    return MatchConfirmed(participant_ids=participant_ids, program_id=program_id, **(usual | changed))


def a_session_scheduled(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> SessionScheduled:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    usual: dict[str, Any] = {
        "version": 1,
        "session_id": new_id(),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=45),
    }
    return SessionScheduled(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_session_completed(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> SessionCompleted:
    usual: dict[str, Any] = {"version": 2, "session_id": new_id(), "completed_at": datetime.now(UTC)}
    return SessionCompleted(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_session_missed(match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any) -> SessionMissed:
    """The first of them did not come."""
    usual: dict[str, Any] = {"version": 2, "session_id": new_id(), "absent_ids": participant_ids[:1]}
    return SessionMissed(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_session_rescheduled(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> SessionRescheduled:
    """Moved by a day."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=4)
    usual: dict[str, Any] = {
        "version": 2,
        "session_id": new_id(),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=45),
        "previously_starts_at": starts_at - timedelta(days=1),
        "participant_id": participant_ids[0],
    }
    return SessionRescheduled(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_session_cancelled(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> SessionCancelled:
    """The first of them asked for it."""
    usual: dict[str, Any] = {
        "version": 2,
        "session_id": new_id(),
        "starts_at": datetime.now(UTC) + timedelta(days=3),
        "participant_id": participant_ids[0],
    }
    return SessionCancelled(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_relationship_at_risk(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> RelationshipAtRisk:
    usual: dict[str, Any] = {"version": 5, "reason": "missed_twice", "noticed_at": datetime.now(UTC)}
    return RelationshipAtRisk(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_relationship_completed(
    match_id: UUID, program_id: UUID, participant_ids: tuple[UUID, ...], **changed: Any
) -> RelationshipCompleted:
    usual: dict[str, Any] = {
        "version": 9,
        "sessions_completed": 4,
        "sessions_missed": 1,
        "reason": "program_ended",
        "completed_at": datetime.now(UTC),
    }
    return RelationshipCompleted(match_id=match_id, program_id=program_id, participant_ids=participant_ids, **(usual | changed))


def a_survey_requested(match_id: UUID, program_id: UUID, participant_id: UUID, **changed: Any) -> SurveyRequested:
    usual: dict[str, Any] = {
        "version": 1,
        "survey_id": new_id(),
        "session_id": new_id(),
        "requested_at": datetime.now(UTC),
    }
    return SurveyRequested(match_id=match_id, program_id=program_id, participant_id=participant_id, **(usual | changed))


def feedback_submitted(match_id: UUID, program_id: UUID, participant_id: UUID, **changed: Any) -> FeedbackSubmitted:
    usual: dict[str, Any] = {
        "version": 2,
        "survey_id": new_id(),
        "session_id": new_id(),
        "usefulness": 4,
        "learned_something": True,
        "meet_again": True,
        "submitted_at": datetime.now(UTC),
    }
    return FeedbackSubmitted(match_id=match_id, program_id=program_id, participant_id=participant_id, **(usual | changed))
