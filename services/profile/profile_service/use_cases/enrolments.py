"""What is done with enrolments."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from peerloom_events import ParticipantEnrolled
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Audience, Program

_PAGE: Final = 2_000
_SAMPLE: Final = 20
_BEFORE_ALL: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ForAudience:
    """A rule, and the program whose audience it is."""

    program_id: UUID
    audience: Audience


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How many people were enrolled, how many the rule includes who were already, and what the rule names that nobody is in."""

    program_id: UUID
    enrolled: int
    already_enrolled: int
    unknown_departments: list[str]
    unknown_locations: list[str]


@dataclass(frozen=True, slots=True)
class AudiencePreview:
    """What enrolling the audience would do. `sample`: ids of some of the people the rule includes."""

    program_id: UUID
    included: int
    already_enrolled: int
    unknown_departments: list[str]
    unknown_locations: list[str]
    sample: list[UUID]


async def enrol_audience(tx: Transaction, command: ForAudience) -> Enrolled:
    """Enrol everybody the rule includes who is not enrolled yet, all of them or nobody. Holds a page of people at a time.

    Raises: NotFound, ProgramNotRunning, AudienceEmpty.
    """
    program = await tx.lock(Program, command.program_id)
    program.takes_people()
    command.audience.check()
    now, enrolled, included, last = await tx.now(), 0, 0, _BEFORE_ALL
    while page := await queries.audience_page(tx.fetch, tx.tenant_id, command.audience, last, _PAGE):
        joined = await tx.fetch(sql.ENROL, tx.tenant_id, program.id, now, page)
        tx.publish_many(ParticipantEnrolled, [_event(program.id, *row) for row in joined])
        await tx.flush()
        enrolled, included, last = enrolled + len(joined), included + len(page), page[-1]
    nobodys = await queries.nobodys(tx.fetch, tx.tenant_id, command.audience)
    return Enrolled(program.id, enrolled, included - enrolled, *nobodys)


async def preview_audience(tx: Transaction, command: ForAudience) -> AudiencePreview:
    """Count whom the rule includes, and enrol nobody.

    Raises: NotFound, AudienceEmpty.
    """
    program = await tx.get(Program, command.program_id)
    command.audience.check()
    size = await queries.audience_size(tx.fetch, tx.tenant_id, command.audience, program.id)
    nobodys = await queries.nobodys(tx.fetch, tx.tenant_id, command.audience)
    sample = await queries.audience_page(tx.fetch, tx.tenant_id, command.audience, _BEFORE_ALL, _SAMPLE)
    return AudiencePreview(program.id, *size, *nobodys, sample)


def _event(program_id: UUID, participant_id: UUID, enrolment_id: UUID) -> tuple[UUID, bytes]:
    """The event's aggregate and its JSON."""
    value = f'{{"version":1,"participant_id":"{participant_id}","program_id":"{program_id}","enrolment_id":"{enrolment_id}"}}'
    return participant_id, value.encode()
