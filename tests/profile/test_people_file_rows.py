"""Each mistake a row can have costs that row only, and its sender is told what to do."""

from collections.abc import Iterable
from datetime import date

import pytest

from profile_service.imports.people_file import PeopleFileError, PeopleFileReader, read_people

from .people_files import cells, file_error, line_of, numbers, outcomes, text_of, the_error_of, the_warning_of


def test_an_unclosed_quote_costs_only_its_row() -> None:
    broken = line_of(cells("2")).replace("Zoë Müller", '"Zoë Müller')
    quoted = line_of(cells("4", location="Berlin, Germany"))

    people, errors = outcomes(text_of([cells("1")]) + broken + line_of(cells("3")) + quoted + line_of(cells("5")))

    assert numbers(people) == ["1", "3", "4", "5"]
    assert [(error.line, error.column, error.code) for error in errors] == [(3, "Name", "unclosed_quote")]


def test_a_row_of_several_lines_after_an_unclosed_quote_is_read_whole() -> None:
    broken = line_of(cells("2")).replace("Zoë Müller", '"Zoë Müller')
    several = cells("3", job_title="Software\nEngineer")

    people, errors = outcomes(text_of([cells("1")]) + broken + text_of([several, cells("4")], header=None))

    assert [(person.employee_number, person.job_title) for person in people[1:]] == [
        ("3", "Software Engineer"),
        ("4", "Software Engineer"),
    ]
    assert [(error.line, error.code) for error in errors] == [(3, "unclosed_quote")]


def test_an_unclosed_quote_in_the_last_row_costs_only_its_row() -> None:
    people, errors = outcomes(text_of([cells("1")]) + line_of(cells("2")).replace("Zoë", '"Zoë'))

    assert numbers(people) == ["1"]
    assert [error.code for error in errors] == ["unclosed_quote"]


def test_an_unclosed_quote_far_from_any_other_quote_costs_only_its_row() -> None:
    many = [cells(str(place)) for place in range(3000)]
    broken = line_of(cells("broken")).replace("Zoë", '"Zoë')

    people, errors = outcomes(text_of([cells("first")]) + broken + text_of(many, header=None))

    assert len(people) == 3001
    assert people[1].line == 4
    assert [(error.line, error.code) for error in errors] == [(3, "unclosed_quote")]


def test_line_numbers_count_the_newlines_inside_quoted_cells() -> None:
    row = cells("1", job_title="Software\r\nEngineer\nfor\rtools")
    people, errors = outcomes(text_of([row, cells("2"), cells("3", employee_level="x")]))

    assert [(person.line, person.job_title) for person in people] == [
        (2, "Software Engineer for tools"),
        (6, "Software Engineer"),
    ]
    assert [error.line for error in errors] == [7]


def test_text_after_a_closing_quote_is_an_error_of_that_row() -> None:
    broken = line_of(cells("2")).replace("Zoë Müller", '"Zoë" Müller')
    people, errors = outcomes(text_of([cells("1")]) + broken + line_of(cells("3")))

    assert numbers(people) == ["1", "3"]
    assert [(error.line, error.code) for error in errors] == [(3, "stray_quote")]


@pytest.mark.parametrize("row", [cells("2")[:5], [*cells("2"), "more"]], ids=["too few", "too many"])
def test_too_few_or_too_many_cells_are_an_error_of_the_whole_row(row: list[str]) -> None:
    people, errors = outcomes(text_of([cells("1"), row, cells("3")]))

    assert numbers(people) == ["1", "3"]
    assert [(error.line, error.column, error.code) for error in errors] == [(3, None, "cell_count")]
    assert f"{len(row)} cells" in errors[0].message


def test_surplus_empty_cells_at_the_end_do_no_harm() -> None:
    people, errors = outcomes(text_of([[*cells("1"), "", " "]]))

    assert (numbers(people), errors) == (["1"], [])


