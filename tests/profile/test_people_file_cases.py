"""Files as HR systems and people write them, and what is right for each: small copies of cases from the field."""

import unicodedata
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import ParticipantUpdated
from profile_service.imports.people_file import PeopleFileReader
from profile_service.imports.people_file.cells import USUAL_HOURS
from tests.support import RunningService, a_person

from .people_files import HEADER, cells, numbers, outcomes, text_of
from .test_imports import file_of, findings, imported, people

CASES = Path(__file__).parent / "cases"


def case(name: str) -> bytes:
    return (CASES / f"{name}.csv").read_bytes()


def test_only_eight_digits_are_a_date_without_separators() -> None:
    taken, errors = outcomes(case("01-compact-dates"))

    assert [(person.employee_number, person.hired_on) for person in taken] == [("E5", date(2024, 1, 5))]
    assert {(error.column, error.code) for error in errors} == {("Hire date", "bad_date")}


def test_what_software_writes_for_nothing_is_an_empty_cell() -> None:
    taken, errors = outcomes(case("03-placeholders"))

    assert (numbers(taken), errors) == ([f"E{number}" for number in range(1, 11)], [])
    assert {(person.manager_employee_number, person.leaving_date, person.goals) for person in taken} == {(None, None, ())}


def test_cells_missing_at_the_end_of_a_row_are_empty() -> None:
    taken, errors = outcomes(case("29-excel-short-rows"))

    assert (numbers(taken), errors) == (["E1", "E2", "E3", "E4"], [])
    assert [person.leaving_date for person in taken] == [date(2030, 1, 31), None, None, None]


@pytest.mark.parametrize("end", ["9999-12-31", "31.12.9999", "99991231", "12/31/9999"])
def test_a_high_end_date_is_no_end(end: str) -> None:
    taken, errors = outcomes(text_of([cells("1", leaving_date=end)]))

    assert ([person.leaving_date for person in taken], errors) == ([None], [])


@pytest.mark.parametrize(
    ("optional", "column"),
    [
        ({"working_hours": "40"}, "Working Hours"),
        ({"leaving_date": "soon"}, "Termination Date"),
        ({"offers": "Python:9"}, "Skills Offered"),
        ({"manager_employee_number": "1.00E+05"}, "Manager ID"),
    ],
    ids=str,
)
def test_an_optional_cell_that_cannot_be_read_is_a_warning_and_the_person_is_taken_without_it(
    optional: dict[str, str], column: str
) -> None:
    (person,), (warning,) = outcomes(text_of([cells("1", **optional)]))

    assert (warning.column, warning.severity) == (column, "warning")
    assert warning.message.endswith("The person is taken without it.")
    assert person.absent == set(optional)


def test_an_unreadable_optional_cell_does_not_excuse_a_needed_one() -> None:
    taken, errors = outcomes(text_of([cells("1", working_hours="40", email="?")]))

    assert taken == []
    assert {(error.column, error.severity) for error in errors} == {("E-Mail", "error"), ("Working Hours", "warning")}


def test_of_a_column_the_file_does_not_have_nothing_is_said() -> None:
    without = {"Working Hours", "Goals", "Manager ID"}
    kept = [place for place, name in enumerate(HEADER) if name not in without]
    reader = PeopleFileReader(defaults={"goals": "Settle in"})

    (person,), _ = outcomes(text_of([[cells("1")[place] for place in kept]], header=[HEADER[place] for place in kept]), reader)

    assert person.absent == {"working_hours", "goals", "manager_employee_number"}
    assert (person.goals, person.working_hours) == (("Settle in",), USUAL_HOURS)


async def person_of(client: httpx.AsyncClient, number: str) -> dict[str, Any]:
    return (await people(client))[number]


