"""Which column of a people file holds what: from the header line, the usual names and the caller's own mapping."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from profile_service.imports.people_file.cells import shown
from profile_service.imports.people_file.records import PeopleFileError
from profile_service.plain_text import plain

DELIMITERS: Final = (",", ";", "\t", "|")
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
    "status": ("employmentstatus", "employeestatus", "workerstatus"),
    "offers": ("skillsoffered", "offeredskills", "offers"),
    "seeks": ("skillssought", "soughtskills", "skillswanted", "skillstolearn", "seeks"),
    "goals": ("goals", "goal", "developmentgoals"),
}  # fmt: skip
"""What each of our columns is commonly called, written without case, blanks and punctuation."""

LESS_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "employee_number": ("personalnummer", "mitarbeiternummer", "matricule"),
    "name": ("worker", "lastnamefirstname"),
    "first_name": ("vorname", "prénom", "prenom"),
    "last_name": ("nachname", "familienname", "nom", "nomdefamille"),
    "email": ("emailwork", "courriel", "adresseemail"),
    "department": ("supervisoryorganization", "orgunit", "abteilung", "service", "département"),
    "job_title": ("businesstitle", "jobrole", "stelle", "funktion", "poste", "fonction"),
    "employee_level": ("managementlevel", "stufe", "karrierestufe", "niveau"),
    "manager_employee_number": (
        "manager", "reportingto", "managername", "manageremail", "vorgesetzter", "vorgesetzte", "führungskraft", "responsable",
    ),
    "location": ("standort", "arbeitsort", "établissement", "etablissement", "lieudetravail"),
    "time_zone": ("zeitzone", "fuseauhoraire"),
    "languages": ("sprachen", "sprache", "langues", "langue", "defaultlocale"),
    "hired_on": ("eintrittsdatum", "eintritt", "datedembauche", "dateembauche", "datedentrée"),
    "working_hours": ("arbeitszeit", "arbeitszeiten", "horaires"),
    "leaving_date": (
        "exitdate", "dateofexit", "termdate", "separationdate", "resignationdate", "lastday", "austrittsdatum", "austritt",
        "datedesortie", "datededépart", "finducontrat",
    ),
    "status": (
        "status", "hrstatus", "statut", "currentflag", "isactive", "attrition", "beschäftigungsstatus", "mitarbeiterstatus",
    ),
}  # fmt: skip
"""What they are called elsewhere and in German and French: taken where none of the usual names is there."""

LEFT_OUT: Final = "-"
"""In a mapping: the file's column is not to be read, whatever it is called."""

OTHER_NAMES: Final = {
    "level": "employee_level",
    "hire_date": "hired_on",
    "skills_offered": "offers",
    "skills_sought": "seeks",
}
"""Names of our columns that mappings and defaults may use as well. The first ones are the API's."""

