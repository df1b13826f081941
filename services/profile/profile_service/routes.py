"""Profile's HTTP API."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import StringConstraints

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    PreconditionRequired,
)
from profile_service import queries, routes_access
from profile_service.domain import (
    AudienceEmpty,
    EmailTaken,
    EmployeeNumberTaken,
    EmploymentDatesWrong,
    Enrolment,
    EnrolmentOver,
    EnrolmentState,
    FileOptionWrong,
    Import,
    ImportState,
    NotEmployed,
    Organisation,
    Participant,
    Program,
    ProgramDatesWrong,
    ProgramFormatWrong,
    ProgramNotRunning,
    UnknownManager,
)
from profile_service.imports import upload
from profile_service.imports.people_file.dates import DateOrder
from profile_service.imports.people_file.options import ENCODINGS
from profile_service.imports.saved_options import saved_options
from profile_service.rules import (
    Enroller,
    EnrolmentReader,
    Operator,
    OrganisationReader,
    PeopleReader,
    PeopleWriter,
    PersonReader,
    ProgramReader,
    ProgramWriter,
)
from profile_service.schemas import (
    Audience,
    AudiencePreviewOut,
    EnrolmentOut,
    EnrolmentResult,
    NewOrganisation,
    NewParticipant,
    NewProgram,
    OrganisationOut,
    ParticipantChange,
    ParticipantOut,
    ProgramChange,
    ProgramOut,
)
from profile_service.schemas_imports import FindingsOut, ImportOut
from profile_service.use_cases import enrolments, imports, organisations, people, programs

router = Router(prefix="/v1")
router.routes.extend(routes_access.router.routes)
KEYED = (IdempotencyKeyMissing, IdempotencyKeyReused)

Pairing = Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[^\x00-\x1f\x7f]+$", max_length=300)]
Meaning = Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[^=\x00-\x1f\x7f]+=[^\x00-\x1f\x7f]+$", max_length=300)]
ZoneOf = Annotated[str, StringConstraints(pattern=r"^[^=\x00-\x1f\x7f]+=[^\x00-\x1f\x7f]+$", max_length=300)]


@router.post(
    "/organisations", status_code=201, response_model=OrganisationOut, responses=problems(*KEYED), tags=["organisations"]
)
async def found_organisation(body: NewOrganisation, work: Operator) -> Response:
    """Open a tenant. For the operator of the platform."""
    return await work(
        organisations.found_organisation,
        body.command(),
        returns=OrganisationOut.of,
        status=201,
        location=lambda organisation: f"/v1/organisations/{organisation.id}",
    )


@router.get(
    "/organisations/{organisation_id}", response_model=OrganisationOut, responses=problems(NotFound), tags=["organisations"]
)
async def read_organisation(organisation_id: UUID, work: OrganisationReader) -> Response:
    """The caller's own organisation."""
    return await work.one(Organisation, organisation_id, returns=OrganisationOut.of)


@router.post(
    "/participants",
    status_code=201,
    response_model=ParticipantOut,
    responses=problems(*KEYED, EmployeeNumberTaken, EmailTaken, UnknownManager, EmploymentDatesWrong),
    tags=["people"],
)
async def register_participant(body: NewParticipant, work: PeopleWriter) -> Response:
    """Make one person known."""
    return await work(
        people.register_participant,
        body.command(),
        returns=ParticipantOut.of,
        status=201,
        location=lambda person: f"/v1/participants/{person.id}",
    )


