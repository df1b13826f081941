"""Bodies in and out of profile's API."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Final, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema, model_validator

from peerloom_events.formats import FORMATS, OPTIONS_WITH_FIELDS
from peerloom_service.context import ExpectedVersion
from peerloom_service.http.bodies import Body, Line, Out, Passage, Pattern
from profile_service import domain, options
from profile_service.domain_access import OrganisationState
from profile_service.imports.people_file.known_names import NO_PLACES
from profile_service.plain_text import plain, plain_identity
from profile_service.use_cases.enrolments import AudiencePreview, Enrolled, ForAudience
from profile_service.use_cases.organisations import FoundOrganisation
from profile_service.use_cases.people import ChangeParticipant, RegisterParticipant
from profile_service.use_cases.programs import ChangeProgram, LaunchProgram

Level = Annotated[int, Field(ge=1, le=5)]
EmployeeLevel = Annotated[int, Field(ge=domain.LOWEST_LEVEL, le=domain.HIGHEST_LEVEL)]
Text = Annotated[Line, AfterValidator(plain)]
EmployeeNumber = Annotated[Line, AfterValidator(plain_identity)]
Email = Annotated[
    str,
    Field(max_length=254, examples=["ada.lovelace@example.com"]),
    Pattern(
        r"^\s*[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]+\s*$",
        "Write an e-mail address, such as ada.lovelace@example.com.",
    ),
    AfterValidator(plain_identity),
]
Minute = Annotated[int, Field(ge=0, le=1440)]
_MIDNIGHT: Final = 1440


_zones = cache(available_timezones)  # it looks through the file system each time


def _known_zone(name: str) -> str:
    if name not in _zones() or name in NO_PLACES:
        raise ValueError("This is no IANA time zone. Write one such as Europe/Berlin.")
    return name


TimeZone = Annotated[
    Line,
    AfterValidator(_known_zone),
    WithJsonSchema({"type": "string", "format": "iana-time-zone", "examples": ["Europe/Berlin"]}),
]


class NewOrganisation(Body):
    name: Line

    def command(self) -> FoundOrganisation:
        """What is asked for."""
        return FoundOrganisation(self.name)


class OrganisationOut(Out):
    id: UUID
    version: int
    name: str
    created_at: datetime
    state: OrganisationState

    @classmethod
    def of(cls, organisation: domain.Organisation) -> Self:
        return cls.model_validate(organisation, from_attributes=True)


class OfferedSkill(Body):
    skill: Line
    level: Level


class SoughtSkill(Body):
    skill: Line
    level: int = Field(default=0, ge=0, le=5, description="Where the person stands now; 0: nothing yet.")
    priority: int = Field(default=1, ge=1, le=3)


class Hours(Body):
    """Working hours in wall time of the person's own zone, in minutes after midnight. An end before the start is
    on the next day: a night shift."""

    starts: Minute = 540
    ends: Minute = 1020
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(default=(1, 2, 3, 4, 5), max_length=7)

    @model_validator(mode="after")
    def _does_not_end_where_it_starts(self) -> Self:
        if self.starts in (self.ends, _MIDNIGHT):
            raise ValueError("working hours do not start and end at the same time, nor start at the end of a day")
        return self


class NewParticipant(Body):
    employee_number: EmployeeNumber
    name: Text
    email: Email
    department: Text
    job_title: Text
    employee_level: EmployeeLevel
    location: Text
    time_zone: TimeZone
    languages: tuple[Line, ...] = Field(default=("en",), min_length=1, max_length=20)
    hired_on: date
    manager_id: UUID | None = None
    working_hours: Hours = Hours()
    offers: tuple[OfferedSkill, ...] = Field(default=(), max_length=50)
    seeks: tuple[SoughtSkill, ...] = Field(default=(), max_length=50)
    goals: tuple[Line, ...] = Field(default=(), max_length=20)
    leaving_on: date | None = Field(default=None, description="The day from which they no longer work here.")
    on_leave: bool = Field(default=False, description="Away for long: nobody is matched with them meanwhile.")

    def command(self) -> RegisterParticipant:
        """What is asked for."""
        return RegisterParticipant(_facts(self))


class ParticipantChange(Body):
    """What is to be different; whatever is left out stays. `manager_id` and `leaving_on` may be null: nobody, and they stay."""

    name: Text | None = None
    email: Email | None = None
    department: Text | None = None
    job_title: Text | None = None
    employee_level: EmployeeLevel | None = None
    location: Text | None = None
    time_zone: TimeZone | None = None
    languages: tuple[Line, ...] | None = Field(default=None, min_length=1, max_length=20)
    hired_on: date | None = None
    manager_id: UUID | None = None
    leaving_on: date | None = Field(
        default=None, description="The day from which they no longer work here; null: they stay, or are back."
    )
    on_leave: bool | None = None
    working_hours: Hours | None = None
    offers: tuple[OfferedSkill, ...] | None = Field(default=None, max_length=50)
    seeks: tuple[SoughtSkill, ...] | None = Field(default=None, max_length=50)
    goals: tuple[Line, ...] | None = Field(default=None, max_length=20)

    def command(self, participant_id: UUID, expected: ExpectedVersion) -> ChangeParticipant:
        """What is asked for of this person."""
        return ChangeParticipant(participant_id, expected, _facts(self))


def _facts(body: NewParticipant | ParticipantChange) -> domain.PersonFacts:
    """What the body says of a person, in the domain's words."""
    emptied = body.model_fields_set & {"manager_id", "leaving_on"}
    said: dict[str, Any] = {name: value for name, value in body if value is not None or name in emptied}
    if hours := body.working_hours:
        said["working_hours"] = domain.Hours(hours.starts, hours.ends, hours.weekdays)
    if body.offers is not None:
        said["offers"] = tuple(domain.OfferedSkill(one.skill, one.level) for one in body.offers)
    if body.seeks is not None:
        said["seeks"] = tuple(domain.SoughtSkill(one.skill, one.level, one.priority) for one in body.seeks)
    return domain.PersonFacts(**said)


