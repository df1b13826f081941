"""Builders of people files, and what comes out of them."""

import csv
import io
from collections.abc import Iterable

import pytest

from profile_service.imports.people_file import PeopleFileError, PeopleFileReader, PersonRow, RowError, read_people

HEADERS = {
    "employee_number": "Employee Number",
    "name": "Name",
    "email": "E-Mail",
    "department": "Department",
    "job_title": "Job Title",
    "employee_level": "Level",
    "manager_employee_number": "Manager ID",
    "location": "Location",
    "time_zone": "Time Zone",
    "languages": "Languages",
    "hired_on": "Hire Date",
    "leaving_date": "Termination Date",
    "working_hours": "Working Hours",
    "offers": "Skills Offered",
    "seeks": "Skills Sought",
    "goals": "Goals",
}
HEADER = list(HEADERS.values())


def cells(number: str = "0042", **changes: str) -> list[str]:
    """A good row, but for the changes."""
    good = {
        "employee_number": number,
        "name": "Zoë Müller",
        "email": f"zoe.{number}@example.com",
        "department": "Engineering",
        "job_title": "Software Engineer",
        "employee_level": "3",
        "manager_employee_number": "",
        "location": "Berlin",
        "time_zone": "Europe/Berlin",
        "languages": "German; English",
        "hired_on": "2021-09-01",
        "leaving_date": "",
        "working_hours": "08:30-16:30",
        "offers": "Python:4; Public speaking:2",
        "seeks": "SQL:0",
        "goals": "Settle in well; Build a wider network",
    }
    return list((good | changes).values())


def text_of(rows: Iterable[list[str]], delimiter: str = ",", header: list[str] | None = HEADER) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([header, *rows] if header else rows)
    return buffer.getvalue()


def line_of(row: list[str]) -> str:
    return text_of([row], header=None)


def outcomes(
    file: str | bytes, reader: PeopleFileReader | None = None, chunk: int = 10_000
) -> tuple[list[PersonRow], list[RowError]]:
    data = file.encode() if isinstance(file, str) else file
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    people: list[PersonRow] = []
    errors: list[RowError] = []
    for outcome in read_people(chunks, reader or PeopleFileReader()):
        if isinstance(outcome, PersonRow):
            people.append(outcome)
        else:
            errors.append(outcome)
    return people, errors


def numbers(people: list[PersonRow]) -> list[str]:
    return [person.employee_number for person in people]


def the_error_of(**changes: str) -> RowError:
    """What is said of a row with one bad cell, between two good rows that must come through."""
    return _the_finding_of("error", ["1", "3"], changes)


def the_warning_of(**changes: str) -> RowError:
    """What is said of a row with one optional cell that cannot be read; its person comes through without it."""
    return _the_finding_of("warning", ["1", "2", "3"], changes)


def _the_finding_of(severity: str, taken: list[str], changes: dict[str, str]) -> RowError:
    people, errors = outcomes(text_of([cells("1"), cells("2", **changes), cells("3")]))
    assert numbers(people) == taken
    assert [error.line for error in errors] == [3]
    assert errors[0].column == HEADERS[next(iter(changes))]
    assert errors[0].severity == severity
    return errors[0]


def file_error(file: str | bytes, reader: PeopleFileReader | None = None) -> PeopleFileError:
    with pytest.raises(PeopleFileError) as caught:
        outcomes(file, reader)
    return caught.value