@router.get("/participants", response_model=Page[ParticipantOut], tags=["people"])
async def list_participants(
    work: PeopleReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    employee_number: Annotated[str | None, Query(max_length=200)] = None,
    department: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[ParticipantOut]:
    """People of the organisation."""
    return await work.page(
        Participant,
        returns=ParticipantOut.of,
        limit=limit,
        cursor=cursor,
        employee_number=employee_number,
        department=department,
    )


@router.get("/participants/{participant_id}", response_model=ParticipantOut, responses=problems(NotFound), tags=["people"])
async def read_participant(participant_id: UUID, work: PersonReader) -> Response:
    """One person, with an ETag."""
    return await work.one(Participant, participant_id, returns=ParticipantOut.of)


@router.patch(
    "/participants/{participant_id}",
    response_model=ParticipantOut,
    responses=problems(NotFound, PreconditionFailed, PreconditionRequired, EmailTaken, UnknownManager, EmploymentDatesWrong),
    tags=["people"],
)
async def change_participant(participant_id: UUID, body: ParticipantChange, work: PeopleWriter) -> Response:
    """Change facts of a person. Needs the ETag last read as If-Match. Somebody leaves by `leaving_on`: from that day on nobody
    is matched with them and what they take part in ends; they are back when it is null again."""
    command = body.command(participant_id, work.if_match())
    return await work(people.change_participant, command, returns=ParticipantOut.of)


@router.post(
    "/imports",
    status_code=202,
    response_model=ImportOut,
    responses=problems(*KEYED, PayloadTooLarge, FileOptionWrong),
    openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}},
    max_body_size=upload.UPLOAD_BYTES,
    tags=["people"],
)
async def import_people(
    request: Request,
    work: PeopleWriter,
    column: Annotated[
        Sequence[Pairing], Query(max_length=40, description="`ours:theirs`, where a header is not recognised.")
    ] = (),
    default: Annotated[
        Sequence[Pairing], Query(max_length=40, description="`column:value` for what the file leaves out.")
    ] = (),
    value: Annotated[
        Sequence[Meaning], Query(max_length=40, description="`column:theirs=ours`: what a cell means, such as a grade.")
    ] = (),
    zone: Annotated[
        Sequence[ZoneOf], Query(max_length=40, description="`location=time zone`, for people whose row names no zone.")
    ] = (),
    date_order: Annotated[
        DateOrder | None, Query(description="Which comes first in dates such as 07/08/2013; else the whole column decides.")
    ] = None,
    encoding: Annotated[
        str | None, Query(description="Of the file, where it is not Unicode.", json_schema_extra={"enum": list(ENCODINGS)})
    ] = None,
    without_email: Annotated[bool, Query(description="Whether people without an address are taken.")] = False,
) -> Response:
    """Send a people file (CSV) as the body. It is kept whole, then worked through; follow the import to see how far it is."""
    columns, defaults = dict(one.split(":", 1) for one in column), dict(one.split(":", 1) for one in default)
    options = saved_options(value, zone, date_order, encoding, without_email=without_email)
    received = await upload.receive(work.database, work.tenant_id, request.stream())
    return await work(
        imports.receive_import,
        imports.ReceiveImport(received.import_id, received.size_bytes, columns, defaults, options),
        returns=ImportOut.of,
        status=202,
        location=lambda job: f"/v1/imports/{job.id}",
        fingerprint=received.digest,
    )


@router.get("/imports", response_model=Page[ImportOut], tags=["people"])
async def list_imports(
    work: PeopleReader, limit: Limit = 100, cursor: Cursor = None, state: ImportState | None = None
) -> Page[ImportOut]:
    """Imports of the organisation, the oldest first."""
    return await work.page(Import, returns=ImportOut.of, limit=limit, cursor=cursor, state=state)


@router.get("/imports/{import_id}", response_model=ImportOut, responses=problems(NotFound), tags=["people"])
async def read_import(import_id: UUID, work: PeopleReader) -> Response:
    """How far an import is and what it has done."""
    return await work.one(Import, import_id, returns=ImportOut.of)


@router.get("/imports/{import_id}/findings", response_model=FindingsOut, responses=problems(NotFound), tags=["people"])
async def read_findings(
    import_id: UUID,
    work: PeopleReader,
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, le=2_000_000_000, description="`next` of the page before.")] = 0,
    start: Annotated[int, Query(ge=0, le=2_000_000_000, description="The same as `cursor`.", deprecated=True)] = 0,
) -> FindingsOut:
    """What was wrong with rows of the file, by line and column, and what to do about it."""
    await work.one(Import, import_id, returns=ImportOut.of)
    start = cursor or start
    found = await queries.findings(work.rows, work.tenant_id, import_id, start, limit + 1)
    return FindingsOut.of(found, start, limit)


@router.post(
    "/programs",
    status_code=201,
    response_model=ProgramOut,
    responses=problems(*KEYED, ProgramDatesWrong, ProgramFormatWrong),
    tags=["programs"],
)
async def launch_program(body: NewProgram, work: ProgramWriter) -> Response:
    """Launch a program."""
    return await work(
        programs.launch_program,
        body.command(),
        returns=ProgramOut.of,
        status=201,
        location=lambda program: f"/v1/programs/{program.id}",
    )


