"""People files sent through the API and worked through by the worker, good ones and those that arrive in practice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_dev.people import write_people_file
from peerloom_events import ParticipantRegistered, ParticipantUpdated
from profile_service.imports import worker as imports
from profile_service.imports.good_rows import GoodRow
from profile_service.imports.people_file import PeopleFileReader, PersonRow, read_people
from profile_service.person_text import PersonText
from profile_service.use_cases import upsert
from tests.support import RunningService, a_person, eventually

from .people_files import HEADER, cells, line_of, text_of

CSV = {"content-type": "text/csv"}


async def imported(client: httpx.AsyncClient, file: bytes | AsyncIterator[bytes], **parameters: Any) -> dict[str, Any]:
    """The import once it has ended, whichever way."""
    answer = await client.post("/v1/imports", content=file, headers=CSV, params=parameters)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "waiting"

    async def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = (await client.get(answer.headers["location"])).json()
        return job if job["state"] not in ("waiting", "running") else None

    job = await eventually(ended, within=60, what="the end of the import")
    assert job is not None
    return job


async def findings(client: httpx.AsyncClient, job: dict[str, Any]) -> list[tuple[int, str | None, str, str]]:
    """Line, column, code and severity of everything that was found wrong."""
    page = (await client.get(f"/v1/imports/{job['id']}/findings", params={"limit": 1000})).json()
    for finding in page["items"]:
        assert finding["message"].endswith((".", ")")), "a finding is a sentence"
    return [(one["line"], one["column"], one["code"], one["severity"]) for one in page["items"]]


async def people(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Everybody, by employee number."""
    page = (await client.get("/v1/participants", params={"limit": 1000})).json()
    return {person["employee_number"]: person for person in page["items"]}


def file_of(*numbers: str, **changed: str) -> bytes:
    return text_of([cells(number, **changed) for number in numbers]).encode()


