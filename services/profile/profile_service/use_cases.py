"""What profile does: each function is one transaction."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_events import (
    OfferedSkill,
    ParticipantEnrolled,
    ParticipantFacts,
    ParticipantRegistered,
    ParticipantUpdated,
    ProgramLaunched,
    SoughtSkill,
    WorkingHours,
)
from peerloom_service.context import ExpectedVersion
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from profile_service import schemas, sql
from profile_service.domain import (
    Audience,
    Enrolment,
    Hours,
    Import,
    Offer,
    Organisation,
    Participant,
    Program,
    UnknownManager,
    Wish,
)


async def found_organisation(tx: Transaction, body: schemas.NewOrganisation) -> Organisation:
    """Open a tenant."""
    id_ = new_id()
    tx.act_for(id_)
    organisation = Organisation(id=id_, version=1, name=body.name, created_at=await tx.now())
    tx.add(organisation)
    return organisation


async def register_participant(tx: Transaction, body: schemas.NewParticipant) -> Participant:
    """Make a person known.

    Raises: EmployeeNumberTaken, EmailTaken, UnknownManager.
    """
    person = Participant(
        id=new_id(),
        version=1,
        employee_number=body.employee_number,
        name=body.name,
        email=body.email,
        department=body.department,
        job_title=body.job_title,
        employee_level=body.employee_level,
        location=body.location,
        time_zone=body.time_zone,
        languages=body.languages,
        hired_on=body.hired_on,
        manager_id=body.manager_id,
        working_hours=Hours(body.working_hours.starts, body.working_hours.ends, body.working_hours.weekdays),
        offers=tuple(Offer(offer.skill, offer.level) for offer in body.offers),
        seeks=tuple(Wish(wish.skill, wish.level, wish.priority) for wish in body.seeks),
        goals=body.goals,
    )
    if person.manager_id is not None:
        await _known_manager(tx, person.manager_id)
    tx.add(person)
    tx.publish(ParticipantRegistered(version=1, participant_id=person.id, facts=facts_of(person)))
    return person


@dataclass(frozen=True, slots=True)
class ChangeParticipant:
    participant_id: UUID
    expected: ExpectedVersion
    change: schemas.ParticipantChange


async def change_participant(tx: Transaction, command: ChangeParticipant) -> Participant:
    """Change facts of a person.

    Raises: NotFound, PreconditionFailed.
    """
    person = await tx.lock(Participant, command.participant_id)
    changes = command.change.model_dump(exclude_none=True)
    if command.change.working_hours is not None:
        changes["working_hours"] = Hours(**changes["working_hours"])
    if command.change.offers is not None:
        changes["offers"] = tuple(Offer(**offer) for offer in changes["offers"])
    if command.change.seeks is not None:
        changes["seeks"] = tuple(Wish(**wish) for wish in changes["seeks"])
    changed = person.changed(command.expected, **changes)
    await tx.save(changed)
    tx.publish(ParticipantUpdated(version=changed.version, participant_id=changed.id, facts=facts_of(changed)))
    return changed


async def launch_program(tx: Transaction, body: schemas.NewProgram) -> Program:
    """Open a program: from now on people may be enrolled.

    Raises: ProgramDatesWrong, ProgramFormatWrong.
    """
    program = Program(id=new_id(), version=1, launched_at=await tx.now(), **body.model_dump())
    tx.add(program)
    tx.publish(
        ProgramLaunched(
            version=1,
            program_id=program.id,
            format=program.format,
            goal=program.goal,
            metric=program.metric,
            starts_on=program.starts_on,
            ends_on=program.ends_on,
            session_minutes=program.session_minutes,
            cadence_days=program.cadence_days,
            answer_within_seconds=program.answer_within_seconds,
            launched_at=program.launched_at,
            trio_when_odd=program.trio_when_odd,
            junior_up_to_level=program.junior_up_to_level,
            seats_per_senior=program.seats_per_senior,
        )
    )
    return program


@dataclass(frozen=True, slots=True)
class Enrol:
    program_id: UUID
    audience: schemas.Audience


async def enrol_audience(tx: Transaction, command: Enrol) -> schemas.EnrolmentResult:
    """Enrol everybody the rule includes who is not enrolled yet.

    Raises: NotFound, ProgramNotRunning.
    """
    program = await tx.lock(Program, command.program_id)
    program.takes_people()
    audience = Audience(**dict(command.audience))
    everybody = await tx.find(Participant, "true ORDER BY id")
    included = [person.id for person in everybody if audience.includes(person)]
    already = {row["participant_id"] for row in await tx.fetch(sql.ENROLLED, tx.tenant_id, program.id)}
    now = await tx.now()
    joining = [Enrolment(new_id(), 1, program.id, person, now) for person in included if person not in already]
    await tx.execute(
        sql.ENROL, tx.tenant_id, program.id, now, [one.id for one in joining], [one.participant_id for one in joining]
    )
    for one in joining:
        tx.publish(
            ParticipantEnrolled(version=1, participant_id=one.participant_id, program_id=program.id, enrolment_id=one.id)
        )
    return schemas.EnrolmentResult(program_id=program.id, enrolled=len(joining), already_enrolled=len(included) - len(joining))


@dataclass(frozen=True, slots=True)
class ReceiveImport:
    import_id: UUID
    size_bytes: int
    columns: dict[str, str]
    defaults: dict[str, str]


async def receive_import(tx: Transaction, command: ReceiveImport) -> Import:
    """A people file has arrived whole; it will be worked through."""
    job = Import(
        id=command.import_id,
        version=1,
        created_at=await tx.now(),
        size_bytes=command.size_bytes,
        columns=command.columns,
        defaults=command.defaults,
    )
    tx.add(job)
    return job


def facts_of(person: Participant) -> ParticipantFacts:
    """What the other services may know of a person."""
    hours = person.working_hours
    return ParticipantFacts(
        employee_level=person.employee_level,
        department=person.department,
        job_title=person.job_title,
        location=person.location,
        time_zone=person.time_zone,
        languages=person.languages,
        hired_on=person.hired_on,
        manager_id=person.manager_id,
        working_hours=WorkingHours(starts=hours.starts, ends=hours.ends, weekdays=hours.weekdays),
        offers=tuple(OfferedSkill(skill=offer.skill, level=offer.level) for offer in person.offers),
        seeks=tuple(SoughtSkill(skill=wish.skill, level=wish.level, priority=wish.priority) for wish in person.seeks),
        goals=person.goals,
    )


async def _known_manager(tx: Transaction, manager_id: UUID) -> None:
    try:
        await tx.get(Participant, manager_id)
    except NotFound as error:
        raise UnknownManager(f"There is no participant {manager_id} to be the manager.") from error