class HoursOut(Out):
    starts: int
    ends: int
    weekdays: tuple[int, ...]


class OfferedSkillOut(Out):
    skill: str
    level: int


class SoughtSkillOut(Out):
    skill: str
    level: int
    priority: int


class ParticipantOut(Out):
    id: UUID
    version: int
    employee_number: str
    name: str
    email: str
    department: str
    job_title: str
    employee_level: int
    location: str
    time_zone: str
    languages: tuple[str, ...]
    hired_on: date
    manager_id: UUID | None
    working_hours: HoursOut
    offers: tuple[OfferedSkillOut, ...]
    seeks: tuple[SoughtSkillOut, ...]
    goals: tuple[str, ...]
    leaving_on: date | None = None
    on_leave: bool = False
    status: domain.Employment = Field(description="Whether they work here today (UTC).")

    @classmethod
    def of(cls, person: domain.Participant) -> Self:
        shown = {name: getattr(person, name) for name in cls.model_fields if name != "status"}
        shown["status"] = person.status(datetime.now(UTC).date())
        return cls.model_validate(shown, from_attributes=True)


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"there is no such format; there are {', '.join(FORMATS)}")
    return name


Format = Annotated[str, AfterValidator(_known_format), Field(json_schema_extra={"enum": list(FORMATS)})]
_OPTION_SCHEMAS: Final[list[Any]] = [
    {**model.model_json_schema(), "title": f"Options of {name}", "additionalProperties": False}
    for name, model in FORMATS.items()
]


AskAgain = Annotated[
    int,
    Field(
        ge=0,
        le=36_500,
        description="So many days after a proposal that was not answered in time, its people may be proposed again.",
    ),
]


class NewProgram(Body):
    name: Line
    format: Format = "one-to-one"
    goal: Line
    metric: Line = Field(description="How you will know that it was worth it.")
    expectations: Passage = ""
    starts_on: date
    ends_on: date
    session_minutes: int = Field(default=45, ge=15, le=240)
    cadence_days: int = Field(default=14, ge=1, le=90)
    answer_within_seconds: int = Field(
        default=604_800, ge=1, le=7_776_000, description="How long a proposal waits for everybody's answer."
    )
    options: dict[str, JsonValue] = Field(
        default={}, description="What the format lets a program choose.", json_schema_extra={"anyOf": _OPTION_SCHEMAS}
    )
    trio_when_odd: bool = Field(default=False, description="The same as `options.trio_when_odd`.", deprecated=True)
    junior_up_to_level: EmployeeLevel | None = Field(
        default=None, description="The same as `options.junior_up_to_level`.", deprecated=True
    )
    seats_per_senior: int = Field(default=1, ge=1, le=5, description="The same as `options.seats_per_senior`.", deprecated=True)
    ask_again_after_days: AskAgain = 90

    def command(self) -> LaunchProgram:
        """What is asked for.

        Raises: ProgramFormatWrong where an option and the field of the same name differ.
        """
        said = dict(self)
        fields = {name: said.pop(name) for name in OPTIONS_WITH_FIELDS}
        for name in self.model_fields_set & self.options.keys() & fields.keys():
            if self.options[name] != fields[name]:
                raise domain.ProgramFormatWrong(f"options.{name} and {name} differ. Leave out {name}.")
        usual = {name: type(self).model_fields[name].default for name in fields}
        chosen = {name: value for name, value in fields.items() if value != usual[name]}
        return LaunchProgram(**said | {"options": chosen | self.options})


