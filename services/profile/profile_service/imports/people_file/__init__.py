"""Reads a people file as an HR system exports it: CSV bytes in, people and row errors out.

Pure: no framework, no database, no file. The way of the bytes: `records` (encoding, lines, quotes) → `columns` (what
the header line means) → `rows` (a person, or what is wrong) by `cells` (a rule per column). `reader` drives it,
pushed in chunks; `reporting` holds the rules about managers, which need the whole file.
"""

from profile_service.imports.people_file.cells import SkillLevel, WorkingHours
from profile_service.imports.people_file.options import FileOptions
from profile_service.imports.people_file.reader import PeopleFileReader, read_people
from profile_service.imports.people_file.records import PeopleFileError
from profile_service.imports.people_file.reporting import ReportingCheck, check_reporting_lines
from profile_service.imports.people_file.rows import Outcome, PersonRow, RowError

__all__ = [
    "FileOptions",
    "Outcome",
    "PeopleFileError",
    "PeopleFileReader",
    "PersonRow",
    "ReportingCheck",
    "RowError",
    "SkillLevel",
    "WorkingHours",
    "check_reporting_lines",
    "read_people",
]
