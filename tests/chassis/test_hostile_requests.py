"""Whatever somebody sends: a problem they can understand, never a failure of ours."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from peerloom_service.http.protocol import limited_protocol
from tests.support import RunningService, a_person, a_program
from tests.support.serving import served


def a_refusal(answer: httpx.Response) -> httpx.Response:
    """Checks that it is a 4xx problem as RFC 9457 has it."""
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:500]
    document = answer.json()
    assert {"type", "title", "status", "detail", "instance", "trace_id"} <= document.keys()
    assert document["status"] == answer.status_code
    return answer


def with_field(name: str, value: str) -> bytes:
    """A person whose field holds this piece of JSON."""
    person = {key: json.dumps(field) for key, field in a_person().items()}
    person[name] = value
    return ("{" + ", ".join(f'"{key}": {field}' for key, field in person.items()) + "}").encode(errors="surrogatepass")


DEEP = 100_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"employee_number=7",
    "half of it": b'{"name": "Ada',
    "two documents": b"{} {}",
    "a list": b"[]",
    "a word": b'"Ada"',
    "null": b"null",
    "bytes that are not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "Ada"}'.encode("utf-16"),
    "a lone surrogate": with_field("name", '"\\ud800"'),
    "a lone surrogate, encoded": with_field("name", '"\ud800"'),
    "a lone surrogate as a field's name": b'{"\\ud800": 1}',
    "NUL": with_field("name", '"A\\u0000da"'),
    "NUL as it is": with_field("name", '"A\x00da"'),
    "NUL as a field's name": b'{"\\u0000": 1}',
    "NUL inside a list": with_field("goals", '["lead\\u0000"]'),
    "NUL inside an object of a list": with_field("offers", '[{"skill": "S\\u0000QL", "level": 3}]'),
    "a control character": with_field("name", '"Ada\\u001b[31m"'),
    "NaN": with_field("employee_level", "NaN"),
    "Infinity": with_field("employee_level", "-Infinity"),
    "1e999": with_field("employee_level", "1e999"),
    "2^64": with_field("employee_level", "18446744073709551616"),
    "5,000 digits": with_field("employee_level", "9" * 5_000),
    "half a number": with_field("employee_level", "3.5"),
    "a number for a text": with_field("name", "7"),
    "lists nested deeply": b"[" * DEEP + b"]" * DEEP,
    "objects nested deeply": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "lists nested deeply in a field": with_field("goals", "[" * 20_000 + "]" * 20_000),
    "many fields": json.dumps({f"field{number}": number for number in range(50_000)}).encode(),
    "a field nobody knows": with_field("salary", "1"),
    "a field the service sets itself": with_field("id", f'"{uuid4()}"'),
    "the version": with_field("version", "7"),
    "another organisation": with_field("tenant_id", f'"{uuid4()}"'),
    "a very long text": with_field("name", f'"{"x" * 100_000}"'),
    "only blanks": with_field("name", '"  "'),
    "a day that does not exist": with_field("hired_on", '"2026-02-30"'),
    "a day before the calendar": with_field("hired_on", '"0000-01-01"'),
    "the year 10000": with_field("hired_on", '"10000-01-01"'),
    "a zone that does not exist": with_field("time_zone", '"Mars/Olympus"'),
    "a zone that is a path": with_field("time_zone", '"../../etc/passwd"'),
    "an address that is none": with_field("email", '"ada"'),
    "too many goals": with_field("goals", json.dumps(["x"] * 10_000)),
    "a manager that is no id": with_field("manager_id", '"boss"'),
}


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_cannot_be_meant_is_refused(what: str, profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    answer = await client.post("/v1/participants", content=BODIES[what], headers={"content-type": "application/json"})

    a_refusal(answer)
    assert (await client.get("/v1/participants")).json()["items"] == []


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""]
)
async def test_a_body_of_another_type_is_refused(content_type: str, profile: RunningService, tenant: UUID) -> None:
    body = json.dumps(a_person()).encode()

    answer = await profile.client(tenant).post(
        "/v1/participants", content=body, headers={"content-type": content_type} if content_type else {}
    )

    a_refusal(answer)


async def test_a_compressed_body_is_refused_unopened(profile: RunningService, tenant: UUID) -> None:
    bomb = gzip.compress(b" " * 50_000_000 + json.dumps(a_person()).encode())

    answer = await profile.client(tenant).post(
        "/v1/participants", content=bomb, headers={"content-type": "application/json", "content-encoding": "gzip"}
    )

    a_refusal(answer)


async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_how_long_it_is(
    profile: RunningService, tenant: UUID
) -> None:
    client, too_much = profile.client(tenant), 3 * profile.settings.body_limit
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"name": "'
        while sent < too_much:
            sent += 65_536
            yield b"x" * 65_536

    headers = {"content-type": "application/json"}
    said = await client.post("/v1/participants", content=b'{"name": "' + b"x" * too_much, headers=headers)
    streamed = await client.post("/v1/participants", content=pieces(), headers=headers)

    for answer in (said, streamed):
        assert a_refusal(answer).status_code == 413
        assert answer.headers["x-correlation-id"]


async def test_while_one_caller_sends_hostile_bodies_others_are_served(profile: RunningService, tenant: UUID) -> None:
    client, refused, served = profile.client(tenant), 0, 0
    hostile = [BODIES[what] for what in ("lists nested deeply", "objects nested deeply", "many fields", "5,000 digits")]
    most_refused_before_one_was_served = refused_before = 0

    async def attack() -> None:
        nonlocal refused
        for body in hostile * 3:
            a_refusal(await client.post("/v1/participants", content=body, headers={"content-type": "application/json"}))
            refused += 1

    attacks = asyncio.gather(*(attack() for _ in range(3)))
    while not attacks.done():
        refused_before = refused
        assert (await client.get("/health/live")).status_code == 200
        served += 1
        most_refused_before_one_was_served = max(most_refused_before_one_was_served, refused - refused_before)
    await attacks

    assert most_refused_before_one_was_served <= 9, "somebody waited for more than what was under way already"
    assert served >= len(hostile), "hostile bodies were worked through one after the other, and nobody else was served"


QUERIES: dict[str, str] = {
    "NUL in a filter": "/v1/participants?department=%00",
    "NUL in another filter": "/v1/participants?employee_number=a%00b",
    "bytes that are not UTF-8 in a filter": "/v1/participants?department=%ff%fe",
    "a lone surrogate in a filter": "/v1/participants?department=%ed%a0%80",
    "a very long filter": "/v1/participants?department=" + "x" * 5_000,
    "a limit of nothing": "/v1/participants?limit=0",
    "a limit below nothing": "/v1/participants?limit=-1",
    "a limit of 2^64": "/v1/participants?limit=18446744073709551616",
    "a limit that is no number": "/v1/participants?limit=all",
    "a cursor that is none": "/v1/participants?cursor=xyz",
    "a cursor of other letters": "/v1/participants?cursor=%C3%BC%C3%BC",
    "a cursor with NUL": "/v1/participants?cursor=%00",
    "a cursor of the right length only": "/v1/participants?cursor=" + "!" * 22,
    "a findings' start of 2^64": "/v1/imports/{}/findings?start=18446744073709551616",
    "an id that is none": "/v1/participants/me",
    "an id with NUL": "/v1/participants/%00",
    "an id that is a statement": "/v1/participants/' OR 1=1 --",
    "an id that climbs": "/v1/participants/..%2f..%2fetc%2fpasswd",
    "an id nobody has": "/v1/participants/{}",
}
HARMLESS = {"bytes that are not UTF-8 in a filter", "a lone surrogate in a filter"}


@pytest.mark.parametrize("what", QUERIES)
async def test_an_address_that_cannot_be_meant_is_refused_or_leads_to_nothing(
    what: str, profile: RunningService, tenant: UUID
) -> None:
    answer = await profile.client(tenant).get(QUERIES[what].format(uuid4()))

    if what in HARMLESS:
        assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
    else:
        a_refusal(answer)


IMPORT_PAIRS = {
    "a column without its header": "column=name",
    "a column of ours that is none": "column=NAME:x",
    "a default with NUL": "default=department:%00",
    "a mapping with NUL": "column=name:%00",
    "a default with a lone surrogate": "default=department:%ed%a0%80",
    "a very long default": "default=department:" + "x" * 1_000,
    "a thousand defaults": "&".join(f"default=department:{number}" for number in range(1_000)),
}


@pytest.mark.parametrize("what", IMPORT_PAIRS)
async def test_an_import_with_senseless_parameters_is_refused_or_reported(
    what: str, profile: RunningService, tenant: UUID
) -> None:
    client = profile.client(tenant)

    answer = await client.post(f"/v1/imports?{IMPORT_PAIRS[what]}", content=b"a,b\n", headers={"content-type": "text/csv"})

    if what == "a default with a lone surrogate":  # whose bytes are replaced on the way, as those of any address
        assert answer.status_code == 202
    else:
        a_refusal(answer)


METHODS_AND_PLACES = [
    ("DELETE", "/v1/participants", 405),
    ("PUT", "/v1/programs", 405),
    ("TRACE", "/v1/programs", 405),
    ("GET", "/v1/nowhere", 404),
    ("GET", "/", 404),
    ("POST", "/health/live", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), METHODS_AND_PLACES)
async def test_what_is_not_there_is_a_problem_too(
    method: str, path: str, status: int, profile: RunningService, tenant: UUID
) -> None:
    assert a_refusal(await profile.client(tenant).request(method, path)).status_code == status


@pytest.mark.parametrize("etag", ["", "7", '"0"', '"-1"', '"1.5"', '"99999999999999999999"', '"a"', "W/", '"\\"'])
async def test_a_change_needs_the_version_it_was_based_on(etag: str, profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)
    at = (await client.post("/v1/participants", json=a_person())).headers["location"]

    answer = await client.patch(at, json={"department": "R&D"}, headers={"If-Match": etag})

    assert a_refusal(answer).status_code in (412, 428)
    assert (await client.get(at)).json()["version"] == 1


async def test_a_long_header_or_many_of_them_do_no_harm(profile: RunningService, tenant: UUID) -> None:
    client = profile.client(tenant)

    answers = [
        await client.get("/v1/programs", headers={"X-Long": "x" * 60_000}),
        await client.get("/v1/programs", headers={f"X-{number}": "x" for number in range(2_000)}),
        await client.get("/v1/programs", headers={"X-Correlation-Id": "x" * 60_000}),
    ]

    assert all(answer.status_code < 500 for answer in answers), [answer.status_code for answer in answers]


async def test_bytes_that_are_not_http_do_not_disturb_anybody(profile: RunningService, tenant: UUID) -> None:
    address = urlsplit(profile.url)
    for rubbish in (
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/programs HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(rubbish)
        await writer.drain()
        writer.close()

    assert (await profile.client(tenant).get("/v1/programs")).status_code == 200


async def test_an_answer_carries_the_callers_correlation_id_or_a_new_one(
    profile: RunningService, tenant: UUID, event_log: Any
) -> None:
    client = profile.client(tenant)

    named = await client.post("/v1/programs", json=a_program(), headers={"X-Correlation-Id": "order-66"})
    unsound = await client.post("/v1/programs", json=a_program(), headers={"X-Correlation-Id": "a b\tc"})
    await profile.settled()

    assert named.headers["x-correlation-id"] == "order-66"
    assert unsound.headers["x-correlation-id"].isalnum()
    said = {one.envelope.correlationid for one in event_log.overheard(None, tenant)}
    assert said == {"order-66", unsound.headers["x-correlation-id"]}


# -- connections ------------------------------------------------------------------------------------------------------


async def spoken_to(url: str, *parts: bytes) -> bytes:
    """What a server answers to somebody who sends these parts and then nothing more, until it closes the connection."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


