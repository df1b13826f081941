"""What `republish` says of the present state: all that other services keep copies of."""

from typing import Final

from peerloom_events import ParticipantEnrolled, ParticipantUpdated
from peerloom_service.publishing.republish import Republished
from profile_service.domain import Enrolment, Participant, Program
from profile_service.use_cases.programs import launched
from profile_service.use_cases.upsert import published_facts


def _updated(person: Participant) -> ParticipantUpdated:
    return ParticipantUpdated(version=person.version, participant_id=person.id, facts=published_facts(person))


def _enrolled(enrolment: Enrolment) -> ParticipantEnrolled:
    return ParticipantEnrolled(
        version=enrolment.version,
        participant_id=enrolment.participant_id,
        program_id=enrolment.program_id,
        enrolment_id=enrolment.id,
    )


REPUBLISHED: Final[Republished] = {Participant: _updated, Program: launched, Enrolment: _enrolled}
