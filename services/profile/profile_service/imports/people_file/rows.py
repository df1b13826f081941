"""One row of a people file: its cells in, a person or what is wrong with it out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from profile_service.imports.people_file import cells as rule
from profile_service.imports.people_file.cells import CellError, Remembered, SkillLevel, WorkingHours
from profile_service.imports.people_file.columns import OPTIONAL, Columns
from profile_service.imports.people_file.known_names import LanguageCells, NearestName, TimeZoneCells
from profile_service.imports.people_file.records import PeopleFileError, Record


class PersonRow(NamedTuple):
    """One person as the file gives them, every value valid by itself.

    `line` is the physical line the row starts on (1-based). `employee_level` is 1 to 12, `time_zone` an IANA name, `languages`
    are ISO 639-1 codes. `manager_employee_number` is not yet checked against anything. `absent` names the columns the file says
    nothing of: their values are defaults, for new people and for what is unknown of others.
    """

    line: int
    employee_number: str
    name: str
    email: str
    department: str
    job_title: str
    employee_level: int
    manager_employee_number: str | None
    location: str
    time_zone: str
    languages: tuple[str, ...]
    hired_on: date
    leaving_date: date | None
    working_hours: WorkingHours
    offers: tuple[SkillLevel, ...]
    seeks: tuple[SkillLevel, ...]
    goals: tuple[str, ...]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row and what to do about it.

    `column` is the header as the file writes it; None where no single column is meant. With severity `error` the row
    gave no person, with `warning` it did. `code` is stable, the message is for people.
    """

    line: int
    column: str | None
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"


Outcome = PersonRow | RowError

_LEFT_BEFORE_HIRED: Final = "The person left before the hire date. Correct one of the dates."

_IDENTITY: Final = frozenset({"employee_number", "name", "first_name", "last_name", "email"})


