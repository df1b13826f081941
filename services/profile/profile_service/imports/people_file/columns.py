"""Which column of a people file holds what: from the header line, the usual names and the caller's own mapping."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from profile_service.imports.people_file.cells import shown
from profile_service.imports.people_file.records import PeopleFileError
from profile_service.plain_text import plain

DELIMITERS: Final = (",", ";", "\t")
MAX_COLUMNS: Final = 500
MAX_HEADER_CHARS: Final = 200

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "employee_number": (
        "employeenumber", "employeeno", "employeeid", "empid", "empno", "empnumber", "personnelnumber", "personnelno",
        "personid", "staffid", "staffnumber", "workerid",
    ),
    "name": ("name", "fullname", "employeename", "displayname", "workername"),
    "first_name": ("firstname", "givenname", "forename"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail", "workemail", "workemailaddress", "businessemail"),
    "department": ("department", "departmentname", "dept"),
    "job_title": ("jobtitle", "job", "jobname", "position", "positiontitle"),
    "employee_level": ("level", "employeelevel", "joblevel", "careerlevel", "grade", "jobgrade"),
    "manager_employee_number": (
        "manageremployeenumber", "manageremployeeno", "manageremployeeid", "managernumber", "managerno", "managerid",
        "supervisoremployeenumber", "supervisorid", "reportsto", "reportstoid",
    ),
    "location": ("location", "locationname", "worklocation", "office", "officelocation", "site"),
    "time_zone": ("timezone", "timezoneid", "timezonename", "ianatimezone", "tz"),
    "languages": ("languages", "language", "languagesspoken", "spokenlanguages", "preferredlanguage"),
    "hired_on": ("hiredate", "hiredon", "datehired", "dateofhire", "startdate", "joindate", "joiningdate"),
    "working_hours": ("workinghours", "workhours", "workinghour", "workingtime"),
    "leaving_date": (
        "leavingdate", "terminationdate", "dateoftermination", "lastdayofwork", "lastworkingday", "enddate",
    ),
    "offers": ("skillsoffered", "offeredskills", "offers"),
    "seeks": ("skillssought", "soughtskills", "skillswanted", "skillstolearn", "seeks"),
    "goals": ("goals", "goal", "developmentgoals"),
}  # fmt: skip
"""What each of our columns is commonly called, written without case, blanks and punctuation."""

OTHER_NAMES: Final = {
    "level": "employee_level",
    "hire_date": "hired_on",
    "skills_offered": "offers",
    "skills_sought": "seeks",
}
"""Names of our columns that mappings and defaults may use as well. The first ones are the API's."""