async def test_what_a_file_does_not_have_it_does_not_change(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await imported(client, case("06-first"))
    before = await person_of(client, "E1")
    own = {"working_hours": {"starts": 420, "ends": 900, "weekdays": [1, 2]}, "goals": ["lead"], "time_zone": "Asia/Tokyo"}
    await client.patch(f"/v1/participants/{before['id']}", json=own, headers={"If-Match": '"1"'})

    job = await imported(client, case("06-hr-file-without-skills"), default=["goals:Settle in"])
    again = await imported(client, case("06-hr-file-without-skills"), default=["goals:Settle in"])
    (_, event) = await heard(ParticipantUpdated, 2)

    after = await person_of(client, "E1")
    assert (job["updated"], again["updated"], again["unchanged"]) == (1, 0, 1)
    assert (after["job_title"], after["employee_level"], after["version"]) == ("Senior Rep", 4, 3)
    for name in ("working_hours", "goals"):
        assert after[name] == own[name], name
    for name in ("offers", "seeks"):
        assert after[name] == before[name] != [], name
    assert (event.facts.job_title, event.facts.goals, event.version) == ("Senior Rep", ("lead",), 3)
    assert [offer.skill for offer in event.facts.offers] == ["SQL"]
    assert event.facts.working_hours.starts == 420


async def test_an_empty_cell_of_a_column_the_file_has_empties_it(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, text_of([cells("1"), cells("2", manager_employee_number="1")]).encode())

    await imported(client, text_of([cells("1"), cells("2", offers="", goals="", manager_employee_number="")]).encode())

    after = await person_of(client, "2")
    assert (after["offers"], after["goals"], after["manager_id"]) == ([], [], None)
    assert after["seeks"] == [{"skill": "SQL", "level": 0, "priority": 1}]


async def test_a_default_fills_only_what_is_unknown(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, text_of([cells("1", time_zone="Asia/Tokyo"), cells("2", goals="")]).encode())

    rows = [cells("1", time_zone="", goals=""), cells("2", time_zone="Europe/Paris", goals=""), cells("3", time_zone="")]
    await imported(client, text_of(rows).encode(), default=["time_zone:Africa/Lagos", "goals:Settle in"])

    after = await people(client)
    assert [after[number]["time_zone"] for number in "123"] == ["Asia/Tokyo", "Europe/Paris", "Africa/Lagos"]
    assert after["1"]["goals"] == ["Settle in well", "Build a wider network"]
    assert after["2"]["goals"] == ["Settle in"]


async def test_an_unreadable_optional_cell_leaves_what_is_known(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, text_of([cells("1")]).encode())
    before = await person_of(client, "1")

    job = await imported(client, text_of([cells("1", working_hours="40", offers="?:")]).encode())

    assert await person_of(client, "1") == before
    assert (job["unchanged"], job["rows_refused"], job["warnings"]) == (1, 0, 2)
    assert {(column, severity) for _, column, _, severity in await findings(client, job)} == {
        ("Working Hours", "warning"),
        ("Skills Offered", "warning"),
    }


async def test_of_two_rows_of_a_person_who_came_back_the_current_one_is_taken(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    job = await imported(client, case("04-rehire-same-number"))

    after = await people(client)
    assert {number: person["hired_on"] for number, person in after.items()} == {"E1": "2022-03-01", "E2": "2020-01-02"}
    assert [(line, code) for line, _, code, _ in await findings(client, job)] == [(2, "has_left")]
    assert (job["rows_total"], job["rows_done"], job["registered"], job["rows_refused"]) == (3, 3, 2, 1)


async def test_nobody_reports_to_a_row_that_was_not_taken(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    first = await imported(client, case("05-manager-has-left"))
    again = await imported(client, case("05-manager-has-left-again"))

    assert {number: person["manager_id"] for number, person in (await people(client)).items()} == {"E1": None, "E2": None}
    unknown = [(3, "unknown_manager"), (4, "unknown_manager"), (2, "has_left")]
    for job in (first, again):
        assert [(line, code) for line, _, code, _ in await findings(client, job)] == unknown
    assert (first["registered"], again["registered"], again["updated"], again["unchanged"]) == (2, 0, 0, 2)


async def test_nobody_reports_to_a_row_whose_address_is_somebody_elses(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await client.post("/v1/participants", json=a_person(employee_number="there", email="zoe.1@example.com"))

    job = await imported(client, text_of([cells("1"), cells("2", manager_employee_number="1")]).encode())

    assert (await person_of(client, "2"))["manager_id"] is None
    assert {code for _, _, code, _ in await findings(client, job)} == {"email_taken", "unknown_manager"}
    assert (job["registered"], job["rows_refused"], job["rows_done"]) == (1, 1, 2)


async def test_an_address_is_one_persons_in_whatever_case_by_every_door(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, case("07-first"))

    job = await imported(client, case("07-same-address-other-case-other-number"))
    registered = await client.post("/v1/participants", json=a_person(email="ANN@example.COM"))

    assert sorted(await people(client)) == ["E1"]
    assert [code for _, _, code, _ in await findings(client, job)] == ["email_taken"]
    assert (registered.status_code, registered.json()["type"]) == (409, "urn:peerloom:problem:email-taken")


async def test_a_file_is_judged_by_what_holds_after_it_where_an_address_is_handed_on(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    await imported(client, case("08-first"))

    job = await imported(client, case("08-address-handed-on"))

    after = {number: person["email"] for number, person in (await people(client)).items()}
    assert after == {"E1": "anna.jones@example.com", "E2": "bea@example.com", "E9": "anna.smith@example.com"}
    assert await findings(client, job) == []
    assert (job["registered"], job["updated"], job["unchanged"], job["rows_done"]) == (1, 1, 1, 3)


async def test_addresses_passed_round_are_everybodys_as_the_file_says(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await imported(client, file_of("1", "2", "3"))
    moved = [cells(to, email=f"zoe.{of}@example.com") for to, of in (("1", "2"), ("2", "3"), ("3", "1"), ("4", "4"))]

    job = await imported(client, text_of(moved).encode())
    again = await imported(client, text_of(moved).encode())

    after = {number: person["email"] for number, person in (await people(client)).items()}
    assert after == {row[0]: row[2] for row in moved}
    assert (job["registered"], job["updated"], job["unchanged"]) == (1, 3, 0)
    assert (again["registered"], again["updated"], again["unchanged"]) == (0, 0, 4)
    assert {event.version for event in await heard(ParticipantUpdated, 3)} == {2}


async def test_an_address_is_not_handed_on_by_somebody_who_keeps_it(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, file_of("1", "2"))

    rows = [cells("1", email="zoe.2@example.com"), cells("3", email="zoe.1@example.com")]
    job = await imported(client, text_of(rows).encode())

    after = {number: person["email"] for number, person in (await people(client)).items()}
    assert after == {"1": "zoe.1@example.com", "2": "zoe.2@example.com"}
    assert [(line, code) for line, _, code, _ in await findings(client, job)] == [(2, "email_taken"), (3, "email_taken")]


def test_invisible_characters_are_dropped_before_anything_is_compared() -> None:
    reader = PeopleFileReader()
    taken, errors = outcomes(case("30-invisible-in-number"), reader)

    assert errors == []
    assert numbers(taken) == ["E1", "E2", "E3", "E4", "E5", "E6", "１０"]
    assert reader.check_reporting_lines({}).findings == ()


async def test_a_number_with_invisible_characters_is_the_same_person_by_every_door(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    await imported(client, file_of("E1"))

    again = await client.post("/v1/participants", json=a_person(employee_number="E1\u200b"))

    assert (again.status_code, again.json()["type"]) == (409, "urn:peerloom:problem:employee-number-taken")


def test_a_header_in_decomposed_form_is_mapped_by_its_composed_name() -> None:
    header = [unicodedata.normalize("NFD", "Prénom et nom") if name == "Name" else f"\ufeff{name}\u200b" for name in HEADER]
    reader = PeopleFileReader(mapping={"name": "Prénom et nom"})

    taken, _ = outcomes(text_of([cells("1")], header=header), reader)

    assert [person.name for person in taken] == ["Zoë Müller"]
