"""What a people file gives: people, columns, and the rules of the whole file."""

import codecs
from datetime import date

import pytest

from profile_service.imports.people_file import PeopleFileReader, PersonRow, SkillLevel, WorkingHours

from .people_files import HEADER, HEADERS, cells, file_error, line_of, numbers, outcomes, text_of


def test_a_good_row_becomes_a_person_with_every_value() -> None:
    people, errors = outcomes(text_of([cells("0042", manager_employee_number="007")]))

    assert errors == []
    assert people == [
        PersonRow(
            line=2,
            employee_number="0042",
            name="Zoë Müller",
            email="zoe.0042@example.com",
            department="Engineering",
            job_title="Software Engineer",
            employee_level=3,
            manager_employee_number="007",
            location="Berlin",
            time_zone="Europe/Berlin",
            languages=("de", "en"),
            hired_on=date(2021, 9, 1),
            leaving_date=None,
            working_hours=WorkingHours(starts=510, ends=990),
            offers=(SkillLevel("Python", 4), SkillLevel("Public speaking", 2)),
            seeks=(SkillLevel("SQL", 0),),
            goals=("Settle in well", "Build a wider network"),
        )
    ]


def test_leading_zeros_of_employee_numbers_are_kept_and_excels_protection_of_them_is_unwrapped() -> None:
    people, _ = outcomes(text_of([cells("007"), cells('="008"', email="eight@example.com")]))

    assert numbers(people) == ["007", "008"]


def test_padded_cells_are_trimmed_also_around_quotes() -> None:
    padded = line_of(cells("1")).replace("Zoë Müller", '  "Müller,  Zoë"  ').replace(",Engineering", ",  Engineering \u00a0")

    people, errors = outcomes(text_of([]) + padded)

    assert errors == []
    assert (people[0].name, people[0].department) == ("Müller, Zoë", "Engineering")


def test_letters_composed_differently_give_the_same_department() -> None:
    people, _ = outcomes(text_of([cells("1", department="Büro"), cells("2", department="Bu\u0308ro")]))

    assert people[0].department == people[1].department


def test_working_hours_are_nine_to_five_unless_given() -> None:
    people, _ = outcomes(text_of([cells("1", working_hours=""), cells("2", working_hours="7 \u2013 15:30")]))

    assert [person.working_hours for person in people] == [WorkingHours(540, 1020), WorkingHours(420, 930)]


def test_languages_are_known_by_name_by_their_own_name_and_by_code() -> None:
    people, _ = outcomes(text_of([cells("1", languages="English, Français|pt-BR; ZH; english")]))

    assert people[0].languages == ("en", "fr", "pt", "zh")


def test_skills_may_be_separated_by_bars_and_contain_colons() -> None:
    people, _ = outcomes(text_of([cells("1", offers="C++: templates:5 | Go : 2 |")]))

    assert people[0].offers == (SkillLevel("C++: templates", 5), SkillLevel("Go", 2))


def test_blank_lines_and_rows_of_blanks_are_passed_over() -> None:
    people, errors = outcomes(text_of([cells("1")]) + "\r\n" + " ,," + "," * 13 + "\r\n" + line_of(cells("2")))

    assert (numbers(people), errors) == (["1", "2"], [])
    assert people[1].line == 5


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_the_header_line(delimiter: str) -> None:
    people, errors = outcomes(text_of([cells("1", location="Here; there, and\teverywhere")], delimiter))

    assert errors == []
    assert people[0].location == "Here; there, and everywhere"


def test_excels_own_separator_line_is_obeyed() -> None:
    people, _ = outcomes("sep=;\r\n" + text_of([cells("1")], ";"))

    assert (numbers(people), people[0].line) == (["1"], 3)


def test_headers_are_recognised_in_any_case_with_blanks_or_underscores() -> None:
    people, errors = outcomes(text_of([cells("1")], header=[name.upper() for name in HEADERS]))

    assert (numbers(people), errors) == (["1"], [])


def test_first_and_last_name_make_the_name() -> None:
    header = ["First Name", "Surname", *(header for header in HEADER if header != "Name")]
    row = cells("1")
    people, _ = outcomes(text_of([["Zoë ", " Müller", row[0], *row[2:]]], header=header))

    assert people[0].name == "Zoë Müller"


def test_a_mapping_goes_before_the_usual_names() -> None:
    header = ["First Name", "Last Name", *(header for header in HEADER if header != "Name")]
    row = cells("1")
    swapped = {"first_name": "last name", "last_name": "First Name", "location": "Department", "department": "Location"}

    people, _ = outcomes(text_of([["Müller", "Zoë", row[0], *row[2:]]], header=header), PeopleFileReader(mapping=swapped))

    assert (people[0].name, people[0].department, people[0].location) == ("Zoë Müller", "Berlin", "Engineering")