async def test_a_file_becomes_people_with_their_managers_and_events(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    rows = [cells("1"), cells("2", manager_employee_number="1"), cells("3", manager_employee_number="2")]

    job = await imported(client, text_of(rows).encode())
    events = await heard(ParticipantRegistered, 3)

    counts = ("rows_total", "rows_done", "registered", "updated", "unchanged", "rows_refused")
    assert job["state"] == "completed"
    assert [job[name] for name in counts] == [3, 3, 3, 0, 0, 0]
    found = await people(client)
    assert found["2"]["manager_id"] == found["1"]["id"]
    assert found["3"]["manager_id"] == found["2"]["id"]
    assert found["1"]["offers"] == [{"skill": "Python", "level": 4}, {"skill": "Public speaking", "level": 2}]
    by_id = {str(event.participant_id): event for event in events}
    assert by_id.keys() == {person["id"] for person in found.values()}
    assert str(by_id[found["3"]["id"]].facts.manager_id) == found["2"]["id"]


async def test_sending_the_same_file_again_changes_and_says_nothing(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    first = await imported(client, file_of("1", "2"))
    again = await imported(client, file_of("1", "2"))
    await profile.settled()

    assert (first["registered"], again["registered"], again["updated"], again["unchanged"]) == (2, 0, 0, 2)
    assert len(await heard(ParticipantRegistered)) == 2
    assert await heard(ParticipantUpdated, 0) == []


async def test_a_later_file_changes_those_whose_facts_differ(profile: RunningService, tenant: UUID, heard) -> None:
    client = profile.client(tenant)
    await imported(client, file_of("1", "2"))
    before = await people(client)

    job = await imported(client, text_of([cells("1", department="Sales"), cells("2"), cells("3")]).encode())
    (event,) = await heard(ParticipantUpdated)

    after = await people(client)
    assert (job["registered"], job["updated"], job["unchanged"]) == (1, 1, 1)
    assert (str(event.participant_id), event.version, event.facts.department) == (before["1"]["id"], 2, "Sales")
    assert (after["1"]["version"], after["2"]["version"], after["3"]["version"]) == (2, 1, 1)
    assert after["1"]["id"] == before["1"]["id"]


async def test_a_repeated_upload_with_the_same_key_is_one_import(profile: RunningService, tenant: UUID) -> None:
    client, headers = profile.client(tenant), {**CSV, "Idempotency-Key": "the file of Monday"}

    first = await client.post("/v1/imports", content=file_of("1"), headers=headers)
    again = await client.post("/v1/imports", content=file_of("1"), headers=headers)
    other = await client.post("/v1/imports", content=file_of("2"), headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json()["id"] == first.json()["id"]


async def test_a_manager_circle_of_two_that_closes_through_somebody_stored_is_an_error_of_its_row(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    await imported(client, text_of([cells("1"), cells("2", manager_employee_number="1")]).encode())
    before = await people(client)

    rows = [cells("3"), cells("1", manager_employee_number="2", department="Sales"), cells("4", manager_employee_number="1")]
    job = await imported(client, text_of(rows).encode())

    after = await people(client)
    assert await findings(client, job) == [(3, "Manager ID", "manager_cycle", "error")]
    assert [job[name] for name in ("rows_total", "rows_done", "registered", "rows_refused")] == [3, 2, 2, 1]
    assert (after["1"], after["2"]) == (before["1"], before["2"])
    assert after["4"]["manager_id"] == after["1"]["id"]


async def test_a_manager_circle_that_two_files_close_is_an_error_of_the_row_in_the_second(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    await imported(client, file_of("1", "2", "3", "4"))
    first = [cells("1", manager_employee_number="2"), cells("3", manager_employee_number="4")]
    second = [cells("2", manager_employee_number="3"), cells("4", manager_employee_number="1"), cells("5")]

    assert await findings(client, await imported(client, text_of(first).encode())) == []
    job = await imported(client, text_of(second).encode())

    after = await people(client)
    assert await findings(client, job) == [(3, "Manager ID", "manager_cycle", "error")]
    assert (job["updated"], job["registered"], job["rows_refused"]) == (1, 1, 1)
    assert after["2"]["manager_id"] == after["3"]["id"]
    assert after["4"]["manager_id"] is None


async def test_two_people_who_swap_places_are_imported_as_the_file_says(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await imported(client, text_of([cells("1"), cells("2", manager_employee_number="1")]).encode())

    job = await imported(client, text_of([cells("1", manager_employee_number="2"), cells("2")]).encode())

    after = await people(client)
    assert await findings(client, job) == []
    assert (after["1"]["manager_id"], after["2"]["manager_id"]) == (after["2"]["id"], None)


async def test_bad_rows_are_named_by_line_and_column_and_do_not_stop_the_good_ones(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    rows = [
        cells("1"),
        cells("2", email="two at example.com"),
        cells("3", employee_level="Senior", time_zone="Europe/Berln"),
        cells("1", email="another@example.com"),
        cells("4", email="zoe.1@example.com"),
        cells("5", manager_employee_number="999"),
        cells("6", manager_employee_number="6"),
        cells("7", manager_employee_number="8"),
        cells("8", manager_employee_number="7"),
        cells("9"),
    ]

    job = await imported(client, text_of(rows).encode())

    assert job["state"] == "completed"
    assert sorted(await people(client)) == ["1", "5", "6", "7", "8", "9"]
    assert (job["rows_total"], job["registered"], job["rows_refused"], job["warnings"]) == (10, 6, 4, 3)
    found = await findings(client, job)
    assert {(line, code) for line, _, code, _ in found} == {
        (3, "bad_email"),
        (4, "bad_level"),
        (4, "unknown_time_zone"),
        (5, "duplicate_employee_number"),
        (6, "duplicate_email"),
        (7, "unknown_manager"),
        (8, "own_manager"),
        (9, "manager_cycle"),
    }
    assert all(column for _, column, _, _ in found)
    assert {code for _, _, code, severity in found if severity == "warning"} == {
        "unknown_manager",
        "own_manager",
        "manager_cycle",
    }
    assert {person["manager_id"] for person in (await people(client)).values()} == {None}


TWO = [cells("1"), cells("2")]
FORMS: dict[str, bytes] = {
    "with a byte-order mark": text_of(TWO).encode("utf-8-sig"),
    "with semicolons": text_of(TWO, delimiter=";").encode(),
    "with tabs, in UTF-16, as Excel saves Unicode text": text_of(TWO, delimiter="\t").encode("utf-16"),
    "with Unix line ends": text_of(TWO).replace("\r\n", "\n").encode(),
    "without a line end at its end": text_of(TWO).rstrip().encode(),
    "with blank lines": text_of(TWO).replace("\r\n", "\r\n\r\n").encode(),
}


@pytest.mark.parametrize("form", FORMS)
async def test_files_in_the_forms_that_software_writes_are_read(form: str, profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    job = await imported(client, FORMS[form])

    assert (job["state"], job["registered"], job["rows_refused"]) == ("completed", 2, 0), await findings(client, job)
    assert (await people(client))["1"]["name"] == "Zoë Müller"


async def test_a_file_in_windows_1252_is_read_and_its_sender_is_told_to_look(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    job = await imported(client, text_of([cells("1")]).encode("cp1252"))

    assert job["state"] == "completed"
    assert (await people(client))["1"]["name"] == "Zoë Müller"
    assert [code for _, _, code, _ in await findings(client, job)] == ["not_utf8"]


REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "only blank lines": b"\n \n\n",
    "no header line": line_of(cells("1")).encode(),
    "a header line without a column that is needed": text_of([], header=HEADER[1:]).encode(),
    "an Excel workbook": b"PK\x03\x04" + b"\x00" * 100,
    "a PDF": b"%PDF-1.7\n" + b"\x00" * 100,
    "zeros": b"\x00" * 10_000,
    "an alphabet in an old encoding": ("Имя,Почта\n" * 50).encode("koi8-r"),
    "one endless line": b"x" * 3_000_000,
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_people_file_is_refused_with_a_reason_and_imports_nobody(
    what: str, profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)

    job = await imported(client, REFUSED[what])

    assert job["state"] == "refused"
    assert job["problem"]
    assert job["problem"].endswith(".")
    assert await people(client) == {}


async def test_a_megabyte_in_one_cell_costs_that_row_only(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    rows = [cells("1"), cells("2", job_title="x" * 1_000_000), cells("3")]

    job = await imported(client, text_of(rows).encode())

    assert sorted(await people(client)) == ["1", "3"]
    assert [(line, code) for line, _, code, _ in await findings(client, job)] == [(3, "field_too_long")]


async def test_a_quote_that_is_never_closed_costs_that_row_only(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    lines = text_of([cells(str(number)) for number in range(1, 60)]).split("\r\n")
    lines[2] = lines[2].replace("Zoë Müller", '"Zoë Müller')

    job = await imported(client, "\r\n".join(lines).encode())

    assert sorted(await people(client), key=int) == [str(number) for number in range(1, 60) if number != 2]
    assert [(line, code) for line, _, code, _ in await findings(client, job)] == [(3, "unclosed_quote")]


async def test_a_file_with_too_many_rows_is_refused_before_anybody_is_imported(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    async def a_million_rows() -> AsyncIterator[bytes]:
        yield text_of([]).encode()
        for start in range(0, 1_000_000, 10_000):
            yield b"".join(b"%d,\n" % number for number in range(start, start + 10_000))

    job = await imported(client, a_million_rows())

    assert job["state"] == "refused"
    assert "250,000 rows" in job["problem"]
    assert await people(client) == {}


async def test_headers_of_other_names_are_mapped_and_what_is_missing_has_a_default(
    profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)
    file = (
        "Nr,Who,Email,Dept,Job Title,Level,Location,Languages,Hire Date\n"
        "1,Ada,ada@example.com,R&D,Engineer,3,Berlin,en,2020-01-01\n"
    )

    job = await imported(client, file.encode(), column=["employee_number:Nr", "name:Who"], default=["time_zone:Europe/Berlin"])

    assert (job["state"], job["registered"]) == ("completed", 1), job
    assert (await people(client))["1"]["time_zone"] == "Europe/Berlin"


async def test_somebody_with_anothers_address_or_who_has_left_is_left_out(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    await client.post("/v1/participants", json=a_person(employee_number="there", email="zoe.1@example.com"))
    rows = [cells("1"), cells("2"), cells("3", leaving_date="2020-01-31", hired_on="2019-01-01")]

    job = await imported(client, text_of(rows).encode())

    assert sorted(await people(client)) == ["2", "there"]
    assert {code for _, _, code, _ in await findings(client, job)} == {"email_taken", "has_left"}
    assert (job["registered"], job["rows_refused"], job["rows_done"]) == (1, 2, 3)


async def test_an_error_of_our_own_ends_one_import_and_keeps_no_other_waiting(
    profile: RunningService, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, another, facts = profile.client(tenant), profile.client(uuid4()), PersonText.facts

    def stumbling(person: PersonText) -> bytes:
        return facts(person) if person.employee_number != "1200" else b"%d" % (1 // 0)

    monkeypatch.setattr(PersonText, "facts", stumbling)
    file = text_of([cells(str(number)) for number in range(1, 1501)]).encode()
    failed, completed = await asyncio.gather(imported(client, file), imported(another, text_of([cells("1")]).encode()))

    assert (failed["state"], failed["rows_done"], failed["registered"]) == ("failed", 1000, 1000)
    assert "ZeroDivisionError" in failed["problem"]
    assert (completed["state"], completed["registered"]) == ("completed", 1)
    monkeypatch.undo()
    again = await imported(client, file)
    assert (again["state"], again["registered"], again["unchanged"]) == ("completed", 500, 1000)


async def test_an_import_is_running_from_when_its_file_is_looked_at(
    profile: RunningService, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, may_go_on, outcomes = profile.client(tenant), asyncio.Event(), imports.outcomes

    async def after_a_while(reader: PeopleFileReader, pieces: AsyncIterator[bytes | None]) -> AsyncIterator[Any]:
        await may_go_on.wait()
        async for some in outcomes(reader, pieces):
            yield some

    monkeypatch.setattr(imports, "outcomes", after_a_while)
    answer = await client.post("/v1/imports", content=file_of("1", "2"), headers=CSV)

    async def job(state: str) -> dict[str, Any] | None:
        shown: dict[str, Any] = (await client.get(answer.headers["location"])).json()
        return shown if shown["state"] == state else None

    looked_at = await eventually(lambda: job("running"))
    assert looked_at is not None
    assert (looked_at["rows_total"], looked_at["rows_done"]) == (None, 0)
    may_go_on.set()
    done = await eventually(lambda: job("completed"))
    assert done is not None
    assert (done["rows_total"], done["rows_done"]) == (2, 2)


async def test_findings_are_read_page_by_page(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    job = await imported(client, text_of([cells(str(number), email="?") for number in range(25)]).encode())
    at = f"/v1/imports/{job['id']}/findings"

    first = (await client.get(at, params={"limit": 10})).json()
    last = (await client.get(at, params={"limit": 100, "cursor": first["next"]})).json()
    by_its_other_name = (await client.get(at, params={"limit": 100, "start": first["next"]})).json()

    assert [one["line"] for one in first["items"] + last["items"]] == list(range(2, 27))
    assert last["next"] is None
    assert by_its_other_name == last


async def test_imports_are_listed_page_by_page(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    ids = [(await imported(client, file))["id"] for file in (file_of("1"), file_of("1", "2"), b"")]

    first = (await client.get("/v1/imports", params={"limit": 2})).json()
    last = (await client.get("/v1/imports", params={"limit": 2, "cursor": first["next"]})).json()
    refused = (await client.get("/v1/imports", params={"state": "refused"})).json()

    assert [job["id"] for job in first["items"] + last["items"]] == sorted(ids)
    assert [job["id"] for job in refused["items"]] == ids[2:]


@pytest.mark.parametrize("names", [("employee_level", "hired_on", "offers"), ("level", "hire_date", "skills_offered")])
async def test_a_mapping_names_our_columns_as_the_api_does_or_as_files_do(
    names: tuple[str, str, str], profile: RunningService, tenant: UUID
) -> None:
    client, headers = profile.client(tenant), dict(zip(names, ("Pay scale", "Joined", "Can teach"), strict=True))
    renamed = {"Level": "Pay scale", "Hire Date": "Joined", "Skills Offered": "Can teach"}

    file = text_of([cells("1")], header=[renamed.get(header, header) for header in HEADER]).encode()
    job = await imported(client, file, column=[f"{ours}:{theirs}" for ours, theirs in headers.items()])

    person = (await people(client))["1"]
    assert job["state"] == "completed", job["problem"]
    assert (person["employee_level"], person["hired_on"], person["offers"][0]["skill"]) == (3, "2021-09-01", "Python")


async def test_an_upload_that_says_it_is_too_large_is_refused_before_it_is_sent(profile: RunningService, tenant: UUID) -> None:
    client, address = profile.client(tenant), urlsplit(profile.url)
    head = f"POST /v1/imports HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {client.headers['authorization']}\r\n"
    size = f"Idempotency-Key: 1\r\nContent-Type: text/csv\r\nContent-Length: {257 * 1024 * 1024}\r\n\r\n"
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    writer.write(f"{head}{size}Employee Number".encode())
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


def test_an_imports_events_are_written_as_their_class_would_write_them(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    write_people_file(file, 500, seed=1)
    people = [one for one in read_people([file.read_bytes()], PeopleFileReader()) if isinstance(one, PersonRow)]
    rows = [GoodRow.of(person) for person in people]
    ids = {row.employee_number: str(uuid4()) for row in rows}
    persons = [row.person(ids[row.employee_number], ids.get(row.manager_employee_number)) for row in rows]

    said = [upsert._event((one.id, one.employee_number, 1, False), one.facts())[1] for one in persons]  # type: ignore[arg-type]

    assert len(said) == 500
    assert [ParticipantRegistered.from_json(value).to_json() for value in said] == said
    assert {ParticipantRegistered.from_json(value).facts.manager_id is None for value in said} == {True, False}
