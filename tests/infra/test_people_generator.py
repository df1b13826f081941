"""The invented company: the same for a seed, a tree of managers, and bad rows that an import reports as foretold."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from peerloom_dev.bad_rows import MISTAKES
from peerloom_dev.people import HEADER, Person, make_people, write_people_file
from peerloom_dev.vocabulary import DEPARTMENTS, FAMILY_NAMES, GIVEN_NAMES, SITES, SKILLS
from profile_service.imports.people_file import PeopleFileReader, PersonRow, RowError, read_people


@pytest.fixture(scope="module")
def company() -> list[Person]:
    return make_people(2000, seed=1)


def imported(path: Path) -> tuple[list[PersonRow], list[RowError]]:
    """What an import of the file finds: people, and everything it reports."""
    reader = PeopleFileReader()
    outcomes = list(read_people([path.read_bytes()], reader))
    reports = [outcome for outcome in outcomes if isinstance(outcome, RowError)]
    reports += reader.check_reporting_lines({}).findings
    return [outcome for outcome in outcomes if isinstance(outcome, PersonRow)], reports


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        write_people_file(tmp_path / name, people=300, seed=seed, bad_rows=5)

    first, again, other = ((tmp_path / name).read_bytes() for name in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_bad_rows_leave_the_good_rows_as_they_are(tmp_path: Path) -> None:
    write_people_file(tmp_path / "clean.csv", people=300, seed=7)
    write_people_file(tmp_path / "mixed.csv", people=300, seed=7, bad_rows=50)

    clean = (tmp_path / "clean.csv").read_bytes().splitlines()
    mixed = (tmp_path / "mixed.csv").read_bytes().splitlines()
    assert len(mixed) == len(clean) + 50
    assert [line for line in mixed if line in set(clean)] == clean


@pytest.mark.parametrize("people", [1, 2, 15, 2000])
def test_everybody_reports_in_the_end_to_the_one_without_a_manager(people: int) -> None:
    manager_of = {person.employee_number: person.manager_employee_number for person in make_people(people, seed=3)}
    tops = [number for number, manager in manager_of.items() if not manager]

    def top_of(number: str) -> str:
        for _ in range(20):
            if not manager_of[number]:
                return number
            number = manager_of[number]
        return "nobody within 20 steps"

    assert len(tops) == 1
    assert {top_of(number) for number in manager_of} == set(tops)


def test_managers_lead_up_to_ten_people_of_their_own_department(company: list[Person]) -> None:
    by_number = {person.employee_number: person for person in company}
    reports = Counter(
        person.manager_employee_number
        for person in company
        if person.manager_employee_number and by_number[person.manager_employee_number].department == person.department
    )

    assert max(reports.values()) <= 10
    assert sum(reports.values()) == len(company) - len(DEPARTMENTS)


def test_numbers_and_addresses_belong_to_one_person_and_nobody_is_real(company: list[Person]) -> None:
    assert len({person.employee_number for person in company}) == len(company)
    assert len({person.email for person in company}) == len(company)
    assert all(person.email.endswith("@example.com") for person in company)
    assert any(person.employee_number.startswith("00") for person in company)


def test_people_speak_and_live_as_the_company_is_spread(company: list[Person]) -> None:
    assert {person.time_zone for person in company} == {site.time_zone for site in SITES}
    assert sum("English" in person.languages for person in company) / len(company) > 0.9
    assert all(person.languages for person in company)


def test_skills_are_skewed_and_differ_by_department(company: list[Person]) -> None:
    offered = Counter(skill for person in company for skill, _ in person.skills_offered)

    def share(skill: str, department: str) -> float:
        members = [person for person in company if person.department == department]
        return sum(skill in dict(person.skills_offered) for person in members) / len(members)

    assert len([skill for family in SKILLS.values() for skill in family]) >= 120
    assert offered.most_common(1)[0][1] > 20 * sorted(offered.values())[len(offered) // 10]
    assert share("Python", "Engineering") > 3 * share("Python", "Legal")


def test_people_offer_and_seek_as_many_skills_as_people_do(company: list[Person]) -> None:
    assert {len(person.skills_offered) for person in company} <= set(range(3, 15))
    assert {len(person.skills_sought) for person in company} <= set(range(1, 8))
    for person in company:
        offered = dict(person.skills_offered)
        assert all(level == offered.get(skill, 0) < 4 for skill, level in person.skills_sought)


def test_vocabulary_fits_together() -> None:
    assert {culture for site in SITES for culture in site.cultures} == GIVEN_NAMES.keys() == FAMILY_NAMES.keys()
    assert {family for department in DEPARTMENTS for family in department.families} <= SKILLS.keys()


def test_a_clean_file_is_imported_whole_and_without_a_word(tmp_path: Path, company: list[Person]) -> None:
    assert write_people_file(tmp_path / "people.csv", people=2000, seed=1) == []

    people, reports = imported(tmp_path / "people.csv")

    assert reports == []
    assert [(found.employee_number, found.name, found.time_zone) for found in people] == [
        (person.employee_number, person.name, person.time_zone) for person in company
    ]
    assert [[(skill.skill, skill.level) for skill in found.offers] for found in people] == [
        list(person.skills_offered) for person in company
    ]


@pytest.mark.parametrize(("seed", "bad_rows"), [(1, 1), (1, 2), (2, len(MISTAKES) + 2), (3, 300)])
def test_an_import_reports_just_the_rows_that_were_broken(tmp_path: Path, seed: int, bad_rows: int) -> None:
    foretold = write_people_file(tmp_path / "people.csv", people=500, seed=seed, bad_rows=bad_rows)

    people, reports = imported(tmp_path / "people.csv")

    found = sorted((report.line, report.column or "", report.code, report.severity) for report in reports)
    assert found == sorted((report.line, report.column or "", report.code, report.severity) for report in foretold)
    refused = sum(report.severity == "error" for report in foretold)
    assert len(people) == 500 + bad_rows - refused


def test_the_header_line_is_the_one_a_person_would_write(tmp_path: Path) -> None:
    write_people_file(tmp_path / "people.csv", people=1)

    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(HEADER)