@pytest.fixture(scope="module")
async def limited(profile: RunningService) -> AsyncIterator[str]:
    """Profile behind the protocol it has in production, in a hurry."""
    settings = profile.settings.model_copy(update={"request_seconds": 1})
    app = profile.service.app(settings, worker=False)
    async with served(app, http=limited_protocol(4096, 1.0)) as url:
        yield url


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"GET /health/live HTTP/1.1\r\nhost: a\r\nx-long: " + b"x" * 5000], b"431"),
        ([b"GET /health/live HTTP/1.1\r\nhost: a\r\n" + b"x: yyyyyyyyyy\r\n" * 500 + b"\r\n"], b"431"),
        ([b"GET /" + b"a" * 5000], b"431"),
        ([b"GET /health/live HTTP/1.1\r\nhost: a\r\n"], b"408"),
    ],
)
async def test_a_head_that_is_too_large_or_does_not_end_is_refused(limited: str, parts: list[bytes], status: bytes) -> None:
    answer = await spoken_to(limited, *parts)

    assert answer.startswith(b"HTTP/1.1 " + status), answer[:200]


async def test_a_body_that_stops_coming_is_given_up(limited: str, profile: RunningService) -> None:
    token = profile.issuer.token(uuid4(), profile.scopes())
    head = f"POST /v1/participants HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nidempotency-key: 1\r\n"
    answer = await spoken_to(limited, head.encode() + b"content-type: application/json\r\ncontent-length: 100\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
    assert b"urn:peerloom:problem:request-timeout" in answer


async def test_sound_requests_share_a_connection(limited: str) -> None:
    async with httpx.AsyncClient(base_url=limited) as client:
        assert {(await client.get("/health/live")).status_code for _ in range(20)} == {200}