class RowReader:
    """Applies the rules of all columns to a row.

    A row is laid out as the file's cells, followed by one cell for each of our columns that the file does not have.
    `defaults` ({our column: cell}) stand in for those, and for cells left empty.

    Raises: PeopleFileError (`bad_default`) when a default breaks its column's rule, or would give people one identity.
    """

    def __init__(self, columns: Columns, defaults: Mapping[str, str]) -> None:
        self._width = len(columns.headers)
        self._headers = list(columns.headers)
        self._added: list[str] = []
        self._absent: frozenset[str] = frozenset()
        self._defaults: list[tuple[int, str, str]] = []
        self._rules: list[tuple[int, Callable[[str], Any]]] = []
        self._names: list[str] = []
        self._first_and_last_name: tuple[int, int, int] | None = None
        optional = {columns.place[name] for name in OPTIONAL if name in columns.place}
        needed = set(columns.place.values()) - optional
        self._last_needed = max(needed, default=-1) + 1
        rules = _rules()
        for name, default in defaults.items():
            _check_default(name, default, rules)
        for name, apply in rules.items():
            place = columns.place.get(name)
            if place is None:
                place = len(self._headers)
                self._headers.append(name)
                self._added.append("")
                if name == "name":
                    first, last = columns.place["first_name"], columns.place["last_name"]
                    self._headers[place] = f"{self._headers[first]} + {self._headers[last]}"
                    self._first_and_last_name = place, first, last
                else:
                    self._absent |= {name}
            if name in defaults:
                self._defaults.append((place, defaults[name], name))
            self._rules.append((place, apply))
            self._names.append(name)
            if name == "leaving_date":
                self._leaving_date = self._headers[place]

    def header(self, cell: int | None) -> str | None:
        """The header over a cell of the file, None if there is none."""
        return self._headers[cell] or None if cell is not None and 0 <= cell < self._width else None

    def outcomes(self, records: Iterable[Record | RowError]) -> Iterator[Outcome]:
        """`read` for many, with what was found wrong before among them."""
        for record in records:
            if isinstance(record, RowError):
                yield record
                continue
            outcome = self.read(*record)
            if isinstance(outcome, PersonRow):
                yield outcome
            else:
                yield from outcome

    def read(self, line: int, cells: list[str]) -> PersonRow | list[Outcome]:
        """The person, with warnings where optional cells cannot be read; or at least one error. Nothing for a row of blanks.
        `cells` is changed.
        """
        if len(cells) != self._width:
            if len(cells) < self._last_needed or any(cell.strip() for cell in cells[self._width :]):
                return [RowError(line, None, "cell_count", self._wrong_cell_count(len(cells)))]
            del cells[self._width :]
            cells += [""] * (self._width - len(cells))
        cells += self._added
        if self._first_and_last_name:
            place, first, last = self._first_and_last_name
            cells[place] = f"{cells[first]} {cells[last]}"
        absent = self._absent
        for place, default, name in self._defaults:
            if not cells[place].strip():
                cells[place] = default
                absent |= {name}
        try:
            person = PersonRow._make([line, *[apply(cells[place]) for place, apply in self._rules], absent])
        except CellError:
            is_blank = not any(cell.strip() for cell in cells[: self._width])
            return [] if is_blank else self._with_findings(line, cells, absent)
        if person.leaving_date is not None and person.leaving_date < person.hired_on:
            return [RowError(line, self._leaving_date, "left_before_hired", _LEFT_BEFORE_HIRED)]
        return person

    def _with_findings(self, line: int, cells: list[str], absent: frozenset[str]) -> list[Outcome]:
        """The errors of a row; where only optional cells cannot be read, warnings and the person without them."""
        found: list[Outcome] = []
        for (place, apply), name in zip(self._rules, self._names, strict=True):
            try:
                apply(cells[place])
            except CellError as error:
                if name in OPTIONAL:
                    message = f"{error.message} The person is taken without it."
                    found.append(RowError(line, self._headers[place], error.code, message, "warning"))
                    cells[place] = ""
                    absent |= {name}
                else:
                    found.append(RowError(line, self._headers[place], error.code, error.message))
        if any(isinstance(one, RowError) and one.severity == "error" for one in found):
            return found
        taken = self.read(line, cells[: self._width])
        return [*found, taken._replace(absent=absent | taken.absent)] if isinstance(taken, PersonRow) else [*found, *taken]

    def _wrong_cell_count(self, cells: int) -> str:
        return (
            f"The row has {cells} cells, the header line has {self._width}. Look for a missing or surplus separator; "
            "a cell that contains the separator must stand in quotes."
        )


def _rules() -> dict[str, Callable[[str], Any]]:
    """By column, in the order of PersonRow. Made anew for each file, because rules remember what they have seen."""
    nearest = NearestName()
    return {
        "employee_number": rule.required_employee_number,
        "name": rule.required_text,
        "email": rule.email,
        "department": Remembered(rule.required_text).__getitem__,
        "job_title": Remembered(rule.required_text).__getitem__,
        "employee_level": Remembered(rule.level).__getitem__,
        "manager_employee_number": Remembered(rule.or_placeholder(rule.manager_number)).__getitem__,
        "location": Remembered(rule.required_text).__getitem__,
        "time_zone": Remembered(TimeZoneCells(nearest)).__getitem__,
        "languages": Remembered(LanguageCells(nearest)).__getitem__,
        "hired_on": Remembered(rule.calendar_date).__getitem__,
        "leaving_date": Remembered(rule.or_placeholder(rule.leaving_date)).__getitem__,
        "working_hours": Remembered(rule.or_placeholder(rule.working_hours)).__getitem__,
        "offers": rule.or_placeholder(rule.SkillCells(lowest=1)),
        "seeks": rule.or_placeholder(rule.SkillCells(lowest=0)),
        "goals": Remembered(rule.or_placeholder(rule.goals)).__getitem__,
    }


def _check_default(name: str, default: str, rules: Mapping[str, Callable[[str], Any]]) -> None:
    if name not in rules or name in _IDENTITY:
        allowed = ", ".join(column for column in rules if column not in _IDENTITY)
        raise PeopleFileError("bad_default", f"There is no default for {rule.shown(name)}; only for {allowed}.")
    try:
        rules[name](default)
    except CellError as error:
        raise PeopleFileError("bad_default", f"The default for {name} cannot be used: {error.message}") from None
