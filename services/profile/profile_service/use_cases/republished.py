"""What `republish` says of the present state: all that other services keep copies of."""

from typing import Final

from peerloom_events import (
    Event,
    ParticipantEnrolled,
    ParticipantPaused,
    ParticipantUpdated,
    ParticipantWithdrawn,
    ProgramClosed,
)
from peerloom_service.publishing.republish import Republished
from profile_service.domain import Enrolment, EnrolmentState, Participant, Program, Withdrawal
from profile_service.use_cases.departures import published
from profile_service.use_cases.programs import launched


def _person(person: Participant) -> tuple[Event, ...]:
    return (ParticipantUpdated(version=person.version, participant_id=person.id, facts=published(person)),)


def _program(program: Program) -> tuple[Event, ...]:
    """A closed one is launched a version before it is closed: who has no copy of it makes one first."""
    if program.closed_at is None:
        return (launched(program),)
    before = launched(program).model_copy(update={"version": program.version - 1})
    return before, ProgramClosed(version=program.version, program_id=program.id, closed_at=program.closed_at)


def _enrolment(enrolment: Enrolment) -> tuple[Event, ...]:
    """The same for who pauses or has withdrawn: they are enrolled first."""
    of = {"participant_id": enrolment.participant_id, "program_id": enrolment.program_id, "enrolment_id": enrolment.id}
    version = enrolment.version
    match enrolment.state:
        case EnrolmentState.ACTIVE:
            return (ParticipantEnrolled(version=version, **of),)
        case EnrolmentState.PAUSED:
            return ParticipantEnrolled(version=version - 1, **of), ParticipantPaused(version=version, **of)
        case EnrolmentState.WITHDRAWN:
            reason = enrolment.ended_because or Withdrawal.WITHDREW
            return ParticipantEnrolled(version=version - 1, **of), ParticipantWithdrawn(version=version, **of, reason=reason)


REPUBLISHED: Final[Republished] = {Participant: _person, Program: _program, Enrolment: _enrolment}