class ProgramChange(Body):
    """What is to be different; whatever is left out stays. Of `options`, each that is named."""

    name: Line | None = None
    goal: Line | None = None
    metric: Line | None = None
    expectations: Passage | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    session_minutes: int | None = Field(default=None, ge=15, le=240)
    cadence_days: int | None = Field(default=None, ge=1, le=90)
    answer_within_seconds: int | None = Field(default=None, ge=1, le=7_776_000)
    options: dict[str, JsonValue] | None = None
    ask_again_after_days: AskAgain | None = None

    def command(self, program_id: UUID, expected: ExpectedVersion) -> ChangeProgram:
        """What is asked for of this program."""
        return ChangeProgram(program_id, expected, {name: value for name, value in self if value is not None})


class ProgramOut(Out):
    id: UUID
    version: int
    name: str
    format: str
    goal: str
    metric: str
    expectations: str
    starts_on: date
    ends_on: date
    session_minutes: int
    cadence_days: int
    answer_within_seconds: int
    trio_when_odd: bool
    junior_up_to_level: int | None
    seats_per_senior: int
    options: dict[str, JsonValue]
    launched_at: datetime
    state: str
    ask_again_after_days: int
    closed_at: datetime | None

    @classmethod
    def of(cls, program: domain.Program) -> Self:
        return cls.model_validate(replace(program, options=options.full(program)), from_attributes=True)


REPEATED: Final[dict[str, Any]] = {"uniqueItems": False}
"""Who names a thing twice means it once."""


class Audience(Body):
    """Who a program is for: a rule over HR facts. What is left out asks nothing; all that is given must hold."""

    departments: frozenset[Line] = Field(default=frozenset(), max_length=200, json_schema_extra=REPEATED)
    locations: frozenset[Line] = Field(default=frozenset(), max_length=200, json_schema_extra=REPEATED)
    lowest_level: EmployeeLevel = domain.LOWEST_LEVEL
    highest_level: EmployeeLevel = domain.HIGHEST_LEVEL
    hired_from: date | None = None
    hired_until: date | None = None
    with_skills_only: bool = Field(default=True, description="Only people with something to offer and something to learn.")
    everybody: bool = Field(
        default=False, description="Say true where no department, location, level or date narrows the rule."
    )

    def command(self, program_id: UUID) -> ForAudience:
        """What is asked for of this program."""
        return ForAudience(program_id, domain.Audience(**dict(self)))


class EnrolmentResult(Out):
    program_id: UUID
    enrolled: int
    already_enrolled: int
    unknown_departments: list[str] = Field(default=[], description="Departments of the rule that nobody is in.")
    unknown_locations: list[str] = Field(default=[], description="Locations of the rule that nobody is at.")

    @classmethod
    def of(cls, result: Enrolled) -> Self:
        return cls.model_validate(result, from_attributes=True)


class AudiencePreviewOut(Out):
    program_id: UUID
    included: int
    already_enrolled: int
    unknown_departments: list[str] = Field(description="Departments of the rule that nobody is in.")
    unknown_locations: list[str] = Field(description="Locations of the rule that nobody is at.")
    sample: list[UUID] = Field(description="Some of the people the rule includes.")

    @classmethod
    def of(cls, preview: AudiencePreview) -> Self:
        return cls.model_validate(preview, from_attributes=True)


class EnrolmentOut(Out):
    id: UUID
    program_id: UUID
    participant_id: UUID
    enrolled_at: datetime
    state: domain.EnrolmentState
    ended_because: domain.Withdrawal | None = Field(description="Why they no longer take part.")
    changed_at: datetime | None

    @classmethod
    def of(cls, enrolment: domain.Enrolment) -> Self:
        return cls.model_validate(enrolment, from_attributes=True)