OPTIONAL: Final = frozenset({"manager_employee_number", "working_hours", "leaving_date", "offers", "seeks", "goals"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the header line told.

    `delimiter`; `headers`: every header as written, cleaned for display; `place`: index of the column by our name;
    `ignored`: the headers that were not taken; `lines`: physical lines up to and with the header.
    """

    delimiter: str
    headers: tuple[str, ...]
    place: Mapping[str, int]
    ignored: tuple[str, ...]
    lines: int


def read_header(lines: list[str], mapping: Mapping[str, str], defaults: Collection[str]) -> Columns:
    """Find the columns. `lines` are the first physical lines of the file; blank lines before the header, and Excel's
    `sep=;`, are passed over. `mapping` ({our name: their header}) goes before the usual names; the file need not have
    our columns that are in `defaults`.

    Raises: PeopleFileError (`empty_file`, `bad_header`, `bad_mapping`, `ambiguous_columns`, `missing_columns`).
    """
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise PeopleFileError("empty_file", "The file is empty. Send a CSV file with a header line.")
    delimiters: tuple[str, ...] = DELIMITERS
    if separator := _EXCEL_SEPARATOR.fullmatch(lines[start]):
        delimiters = (separator[1],)
        start += 1
    headers, used, delimiter = max(
        (_first_record(lines[start:], delimiter) for delimiter in delimiters),
        key=lambda reading: (sum(_folded(header) in _OUR_NAMES for header in reading[0]), len(reading[0])),
    )
    if not headers or len(headers) > MAX_COLUMNS or not all(map(_is_readable, headers)):
        raise PeopleFileError(
            "bad_header",
            f"The first line does not name columns that can be read, at most {MAX_COLUMNS}. "
            "Send a CSV file whose first line is the header line.",
        )
    place = _places(headers, mapping)
    taken = set(place.values())
    ignored = tuple(header for index, header in enumerate(headers) if index not in taken and header)
    columns = Columns(delimiter, tuple(headers), place, ignored, start + used)
    _require(columns, defaults)
    return columns


def missed_columns(columns: Columns, defaults: Collection[str]) -> Iterator[str]:
    """What people will lack because the file has no such column, though it may do without."""
    for name, consequence in _CONSEQUENCES.items():
        if name not in columns.place and name not in defaults:
            yield f"The header line has no column for {name}: {consequence}. Everybody else keeps what is known of them."


def _places(headers: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    place = {name: _mapped(headers, name, header) for name, header in mapping.items()}
    mapped = set(place.values())
    unmapped = ALIASES.keys() - place.keys()
    if "name" in place:
        unmapped -= _NAME_PARTS
    elif place.keys() & _NAME_PARTS:
        unmapped -= {"name"}
    for name in sorted(unmapped):
        found = [index for index, header in enumerate(headers) if index not in mapped and _folded(header) in ALIASES[name]]
        if len(found) > 1:
            names = " and ".join(shown(headers[index]) for index in found)
            raise PeopleFileError("ambiguous_columns", f"{names} could each be {name}. Say which one by a mapping.")
        if found:
            place[name] = found[0]
    if "name" in place:
        return {name: index for name, index in place.items() if name not in _NAME_PARTS}
    return place


def _mapped(headers: list[str], name: str, header: str) -> int:
    if name not in ALIASES:
        raise PeopleFileError(
            "bad_mapping", f"The mapping names {shown(name)}, which is none of our columns: {', '.join(ALIASES)}."
        )
    found = [index for index, candidate in enumerate(headers) if candidate == " ".join(plain(header).split())]
    found = found or [index for index, candidate in enumerate(headers) if _folded(candidate) == _folded(plain(header))]
    if len(found) != 1:
        problem = "is there more than once" if found else "is not in the header line"
        raise PeopleFileError("bad_mapping", f"The mapping gives {shown(header)} for {name}, but it {problem}.")
    return found[0]


def _require(columns: Columns, defaults: Collection[str]) -> None:
    there = columns.place.keys() | set(defaults)
    if there >= _NAME_PARTS:
        there |= {"name"}
    missing = [name for name in ALIASES if name not in there | OPTIONAL | _NAME_PARTS]
    if missing:
        unused = ", ".join(map(shown, columns.ignored[:40])) or "none"
        raise PeopleFileError(
            "missing_columns",
            f"The header line has no column for {', '.join(missing)}. Add it, map another column to it, "
            f"or give a default where one value fits everybody. Columns that were not recognised: {unused}.",
        )


def _first_record(lines: list[str], delimiter: str) -> tuple[list[str], int, str]:
    """The cells of the first record, how many lines it takes, and the delimiter; no cells if its quotes are broken."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        return [" ".join(plain(cell).split()) for cell in next(reader, [])], reader.line_num, delimiter
    except csv.Error:
        return [], 0, delimiter


def _folded(header: str) -> str:
    return "".join(char for char in header.casefold() if char.isalnum())


def _is_readable(header: str) -> bool:
    return len(header) <= MAX_HEADER_CHARS and header.isprintable()


_NAME_PARTS: Final = frozenset({"first_name", "last_name"})
_OUR_NAMES: Final = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
_EXCEL_SEPARATOR: Final = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
_CONSEQUENCES: Final = {
    "manager_employee_number": "people who are new have no manager, so their reporting lines cannot be kept apart",
    "offers": "people who are new have no skills to offer",
    "seeks": "people who are new have no skills to learn",
}
