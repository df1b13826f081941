"""What profile believes about organisations, people and programs. Pure: no I/O, no clock."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import Conflict, Invalid, NotFound, PreconditionFailed
from profile_service.domain_access import OrganisationState

LOWEST_LEVEL: Final = 1
HIGHEST_LEVEL: Final = 12


class EmployeeNumberTaken(Conflict):
    title = "Somebody in your organisation has this employee number already"


class EmailTaken(Conflict):
    title = "Somebody in your organisation has this e-mail address already"


class UnknownManager(NotFound):
    title = "The manager is not a participant of your organisation"


class ProgramDatesWrong(Invalid):
    title = "A program ends after it starts"


class ProgramFormatWrong(Invalid):
    title = "The format does not go with the rest of the program"


class AudienceEmpty(Invalid):
    title = "The rule does not say whom the program is for"


class ProgramNotRunning(Conflict):
    title = "The program takes no people at the moment"


class EnrolmentOver(Conflict):
    title = "This person no longer takes part in the program"


class FileOptionWrong(Invalid):
    title = "What was said of the file cannot be used"


class EmploymentDatesWrong(Invalid):
    title = "Somebody leaves after they were hired"


class NotEmployed(Conflict):
    title = "This person has left"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant. Its id is the tenant id of everything it owns."""

    id: UUID
    version: int
    name: str
    created_at: datetime
    state: OrganisationState = OrganisationState.ACTIVE


@dataclass(frozen=True, slots=True)
class OfferedSkill:
    """A skill someone can help with; level 1 to 5."""

    skill: str
    level: int


@dataclass(frozen=True, slots=True)
class SoughtSkill:
    """A skill someone wants to learn; `level` is where they stand now, 0 to 5; priority 1 (nice) to 3 (needed)."""

    skill: str
    level: int
    priority: int = 1


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours in wall time of the person's zone: minutes after midnight, ISO weekdays."""

    starts: int = 540
    ends: int = 1020
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)


class Employment(StrEnum):
    """Whether somebody works here on a day."""

    EXPECTED = "expected"
    ACTIVE = "active"
    LEAVE = "leave"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of an organisation.

    `leaving_on`: the day from which they no longer work here; None: nobody knows of one. `has_left`: that day has come and was
    acted upon. `on_leave`: they work here and are away for long.
    """

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
    manager_id: UUID | None = None
    working_hours: Hours = field(default_factory=Hours)
    offers: tuple[OfferedSkill, ...] = ()
    seeks: tuple[SoughtSkill, ...] = ()
    goals: tuple[str, ...] = ()
    leaving_on: date | None = None
    on_leave: bool = False
    has_left: bool = False

    def status(self, today: date, *, has_left: bool | None = None) -> Employment:
        """Whether they work here on that day. `has_left`: in place of what is known of that."""
        if (self.has_left if has_left is None else has_left) or (self.leaving_on is not None and self.leaving_on <= today):
            return Employment.LEFT
        if self.hired_on > today:
            return Employment.EXPECTED
        return Employment.LEAVE if self.on_leave else Employment.ACTIVE

    def with_sound_dates(self) -> "Participant":
        """The same person.

        Raises: EmploymentDatesWrong.
        """
        if self.leaving_on is not None and self.leaving_on < self.hired_on:
            raise EmploymentDatesWrong(f"They were hired on {self.hired_on} and would leave on {self.leaving_on}.")
        return self

    def refuse_left(self, today: date) -> None:
        """Raises: NotEmployed."""
        if self.status(today) is Employment.LEFT:
            raise NotEmployed("Take the leaving date out of their facts first, if they are back.")

    def employed(self) -> tuple[date | None, bool, bool]:
        """What of their facts says whether they work here."""
        return self.leaving_on, self.on_leave, self.has_left

    def check_version(self, expected: ExpectedVersion) -> None:
        """Raises: PreconditionFailed when somebody has changed this person since the versions expected."""
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This person is at version {self.version} now. Read them again, then decide.")

    def changed(self, expected: ExpectedVersion, **changes: object) -> "Participant":
        """The same person with other facts.

        Raises: PreconditionFailed when the present version is none of those expected.
        """
        self.check_version(expected)
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]


class Absent(Enum):
    """Stands for a fact that was not said: an empty value is one that was."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What a caller says of a person. An absent fact stays as it is, or takes its usual value in a new person."""

    employee_number: str | Absent = ABSENT
    name: str | Absent = ABSENT
    email: str | Absent = ABSENT
    department: str | Absent = ABSENT
    job_title: str | Absent = ABSENT
    employee_level: int | Absent = ABSENT
    location: str | Absent = ABSENT
    time_zone: str | Absent = ABSENT
    languages: tuple[str, ...] | Absent = ABSENT
    hired_on: date | Absent = ABSENT
    manager_id: UUID | Absent | None = ABSENT
    working_hours: Hours | Absent = ABSENT
    offers: tuple[OfferedSkill, ...] | Absent = ABSENT
    seeks: tuple[SoughtSkill, ...] | Absent = ABSENT
    goals: tuple[str, ...] | Absent = ABSENT
    leaving_on: date | Absent | None = ABSENT
    on_leave: bool | Absent = ABSENT

    def given(self) -> dict[str, Any]:
        """The facts that were said, by name."""
        facts = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in facts if value is not ABSENT}


