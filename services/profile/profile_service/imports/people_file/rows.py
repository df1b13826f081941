"""One row of a people file: its cells in, a person or what is wrong with it out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from profile_service.imports.people_file import cells as rule
from profile_service.imports.people_file.addresses import email, optional_email
from profile_service.imports.people_file.cells import CellError, CellNote, Remembered, SkillLevel, WorkingHours
from profile_service.imports.people_file.columns import OPTIONAL, Columns, is_header
from profile_service.imports.people_file.dates import DateCells, EndDateCells
from profile_service.imports.people_file.hours import working_hours
from profile_service.imports.people_file.known_names import LanguageCells, NearestName, TimeZoneCells
from profile_service.imports.people_file.options import FileOptions
from profile_service.imports.people_file.records import PeopleFileError, Record
from profile_service.imports.people_file.skills import SkillCells, goals
from profile_service.imports.people_file.statuses import Status, refuse_other, status_rule


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
    status: Status = Status.UNSAID
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row and what to do about it.

    `column` is the header as the file writes it; None where no single column is meant. With severity `error` the row
    gave no person, with `warning` it did, or is none of a person. `code` is stable, the message is for people.
    `value`: the cell at fault, where a file's findings are told together.
    """

    line: int
    column: str | None
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"
    value: str | None = None


Outcome = PersonRow | RowError

_LEFT_BEFORE_HIRED: Final = "The person left before the hire date. Correct one of the dates."

_BACK: Final = (
    "The leaving date is before the hire date, and the status says that the person is here: they are taken as being back."
)
_HEADER_AGAIN: Final = (
    "The row names columns, as the header line does. No person was read; the rows below it were read by the first header."
)
_FOOTER_CELLS: Final = 2
_NOT_REMEMBERED: Final = frozenset({"employee_number", "name", "email", "offers", "seeks"})

_IDENTITY: Final = frozenset({"employee_number", "name", "first_name", "last_name", "email"})


class RowReader:
    """Applies the rules of all columns to a row.

    A row is laid out as the file's cells, followed by one cell for each of our columns that the file does not have.
    `defaults` ({our column: cell}) stand in for those, and for cells left empty.

    Raises: PeopleFileError (`bad_default`, `bad_value`) when a default, or what a cell is said to mean, breaks its column's
    rule, or a default would give people one identity.
    """

    def __init__(self, columns: Columns, defaults: Mapping[str, str], options: FileOptions) -> None:
        self._columns = columns
        self._width = len(columns.headers)
        self._headers = list(columns.headers)
        self._added: list[str] = []
        self._absent: frozenset[str] = frozenset()
        self._defaults: list[tuple[int, str, str]] = []
        self._rules: list[tuple[int, Callable[[str], Any]]] = []
        self._names: list[str] = []
        self._first_and_last_name: tuple[int, int, int] | None = None
        self._given = defaults
        self._zones = options.zones
        optional = {columns.place[name] for name in OPTIONAL if name in columns.place}
        needed = set(columns.place.values()) - optional
        self._last_needed = max(needed, default=-1) + 1
        status_place = columns.place.get("status")
        rules = _rules(options, "" if status_place is None else columns.headers[status_place])
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
                elif name != "status" and not (name == "time_zone" and options.zones):
                    self._absent |= {name}
            if name in defaults:
                self._defaults.append((place, defaults[name], name))
            self._rules.append((place, apply))
            self._names.append(name)
        place_of = dict(zip(self._names, (place for place, _ in self._rules), strict=True))
        self._leaving_date = self._headers[place_of["leaving_date"]]
        self._zone_and_location = place_of["time_zone"], place_of["location"]

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
        """The person, with warnings where cells are not as they should be; or at least one error. Nothing for a row of blanks,
        a warning for one that is a header or a footer. `cells` is changed.
        """
        if len(cells) != self._width:
            if len(cells) < self._last_needed or any(cell.strip() for cell in cells[self._width :]):
                if nobody := self._nobody(line, cells):
                    return [nobody]
                return [RowError(line, None, "cell_count", self._wrong_cell_count(len(cells)))]
            del cells[self._width :]
            cells += [""] * (self._width - len(cells))
        cells += self._added
        if self._first_and_last_name:
            place, first, last = self._first_and_last_name
            cells[place] = f"{cells[first]} {cells[last]}"
        if self._zones:
            zone, location = self._zone_and_location
            if not cells[zone].strip():
                cells[zone] = self._zones.get(" ".join(cells[location].split()).casefold(), "")
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
            return self._left_before_hired(person)
        return person

    def _with_findings(self, line: int, cells: list[str], absent: frozenset[str]) -> list[Outcome]:
        """The errors of a row; where no needed cell is at fault, what is to be said of it and the person."""
        if nobody := self._nobody(line, cells[: self._width]):
            return [nobody]
        found: list[RowError] = []
        values: list[Any] = []
        for (place, apply), name in zip(self._rules, self._names, strict=True):
            value: Any = None
            try:
                value = apply(cells[place])
            except CellNote as note:
                value = note.value
                found.append(RowError(line, self._headers[place], note.code, note.message, "warning"))
                if name == "languages" and not value:
                    absent |= {name}
            except CellError as error:
                if name in OPTIONAL:
                    message = f"{error.message} The person is taken without it."
                    found.append(RowError(line, self._headers[place], error.code, message, "warning"))
                    value = apply("")
                    absent |= {name} - {"status"}
                elif name in self._given and error.code == "bad_level":
                    message = f"{error.message} The default is taken, {self._given[name]}."
                    found.append(RowError(line, self._headers[place], error.code, message, "warning"))
                    value = apply(self._given[name])
                    absent |= {name}
                else:
                    value_at_fault = rule.shown(cells[place].strip()) if error.code == "bad_level" else None
                    found.append(RowError(line, self._headers[place], error.code, error.message, value=value_at_fault))
            values.append(value)
        if any(one.severity == "error" for one in found):
            return [*found]
        person = PersonRow._make([line, *values, absent])
        if person.leaving_date is not None and person.leaving_date < person.hired_on:
            return [*found, *self._left_before_hired(person)]
        return [*found, person]

    def _left_before_hired(self, person: PersonRow) -> list[Outcome]:
        """Where the status says that they are here, the leaving date is that of an employment before."""
        if person.status not in (Status.ACTIVE, Status.LEAVE):
            return [RowError(person.line, self._leaving_date, "left_before_hired", _LEFT_BEFORE_HIRED)]
        return [
            RowError(person.line, self._leaving_date, "left_before_hired", _BACK, "warning"),
            person._replace(leaving_date=None),
        ]

    def _nobody(self, line: int, cells: list[str]) -> RowError | None:
        """What is said of a row that is no person's: a header again, or what software writes below a table."""
        filled = [cell for cell in cells if cell.strip()]
        if is_header(cells, self._columns):
            return RowError(line, None, "header_again", _HEADER_AGAIN, "warning")
        if len(filled) <= _FOOTER_CELLS < self._width - _FOOTER_CELLS and filled:
            message = f"The row holds only {', '.join(map(rule.shown, filled))}: it was taken for a footer. No person was read."
            return RowError(line, None, "footer", message, "warning")
        return None

    def _wrong_cell_count(self, cells: int) -> str:
        return (
            f"The row has {cells} cells, the header line has {self._width}. Look for a missing or surplus separator; "
            "a cell that contains the separator must stand in quotes."
        )


