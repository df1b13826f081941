"""Every file of the cases, read as it should be: who is taken, and what is said of the others."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from profile_service.imports.column_order import ColumnOrder
from profile_service.imports.people_file import FileOptions, PeopleFileError, PeopleFileReader, PersonRow, RowError
from profile_service.imports.people_file.statuses import Status

from .people_files import numbers, outcomes

CASES = Path(__file__).parent / "cases"
QUIET = {"no_column", "ignored_columns"}
USUAL = {"employee_level": "3", "time_zone": "Europe/Berlin", "languages": "de"}


@dataclass(frozen=True)
class Case:
    """`taken`: employee numbers, or how many; `said`: codes of findings; `has`: values by number and field."""

    taken: list[str] | int
    said: set[str] = field(default_factory=set)
    has: dict[tuple[str, str], Any] = field(default_factory=dict)
    mapping: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    options: FileOptions = field(default_factory=FileOptions)


def read(name: str, case: Case) -> tuple[list[PersonRow], list[RowError]]:
    """As an import reads it: the whole column decides the order of day and month where that is open."""
    content = (CASES / f"{name}.csv").read_bytes()

    def reader(options: FileOptions) -> PeopleFileReader:
        return PeopleFileReader(mapping=case.mapping, defaults=case.defaults, options=options)

    people, errors = outcomes(content, reader(case.options))
    if not any(error.code == "ambiguous_date" for error in errors):
        return people, errors
    order, looking = ColumnOrder(), reader(case.options)
    order.look_at(looking, [*looking.cut(content), *looking.cut_rest()])
    people, errors = outcomes(content, reader(replace(case.options, date_order=order.order)))
    return people, [order.finding(), *errors]


BERLIN, NIGHT = "Europe/Berlin", (1320, 360, (1, 2, 3, 4, 5))
OFFICE = (540, 1020, (1, 2, 3, 4, 5))
E = [f"E{number:02}" for number in range(40)]
RIGHT = {
    "01-compact-dates": Case(["E5"], {"bad_date"}),
    "03-placeholders": Case(10),
    "04-rehire-same-number": Case(["E1", "E2"], {"duplicate_employee_number"}),
    "05-manager-has-left": Case(3),
    "06-hr-file-without-skills": Case(["E1"]),
    "07b-within-one-file": Case(["E1"], {"duplicate_email"}),
    "08-address-handed-on": Case(3),
    "09-manager-as-float": Case(3, has={("1002", "manager_employee_number"): "1001"}),
    "09c-manager-by-email": Case(3, has={("E2", "manager_employee_number"): "e1@example.com"}),
    "09d-manager-by-name": Case(3),
    "09e-manager-number-in-other-case": Case(3),
    "10-time-zones": Case(
        23,
        {"fixed_time_zone", "doubtful_time_zone", "unknown_time_zone", "cell_count"},
        {
            ("E00", "time_zone"): "Etc/GMT-2", ("E02", "time_zone"): "Etc/GMT+5", ("E07", "time_zone"): BERLIN,
            ("E24", "time_zone"): "America/New_York", ("E27", "time_zone"): BERLIN,
        },
    ),
    "11-languages": Case(
        30,
        {"unknown_language"},
        {
            ("E00", "languages"): ("en",), ("E03", "languages"): ("zh",), ("E07", "languages"): ("en",),
            ("E09", "languages"): ("de",), ("E11", "languages"): ("en", "fr"), ("E15", "languages"): ("de", "en"),
            ("E16", "languages"): ("en",), ("E17", "languages"): (), ("E18", "languages"): (),
            ("E28", "languages"): ("en", "de"),
        },
    ),
    "12-working-hours": Case(
        23,
        {"bad_working_hours", "break_within_hours"},
        {
            ("E00", "working_hours"): NIGHT, ("E01", "working_hours"): OFFICE, ("E02", "working_hours"): OFFICE,
            ("E03", "working_hours"): OFFICE, ("E10", "working_hours"): OFFICE, ("E12", "working_hours"): OFFICE,
            ("E13", "working_hours"): (480, 1020, (1, 2, 3, 4, 5)), ("E17", "working_hours"): (540, 1020, (1, 2, 3, 4, 7)),
        },
    ),
    "13-hire-dates": Case(
        27,
        {"bad_date", "spreadsheet_date"},
        {
            ("E00", "hired_on"): date(2020, 1, 12), ("E05", "hired_on"): date(2013, 8, 7),
            ("E06", "hired_on"): date(2013, 8, 7),
            ("E03", "hired_on"): date(2013, 1, 1), ("E18", "hired_on"): date(2020, 1, 5),
            ("E19", "hired_on"): date(2020, 1, 12),
            ("E20", "hired_on"): date(2020, 1, 5), ("E14", "hired_on"): date(2020, 1, 10),
        },
        options=FileOptions(date_order="day-first"),
    ),
    "14-levels": Case(
        5,
        {"bad_level"},
        {("E00", "employee_level"): 3, ("E03", "employee_level"): 5, ("E09", "employee_level"): 3},
        options=FileOptions(values={"level": {"ic3": "3", "senior": "5"}}),
    ),
    "15-skills": Case(
        11,
        {"skill_without_level", "bad_skill", "cell_count"},
        {
            ("E01", "offers"): (("Python", 3), ("SQL", 3), ("Excel", 3)), ("E03", "offers"): (("Python", 5),),
            ("E04", "offers"): (("Python", 4),), ("E05", "seeks"): (("ISO 9001:2015", 2),),
            ("E06", "offers"): (("ISO 9001:2015", 3),),
        },
    ),
    "16b-sf-mapped": Case(
        ["u1", "u2", "u3"],
        {"header_again", "date_order"},
        {
            ("u1", "manager_employee_number"): None, ("u2", "hired_on"): date(2021, 4, 3), ("u3", "status"): Status.LEFT,
            ("u2", "languages"): ("de",),
        },
        mapping={"employee_number": "USERID", "job_title": "TITLE"},
        defaults={"employee_level": "3"},
    ),
    "17b-bamboohr-mapped": Case(
        ["101", "102", "103"],
        {"footer"},
        {("102", "leaving_date"): None, ("103", "leaving_date"): date(2022, 5, 31), ("102", "name"): "Two, Bea"},
        mapping={"employee_number": "Employee #"},
        defaults=USUAL,
    ),
    "18b-personio-german-mapped": Case(
        ["101", "102"],
        has={("102", "manager_employee_number"): "101", ("102", "status"): Status.ACTIVE, ("101", "name"): "Änne Groß"},
        defaults=USUAL,
    ),
    "19-french-mapped": Case(
        ["101", "102"], {"date_order"}, {("102", "hired_on"): date(2021, 4, 1), ("101", "name"): "Zoé ROUX"}, defaults=USUAL
    ),
    "20-title-lines": Case(["101"], {"title_lines"}, {("101", "employee_level"): 8}),
    "20b-without-title-lines": Case(["101"]),
    "22-pipe": Case(["E1"]),
    "22b-pipe-with-sep": Case(["E1"]),
    "23-footer-and-blank-tail": Case(["E1"], {"footer"}),
    "24b-same-header-twice-mapped": Case(["E1"], has={("E1", "location"): "Berlin"}, mapping={"location": "#8"}),
    "26-addresses": Case(
        11,
        {"mended_email", "bad_email"},
        {("E00", "email"): "a@example.com", ("E01", "email"): "ann@example.com", ("E02", "email"): "ann2@example.com"},
    ),
    "28-status-column": Case(
        6,
        has={
            ("E1", "status"): Status.ACTIVE, ("E2", "status"): Status.LEFT, ("E3", "status"): Status.LEFT,
            ("E4", "status"): Status.LEAVE, ("E5", "status"): Status.LEFT, ("E6", "status"): Status.LEFT,
        },
    ),
    "29-excel-short-rows": Case(4),
    "30-invisible-in-number": Case(7),
    "33-no-address": Case(["E1", "E2"], options=FileOptions(without_email=True)),
    "34-cp1251": Case(2, has={("E1", "name"): "Иван Петров"}, options=FileOptions(encoding="cp1251")),
    "34-cp1254": Case(2, has={("E1", "name"): "Şükrü Işık"}, options=FileOptions(encoding="cp1254")),
    "34-cp932": Case(2, has={("E1", "name"): "山田太郎"}, options=FileOptions(encoding="cp932")),
    "34-gbk": Case(2, has={("E1", "name"): "王小明"}, options=FileOptions(encoding="gbk")),
    "35-two-files-one-after-the-other": Case(["E1", "E2"], {"header_again"}),
    "37-hours-a-week": Case(2, {"bad_working_hours"}, {("E1", "working_hours"): OFFICE}),
    "K2-india-brazil": Case(2),
    "K3-leaver": Case(2, has={("E2", "leaving_date"): date(2026, 11, 27)}),
    "K6-nightly-hr-file": Case(2),
}  # fmt: skip
REFUSED = {"24-same-header-twice": "ambiguous_columns", "36-whole-line-quoted": "lines_in_quotes", "34-cp1251": "encoding"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_of_this_kind_is_read_as_it_should_be(name: str) -> None:
    case = RIGHT[name]

    people, errors = read(name, case)

    assert (numbers(people) if isinstance(case.taken, list) else len(people)) == case.taken
    assert {error.code for error in errors} - QUIET == case.said
    by_number = {person.employee_number: person for person in people}
    assert {(number, what): getattr(by_number[number], what) for number, what in case.has} == case.has
    for error in errors:
        assert error.message.endswith((".", ")")), "a finding is a sentence"


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_explained(name: str) -> None:
    with pytest.raises(PeopleFileError) as refused:
        read(name, Case(0))

    assert refused.value.code == REFUSED[name]


@pytest.mark.parametrize("header", ["Exit status", "Resignation", "Inactive since", "Ausgeschieden am"])
def test_a_column_that_may_say_who_has_left_and_is_not_read_is_said_loudly(header: str) -> None:
    content = (CASES / "K6-nightly-hr-file.csv").read_text().splitlines()
    _, errors = outcomes("\n".join([f"{content[0]},{header}", *(f"{row},x" for row in content[1:])]))

    assert [(error.column, error.severity) for error in errors if error.code == "ignored_column"] == [(header, "warning")]


def test_a_person_without_a_zone_takes_that_of_their_location() -> None:
    content = (CASES / "K6-nightly-hr-file.csv").read_text().replace("Europe/Berlin", "")
    people, errors = outcomes(content, PeopleFileReader(options=FileOptions(zones={"berlin": "Europe/Paris"})))

    assert [person.time_zone for person in people] == ["Europe/Paris", "Europe/Paris"]
    assert {error.code for error in errors} <= QUIET