class ProgramState(StrEnum):
    RUNNING = "running"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Program:
    """Goal, dates and expectations under which people are matched and meet.

    `options` are those of the format; None in a program older than they are, which has only the three fields before them.
    """

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
    launched_at: datetime
    trio_when_odd: bool = False
    junior_up_to_level: int | None = None
    seats_per_senior: int = 1
    options: dict[str, Any] | None = None
    state: ProgramState = ProgramState.RUNNING
    ask_again_after_days: int = 90
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.ends_on <= self.starts_on:
            raise ProgramDatesWrong(f"It starts on {self.starts_on} and would end on {self.ends_on}.")

    def check_version(self, expected: ExpectedVersion) -> None:
        """Raises: PreconditionFailed when somebody has changed this program since the versions expected."""
        if not expected.allows(self.version):
            raise PreconditionFailed(f"This program is at version {self.version} now. Read it again, then decide.")

    def takes_people(self, today: date) -> None:
        """Raises: ProgramNotRunning once it is closed or has ended."""
        self.refuse_closed()
        if self.ends_on < today:
            raise ProgramNotRunning(f"It ended on {self.ends_on}. Change its dates, or launch another program.")

    def refuse_closed(self) -> None:
        """Raises: ProgramNotRunning once it is closed."""
        if self.state is not ProgramState.RUNNING:
            raise ProgramNotRunning(f"It is {self.state}.")

    def closed(self, now: datetime) -> "Program":
        """It ends before its time.

        Raises: ProgramNotRunning where it was closed before.
        """
        self.refuse_closed()
        return replace(self, version=self.version + 1, state=ProgramState.CLOSED, closed_at=now)


class EnrolmentState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class Withdrawal(StrEnum):
    """Why somebody no longer takes part."""

    WITHDREW = "withdrew"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A participant takes part in a program, pauses, or no longer does; then `ended_because` says why."""

    id: UUID
    version: int
    program_id: UUID
    participant_id: UUID
    enrolled_at: datetime
    state: EnrolmentState = EnrolmentState.ACTIVE
    ended_because: Withdrawal | None = None
    changed_at: datetime | None = None

    def paused(self, now: datetime) -> "Enrolment":
        """They are not to be matched for now.

        Raises: EnrolmentOver.
        """
        if self.state is EnrolmentState.WITHDRAWN:
            raise EnrolmentOver("They have withdrawn. Resume the enrolment to let them take part again.")
        return self._changed(EnrolmentState.PAUSED, now)

    def resumed(self, now: datetime) -> "Enrolment":
        """They take part again, after a pause or after having withdrawn."""
        return self._changed(EnrolmentState.ACTIVE, now)

    def withdrawn(self, why: Withdrawal, now: datetime) -> "Enrolment":
        """They no longer take part."""
        return self._changed(EnrolmentState.WITHDRAWN, now, why)

    def _changed(self, state: EnrolmentState, now: datetime, why: Withdrawal | None = None) -> "Enrolment":
        if self.state is state:
            return self
        return replace(self, version=self.version + 1, state=state, ended_because=why, changed_at=now)


@dataclass(frozen=True, slots=True)
class Audience:
    """A rule over HR facts: who a program is for. A part left empty asks nothing; all parts must hold. `everybody` says that a
    rule which narrows nothing is meant. `with_skills_only`: nobody without anything to offer and to learn.
    """

    departments: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    lowest_level: int = LOWEST_LEVEL
    highest_level: int = HIGHEST_LEVEL
    hired_from: date | None = None
    hired_until: date | None = None
    with_skills_only: bool = True
    everybody: bool = False

    def check(self) -> None:
        """Raises: AudienceEmpty where the rule narrows nothing and does not say that everybody is meant."""
        whole = replace(Audience(), with_skills_only=self.with_skills_only)
        if replace(self, everybody=False) == whole and not self.everybody:
            raise AudienceEmpty("Name departments, locations, levels or hire dates, or say everybody: true.")


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Import:
    """A people file on its way in. `rows_total` is known once all of it has been looked at, the other counts grow while it is
    worked through; `problem` says why a file was refused, or what happened where it failed: an error that is not the file's.

    `columns` is {our column: the file's header}, `defaults` is {our column: what an empty or missing cell means}. `cause` is
    what the request that brought it has kept of itself for its events. `options`: what else was said of the file.
    """

    id: UUID
    version: int
    created_at: datetime
    state: ImportState = ImportState.WAITING
    size_bytes: int = 0
    rows_total: int | None = None
    rows_done: int = 0
    registered: int = 0
    updated: int = 0
    unchanged: int = 0
    rows_refused: int = 0
    warnings: int = 0
    problem: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    cause: dict[str, str] | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong with a file, at a line and, where one is meant, a column; with severity `error` the row gave no person."""

    line: int
    column: str | None
    code: str
    message: str
    severity: str
