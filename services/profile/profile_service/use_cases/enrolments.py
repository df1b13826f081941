"""What is done with enrolments."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_events import ParticipantEnrolled
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Audience, Enrolment, Participant, Program


@dataclass(frozen=True, slots=True)
class EnrolAudience:
    program_id: UUID
    audience: Audience


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How many people were enrolled, and how many the rule includes who were already."""

    program_id: UUID
    enrolled: int
    already_enrolled: int


async def enrol_audience(tx: Transaction, command: EnrolAudience) -> Enrolled:
    """Enrol everybody the rule includes who is not enrolled yet.

    Raises: NotFound, ProgramNotRunning.
    """
    program = await tx.lock(Program, command.program_id)
    program.takes_people()
    everybody = await tx.find(Participant, "true ORDER BY id")
    included = [person.id for person in everybody if command.audience.includes(person)]
    already = {row["participant_id"] for row in await tx.fetch(queries.ENROLLED, tx.tenant_id, program.id)}
    now = await tx.now()
    joining = [Enrolment(new_id(), 1, program.id, person, now) for person in included if person not in already]
    await tx.execute(
        sql.ENROL, tx.tenant_id, program.id, now, [one.id for one in joining], [one.participant_id for one in joining]
    )
    for one in joining:
        tx.publish(
            ParticipantEnrolled(version=1, participant_id=one.participant_id, program_id=program.id, enrolment_id=one.id)
        )
    return Enrolled(program.id, enrolled=len(joining), already_enrolled=len(included) - len(joining))