@pytest.mark.parametrize("size", [65_537, 200_000, 1_000_000])
@pytest.mark.parametrize("filler", ["x", f"{'x' * 70}\n"], ids=["one line", "many lines"])
def test_a_huge_cell_is_an_error_of_its_row_and_reading_goes_on(size: int, filler: str) -> None:
    many = filler * (size // len(filler) + 1)
    people, errors = outcomes(text_of([cells("1"), cells("2", name=many), cells("3")]))

    assert numbers(people) == ["1", "3"]
    assert (errors[0].line, errors[0].column) == (3, "Name")
    assert errors[0].code in {"field_too_long", "unclosed_quote"}
    assert people[1].line == 4 + many.count("\n")


def test_nul_bytes_are_an_error_of_their_cell() -> None:
    error = the_error_of(name="Zoë\0")

    assert error.code == "control_character"
    assert "\0" not in error.message


def test_more_rows_than_allowed_are_a_file_error() -> None:
    file = text_of([cells(str(place)) for place in range(11)])

    assert file_error(file, PeopleFileReader(max_rows=10)).code == "too_many_rows"
    assert len(outcomes(file, PeopleFileReader(max_rows=11))[0]) == 11


def test_a_million_rows_are_refused_without_being_kept() -> None:
    def chunks() -> Iterable[bytes]:
        yield text_of([]).encode()
        for _ in range(1000):
            yield b"a,b\n" * 1000

    with pytest.raises(PeopleFileError, match="250,000 rows"):
        for _ in read_people(chunks(), PeopleFileReader()):
            pass


@pytest.mark.parametrize(
    "column", ["employee_number", "name", "email", "department", "employee_level", "time_zone", "languages"]
)
def test_an_empty_cell_that_everybody_needs_is_an_error(column: str) -> None:
    assert the_error_of(**{column: "  "}).code == "missing"


@pytest.mark.parametrize("address", ["zoe", "zoe@example", "a@b@example.com", "zoe @example.com", "@example.com", "z@x..y"])
def test_an_address_that_cannot_receive_mail_is_an_error(address: str) -> None:
    assert the_error_of(email=address).code == "bad_email"


@pytest.mark.parametrize("level", ["0", "13", "-1", "2.5", "Senior", "٣", "9" * 5000])
def test_a_level_is_a_whole_number_from_1_to_12(level: str) -> None:
    error = the_error_of(employee_level=level)

    assert error.code in {"bad_level", "too_long"}
    assert len(error.message) < 200


def test_a_level_that_a_table_turned_into_a_fraction_is_read() -> None:
    people, _ = outcomes(text_of([cells("1", employee_level="12.0")]))

    assert people[0].employee_level == 12


@pytest.mark.parametrize(
    ("zone", "meant"),
    [("Europe/Berln", "Europe/Berlin"), ("New York", "America/New_York"), ("Asia/Calcuta", "Asia/Calcutta")],
)
def test_an_unknown_time_zone_is_an_error_that_suggests_the_nearest(zone: str, meant: str) -> None:
    error = the_error_of(time_zone=zone)

    assert error.code == "unknown_time_zone"
    assert f"Did you mean {meant}?" in error.message


def test_many_different_unknown_time_zones_do_not_slow_the_file_down() -> None:
    rows = [cells(str(place), time_zone=f"Europe/Berlin{place}") for place in range(2000)]

    _, errors = outcomes(text_of(rows))

    suggestions = sum("Did you mean" in error.message for error in errors)
    assert len(errors) == 2000
    assert 1 <= suggestions <= 20


def test_a_time_zone_in_another_case_is_understood() -> None:
    people, _ = outcomes(text_of([cells("1", time_zone="america/new york")]))

    assert people[0].time_zone == "America/New_York"


def test_an_unknown_language_is_left_out_with_a_warning_that_suggests_the_nearest() -> None:
    assert "Did you mean German?" in the_warning_of(languages="English; Germn").message


@pytest.mark.parametrize(
    "written", ["2021-03-30", "2021/3/30", "20210330", "30.03.2021", "03/30/2021", "30/03/2021", "2021-03-30T00:00:00Z"]
)
def test_dates_that_can_be_read_in_one_way_only_are_read(written: str) -> None:
    people, _ = outcomes(text_of([cells("1", hired_on=written)]))

    assert people[0].hired_on == date(2021, 3, 30)


@pytest.mark.parametrize(
    ("written", "code", "told"),
    [
        ("03/04/2021", "ambiguous_date", "2021-03-04 or 2021-04-03"),
        ("2021-02-30", "bad_date", "YYYY-MM-DD"),
        ("30.13.21", "bad_date", "YYYY-MM-DD"),
        ("last spring", "bad_date", "YYYY-MM-DD"),
        ("2101-01-01", "date_out_of_range", "2100"),
        ("0021-03-30", "date_out_of_range", "1900"),
    ],
)
def test_a_date_that_cannot_be_read_safely_is_an_error_that_says_how_to_write_it(written: str, code: str, told: str) -> None:
    error = the_error_of(hired_on=written)

    assert error.code == code
    assert told in error.message


def test_someone_who_left_before_being_hired_is_an_error() -> None:
    assert the_error_of(leaving_date="2020-01-01").code == "left_before_hired"


def test_a_leaver_is_read_with_the_leaving_date() -> None:
    people, _ = outcomes(text_of([cells("1", leaving_date="2024-06-30")]))

    assert people[0].leaving_date == date(2024, 6, 30)


@pytest.mark.parametrize("skills", ["Python:0", "Python:6", "Python:x", ":3", "Python:3, SQL"])
def test_a_skill_needs_a_name_and_a_level(skills: str) -> None:
    error = the_warning_of(offers=f"Go:1; {skills}")

    assert error.code == "bad_skill"
    assert "Skill:3" in error.message


def test_the_same_skill_twice_is_a_warning() -> None:
    assert the_warning_of(seeks="Python:1; python:2").code == "duplicate_skill"


@pytest.mark.parametrize("hours", ["09:00-09:00", "9:75-17:00", "09:00", "09:00-24:30", "flexible"])
def test_hours_that_are_not_of_one_day_are_a_warning(hours: str) -> None:
    assert the_warning_of(working_hours=hours).code == "bad_working_hours"


def test_an_employee_number_a_spreadsheet_has_shortened_is_an_error() -> None:
    assert the_error_of(employee_number="1.00E+05").code == "damaged_number"


def test_all_errors_of_a_row_are_told_at_once() -> None:
    _, errors = outcomes(text_of([cells("1", employee_level="x", time_zone="y", hired_on="z")]))

    assert [(error.line, error.column) for error in errors] == [(2, "Level"), (2, "Time Zone"), (2, "Hire Date")]