@router.get("/programs", response_model=Page[ProgramOut], tags=["programs"])
async def list_programs(work: ProgramReader, limit: Limit = 100, cursor: Cursor = None) -> Page[ProgramOut]:
    """Programs of the organisation."""
    return await work.page(Program, returns=ProgramOut.of, limit=limit, cursor=cursor)


@router.get("/programs/{program_id}", response_model=ProgramOut, responses=problems(NotFound), tags=["programs"])
async def read_program(program_id: UUID, work: ProgramReader) -> Response:
    """One program, with an ETag."""
    return await work.one(Program, program_id, returns=ProgramOut.of)


@router.patch(
    "/programs/{program_id}",
    response_model=ProgramOut,
    responses=problems(
        NotFound, PreconditionFailed, PreconditionRequired, ProgramNotRunning, ProgramDatesWrong, ProgramFormatWrong
    ),
    tags=["programs"],
)
async def change_program(program_id: UUID, body: ProgramChange, work: ProgramWriter) -> Response:
    """Change a program. Needs the ETag last read as If-Match."""
    return await work(programs.change_program, body.command(program_id, work.if_match()), returns=ProgramOut.of)


@router.post(
    "/programs/{program_id}/close",
    response_model=ProgramOut,
    responses=problems(*KEYED, NotFound, PreconditionFailed, ProgramNotRunning),
    tags=["programs"],
)
async def close_program(program_id: UUID, work: ProgramWriter) -> Response:
    """End a program before its time: nobody is enrolled or matched any more, and open proposals, matches and sessions to come
    end."""
    return await work(programs.close_program, programs.CloseProgram(program_id, work.expected()), returns=ProgramOut.of)


@router.post(
    "/enrolments/{enrolment_id}/{change}",
    response_model=EnrolmentOut,
    responses=problems(*KEYED, NotFound, EnrolmentOver, ProgramNotRunning, NotEmployed),
    tags=["programs"],
)
async def change_enrolment(enrolment_id: UUID, change: enrolments.Change, work: ProgramWriter) -> Response:
    """Somebody pauses (nobody new is proposed to them, their matches go on), resumes, or withdraws (their matches end)."""
    command = enrolments.ChangeEnrolment(enrolment_id, change)
    return await work(enrolments.change_enrolment, command, returns=EnrolmentOut.of)


@router.post(
    "/programs/{program_id}/enrolments",
    status_code=201,
    response_model=EnrolmentResult,
    responses=problems(*KEYED, NotFound, ProgramNotRunning, AudienceEmpty),
    tags=["programs"],
)
async def enrol_audience(program_id: UUID, body: Audience, work: Enroller) -> Response:
    """Enrol everybody a rule includes."""
    return await work(
        enrolments.enrol_audience,
        body.command(program_id),
        returns=EnrolmentResult.of,
        status=201,
        location=lambda result: f"/v1/programs/{result.program_id}/enrolments",
    )


@router.post(
    "/programs/{program_id}/audience-preview",
    response_model=AudiencePreviewOut,
    responses=problems(*KEYED, NotFound, AudienceEmpty),
    tags=["programs"],
)
async def preview_audience(program_id: UUID, body: Audience, work: Enroller) -> Response:
    """Count whom a rule includes, without enrolling anybody."""
    return await work(enrolments.preview_audience, body.command(program_id), returns=AudiencePreviewOut.of)


@router.get(
    "/programs/{program_id}/enrolments", response_model=Page[EnrolmentOut], responses=problems(NotFound), tags=["programs"]
)
async def list_enrolments(
    program_id: UUID,
    work: EnrolmentReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    participant_id: UUID | None = None,
    state: EnrolmentState | None = None,
) -> Page[EnrolmentOut]:
    """Who takes part in a program, or did."""
    await work.one(Program, program_id, returns=ProgramOut.of)
    asked = {"program_id": program_id, "participant_id": participant_id, "state": state}
    return await work.page(Enrolment, returns=EnrolmentOut.of, limit=limit, cursor=cursor, **asked)