def test_a_mapped_column_is_not_also_taken_for_what_its_name_says() -> None:
    header = ["Site" if name == "Department" else name for name in HEADER]

    people, _ = outcomes(text_of([cells("1")], header=header), PeopleFileReader(mapping={"department": "Site"}))

    assert (people[0].department, people[0].location) == ("Engineering", "Berlin")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [({"level": "Pay Grade"}, "Pay Grade"), ({"salary": "Level"}, "salary")],
    ids=["their header is not there", "our column is not there"],
)
def test_a_mapping_that_does_not_fit_is_a_file_error(mapping: dict[str, str], told: str) -> None:
    error = file_error(text_of([cells()]), PeopleFileReader(mapping=mapping))

    assert error.code == "bad_mapping"
    assert told in error.message


def test_a_missing_column_is_a_file_error_that_names_it_and_what_could_be_mapped() -> None:
    error = file_error(text_of([], header=["Payroll Code" if name == "E-Mail" else name for name in HEADER]))

    assert error.code == "missing_columns"
    assert "email" in error.message
    assert "Payroll Code" in error.message


def test_two_columns_for_one_thing_ask_for_a_mapping() -> None:
    header = [*HEADER, "Work Email"]

    assert file_error(text_of([], header=header)).code == "ambiguous_columns"
    people, _ = outcomes(
        text_of([[*cells("1"), "work@example.com"]], header=header), PeopleFileReader(mapping={"email": "Work Email"})
    )
    assert people[0].email == "work@example.com"


def test_columns_no_mentoring_system_should_take_are_named_and_never_looked_at() -> None:
    reader = PeopleFileReader()
    people, errors = outcomes(text_of([[*cells("1"), "\0"]], header=[*HEADER, "Salary"]), reader)

    assert (numbers(people), [(error.code, error.severity) for error in errors]) == (["1"], [("ignored_columns", "warning")])
    assert "Salary" in errors[0].message
    assert reader.columns is not None
    assert reader.columns.ignored == ("Salary",)


def test_a_default_fills_missing_columns_and_empty_cells() -> None:
    without_zone = [name for name in HEADER if name != "Time Zone"]
    row = cells("1", languages=" ")
    reader = PeopleFileReader(defaults={"time_zone": "Asia/Kolkata", "languages": "English"})

    people, errors = outcomes(text_of([[*row[:8], *row[9:]]], header=without_zone), reader)

    assert errors == []
    assert (people[0].time_zone, people[0].languages) == ("Asia/Kolkata", ("en",))


@pytest.mark.parametrize("default", [{"time_zone": "Mars/Base"}, {"email": "all@example.com"}, {"shoe_size": "42"}])
def test_a_default_that_cannot_be_right_is_a_file_error(default: dict[str, str]) -> None:
    assert file_error(text_of([cells()]), PeopleFileReader(defaults=default)).code == "bad_default"


def test_a_file_without_managers_or_skills_is_read_with_warnings() -> None:
    absent = {"Manager ID", "Skills Offered", "Skills Sought"}
    kept = [place for place, name in enumerate(HEADER) if name not in absent]

    people, errors = outcomes(text_of([[cells("1")[place] for place in kept]], header=[HEADER[place] for place in kept]))

    assert numbers(people) == ["1"]
    assert [(error.code, error.severity) for error in errors] == [("no_column", "warning")] * 3


@pytest.mark.parametrize("empty", [b"", b"\r\n\r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_an_empty_file_is_a_file_error(empty: bytes) -> None:
    assert file_error(empty).code == "empty_file"


@pytest.mark.parametrize(
    "file", [b"\0" * 300_000, b"x" * 300_000, b"," * 300_000, b'"' * 300_001, b"\r" * 10 + b'"', b"name,\x01\n"]
)
def test_a_first_line_that_names_no_columns_is_a_file_error(file: bytes) -> None:
    assert file_error(file).code in {"bad_header", "missing_columns"}


def test_of_rows_with_the_same_employee_number_the_first_wins() -> None:
    people, errors = outcomes(text_of([cells("1"), cells("2"), cells("1", email="other@example.com")]))

    assert [person.line for person in people] == [2, 3]
    assert [(error.line, error.column, error.code) for error in errors] == [(4, "Employee Number", "duplicate_employee_number")]
    assert "Line 2" in errors[0].message


def test_of_rows_with_the_same_address_the_first_wins() -> None:
    people, errors = outcomes(text_of([cells("1", email="zoe@example.com"), cells("2", email="ZOE@example.com")]))

    assert numbers(people) == ["1"]
    assert [(error.line, error.column, error.code) for error in errors] == [(3, "E-Mail", "duplicate_email")]


def test_the_first_valid_row_wins_over_an_invalid_one_before_it() -> None:
    people, _ = outcomes(text_of([cells("1", employee_level="x"), cells("1")]))

    assert [person.line for person in people] == [3]
