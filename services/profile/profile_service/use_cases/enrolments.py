"""What is done with enrolments."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from peerloom_events import ParticipantEnrolled, ParticipantPaused, ParticipantResumed, ParticipantWithdrawn
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Audience, Enrolment, EnrolmentState, Participant, Program, Withdrawal

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
    now, enrolled, included, last = await tx.now(), 0, 0, _BEFORE_ALL
    program.takes_people(now.date())
    command.audience.check()
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


class Change(StrEnum):
    """What becomes of an enrolment."""

    PAUSE = "pause"
    RESUME = "resume"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class ChangeEnrolment:
    enrolment_id: UUID
    change: Change


async def change_enrolment(tx: Transaction, command: ChangeEnrolment) -> Enrolment:
    """Somebody pauses, takes part again, or withdraws. What is so already changes nothing.

    Raises: NotFound, EnrolmentOver, ProgramNotRunning, NotEmployed.
    """
    enrolment, now = await tx.lock(Enrolment, command.enrolment_id), await tx.now()
    match command.change:
        case Change.PAUSE:
            changed = enrolment.paused(now)
        case Change.WITHDRAW:
            changed = enrolment.withdrawn(Withdrawal.WITHDREW, now)
        case Change.RESUME:
            (await tx.get(Program, enrolment.program_id)).takes_people(now.date())
            (await tx.get(Participant, enrolment.participant_id)).refuse_left(now.date())
            changed = enrolment.resumed(now)
    if changed is enrolment:
        return enrolment
    await tx.save(changed)
    said = {
        "version": changed.version,
        "participant_id": changed.participant_id,
        "program_id": changed.program_id,
        "enrolment_id": changed.id,
    }
    match changed.state:
        case EnrolmentState.PAUSED:
            tx.publish(ParticipantPaused(**said))
        case EnrolmentState.ACTIVE:
            tx.publish(ParticipantResumed(**said))
        case EnrolmentState.WITHDRAWN:
            tx.publish(ParticipantWithdrawn(**said, reason=Withdrawal.WITHDREW))
    return changed


def _event(program_id: UUID, participant_id: UUID, enrolment_id: UUID, version: int) -> tuple[UUID, bytes]:
    """The event's aggregate and its JSON."""
    value = (
        f'{{"version":{version},"participant_id":"{participant_id}","program_id":"{program_id}",'
        f'"enrolment_id":"{enrolment_id}"}}'
    )
    return participant_id, value.encode()