OPTIONAL: Final = frozenset({"manager_employee_number", "working_hours", "leaving_date", "status", "offers", "seeks", "goals"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the header line told.

    `delimiter`; `headers`: every header as written, cleaned for display; `place`: index of the column by our name;
    `ignored`: the headers that were not taken; `lines`: physical lines up to and with the header; `above`: how many of these
    stand above the header and are not blank.
    """

    delimiter: str
    headers: tuple[str, ...]
    place: Mapping[str, int]
    ignored: tuple[str, ...]
    lines: int
    above: int = 0


def read_header(lines: list[str], mapping: Mapping[str, str], defaults: Collection[str]) -> Columns:
    """Find the columns. `lines` are the first physical lines of the file; blank lines and titles before the header, and
    Excel's `sep=;`, are passed over. `mapping` ({our name: their header, or `#3` for the third column, or `-` for none}) goes
    before the usual names; the file need not have our columns that are in `defaults`.

    Raises: PeopleFileError (`empty_file`, `bad_header`, `bad_mapping`, `ambiguous_columns`, `missing_columns`).
    """
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise PeopleFileError("empty_file", "The file is empty. Send a CSV file with a header line.")
    delimiters: tuple[str, ...] = DELIMITERS
    if separator := _EXCEL_SEPARATOR.fullmatch(lines[start]):
        delimiters = (separator[1],)
        start += 1
    first = start
    start, (headers, used, delimiter) = _header_line(
        lines, start, delimiters, {_folded(plain(one)) for one in mapping.values()}
    )
    if len(headers) == 1 and _known_headers(next(csv.reader([headers[0]])), frozenset()) >= _FEWEST_KNOWN:
        raise PeopleFileError(
            "lines_in_quotes",
            "Each line of the file stands in quotes as a whole, so that it has a single column. Export it again as CSV.",
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
    above = sum(line.strip().strip(delimiter) != "" for line in lines[first:start])
    columns = Columns(delimiter, tuple(headers), place, ignored, start + used, above)
    _require(columns, defaults)
    return columns


def ignored_columns(columns: Columns) -> Iterator[tuple[str | None, str]]:
    """What is said of columns that are not read: by column where it looks like a status or an end, else all together."""
    loud = [header for header in columns.ignored if _SAYS_WHO_LEAVES.search(_folded(header))]
    for header in loud:
        message = f"The column {shown(header)} is not read, though it may say who has left. {_MAP_IT}"
        yield header, message
    if quiet := [header for header in columns.ignored if header not in loud]:
        named = ", ".join(map(shown, quiet[:40]))
        yield None, f"Columns that are not read: {named}. Map those that are meant for one of ours ({', '.join(ALIASES)})."


def is_header(cells: list[str], columns: Columns) -> bool:
    """Whether a row repeats the header line, or says in words what the columns are."""
    folded = [_folded(plain(cell)) for cell in cells if cell.strip()]
    theirs = {_folded(header) for header in columns.headers}
    return len(folded) >= _FEWEST_KNOWN and 2 * sum(one in theirs or one in _OUR_NAMES for one in folded) > len(folded)


def missed_columns(columns: Columns, defaults: Collection[str]) -> Iterator[str]:
    """What people will lack because the file has no such column, though it may do without."""
    for name, consequence in _CONSEQUENCES.items():
        if name not in columns.place and name not in defaults:
            yield f"The header line has no column for {name}: {consequence}. Everybody else keeps what is known of them."


def _header_line(
    lines: list[str], start: int, delimiters: tuple[str, ...], mapped: Collection[str]
) -> tuple[int, tuple[list[str], int, str]]:
    """Where the header line is: the first line, unless it names hardly any column and one of the next few names several."""

    def reading(at: int) -> tuple[list[str], int, str]:
        readings = (_first_record(lines[at:], delimiter) for delimiter in delimiters)
        return max(readings, key=lambda one: (_known_headers(one[0], mapped), len(one[0])))

    first = reading(start)
    if _known_headers(first[0], mapped) >= _FEWEST_KNOWN - 1:
        return start, first
    for at in range(start + 1, min(start + _TITLE_LINES, len(lines))):
        if lines[at].strip() and _known_headers((found := reading(at))[0], mapped) >= _FEWEST_KNOWN:
            return at, found
    return start, first


def _known_headers(headers: list[str], mapped: Collection[str]) -> int:
    return sum((folded := _folded(header)) in _OUR_NAMES or folded in mapped for header in headers)


def _places(headers: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    left_out = {name for name, header in mapping.items() if header == LEFT_OUT and LEFT_OUT not in headers}
    place = {name: _mapped(headers, name, header) for name, header in mapping.items() if name not in left_out}
    mapped = set(place.values())
    unmapped = ALIASES.keys() - place.keys() - left_out
    if "name" in place:
        unmapped -= _NAME_PARTS
    elif place.keys() & _NAME_PARTS:
        unmapped -= {"name"}
    for name in sorted(unmapped):
        found = _called(headers, mapped, ALIASES[name]) or _called(headers, mapped, LESS_USUAL.get(name, ()))
        if len(found) > 1:
            names = " and ".join(shown(headers[index]) for index in found)
            hint = f"Say which one by a mapping, where the header is there twice by its place: {name}:#{found[0] + 1}."
            raise PeopleFileError("ambiguous_columns", f"{names} could each be {name}. {hint}")
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
    if place := _PLACE.fullmatch(header):
        if not 1 <= int(place[1]) <= len(headers):
            raise PeopleFileError(
                "bad_mapping", f"The mapping gives column {place[1]} for {name}; the file has {len(headers)}."
            )
        return int(place[1]) - 1
    found = [index for index, candidate in enumerate(headers) if candidate == " ".join(plain(header).split())]
    found = found or [index for index, candidate in enumerate(headers) if _folded(candidate) == _folded(plain(header))]
    if len(found) != 1:
        problem = "is there more than once" if found else "is not in the header line"
        raise PeopleFileError("bad_mapping", f"The mapping gives {shown(header)} for {name}, but it {problem}.")
    return found[0]


def _called(headers: list[str], mapped: Collection[int], names: tuple[str, ...]) -> list[int]:
    return [index for index, header in enumerate(headers) if index not in mapped and _folded(header) in names]


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
_OUR_NAMES: Final = frozenset(alias for known in (ALIASES, LESS_USUAL) for aliases in known.values() for alias in aliases)
_EXCEL_SEPARATOR: Final = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_PLACE: Final = re.compile(r"#([0-9]{1,3})")
_TITLE_LINES: Final = 20
_MAP_IT: Final = "Map it by column=status:… or column=leaving_date:…, if it does."
_FEWEST_KNOWN: Final = 3
_SAYS_WHO_LEAVES: Final = re.compile(
    "status|statut|term|exit|leav|left|separat|resign|retire|attrition|inactive|active|austritt|ausgeschied|sortie|depart[^m]|départ[^e]"
)
_CONSEQUENCES: Final = {
    "manager_employee_number": "people who are new have no manager, so their reporting lines cannot be kept apart",
    "offers": "people who are new have no skills to offer",
    "seeks": "people who are new have no skills to learn",
}