def _rules(options: FileOptions, status_header: str) -> dict[str, Callable[[str], Any]]:
    """By column, in the order of PersonRow. Made anew for each file, because rules remember what they have seen."""
    nearest = NearestName()
    order = options.date_order
    rules: dict[str, Callable[[str], Any]] = {
        "employee_number": rule.required_employee_number,
        "name": rule.required_text,
        "email": optional_email if options.without_email else email,
        "department": rule.required_text,
        "job_title": rule.required_text,
        "employee_level": rule.level,
        "manager_employee_number": rule.or_placeholder(rule.manager_number),
        "location": rule.required_text,
        "time_zone": TimeZoneCells(nearest),
        "languages": LanguageCells(nearest),
        "hired_on": DateCells(order),
        "leaving_date": rule.or_placeholder(EndDateCells(order)),
        "working_hours": rule.or_placeholder(working_hours),
        "offers": rule.or_placeholder(SkillCells(lowest=1, usual=options.offered_level)),
        "seeks": rule.or_placeholder(SkillCells(lowest=0, usual=options.sought_level)),
        "goals": rule.or_placeholder(goals),
        "status": rule.or_placeholder(status_rule(status_header)),
    }
    for name, meanings in options.values.items():
        rules[name] = _meaning(name, meanings, refuse_other if name == "status" else rules.get(name), rules.get(name))
    return {name: apply if name in _NOT_REMEMBERED else Remembered(apply).__getitem__ for name, apply in rules.items()}


def _meaning(
    name: str, meanings: Mapping[str, str], ours: Callable[[str], Any] | None, theirs: Callable[[str], Any] | None
) -> Callable[[str], Any]:
    """The rule of a column some of whose cells are said to mean something. `ours` reads what they mean, `theirs` the others."""
    if ours is None or theirs is None or name in _IDENTITY:
        raise PeopleFileError("bad_value", f"What a cell means cannot be said for {rule.shown(name)}.")
    try:
        known = {cell: ours(meaning) for cell, meaning in meanings.items()}
    except CellError as error:
        raise PeopleFileError("bad_value", f"What is said of {name} cannot be used: {error.message}") from None

    def read(cell: str) -> Any:
        folded = " ".join(cell.split()).casefold()
        return known[folded] if folded in known else theirs(cell)

    return read


def _check_default(name: str, default: str, rules: Mapping[str, Callable[[str], Any]]) -> None:
    if name not in rules or name in _IDENTITY:
        allowed = ", ".join(column for column in rules if column not in _IDENTITY)
        raise PeopleFileError("bad_default", f"There is no default for {rule.shown(name)}; only for {allowed}.")
    try:
        rules[name](default)
    except CellNote:
        return
    except CellError as error:
        raise PeopleFileError("bad_default", f"The default for {name} cannot be used: {error.message}") from None
