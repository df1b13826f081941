"""create_vs_hello, create_vs_sqlmodel, read_vs_hello: our API beside a hello and beside an idiomatic SQLModel app."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx

from peerloom_service.identifiers import new_id
from profile_service.main import service
from tests.benchmarks.figures import Effort, Measured, median_ratio, spread, spread_of_ratio
from tests.benchmarks.load import MARK, Job, Seen
from tests.benchmarks.processes import Server, loaded, service_server, uvicorn_server
from tests.support.bodies import a_person
from tests.support.processes import environment_of
from tests.support.services import Surroundings

KEYS = ("create_vs_hello", "create_vs_sqlmodel", "read_vs_hello")

CONNECTIONS = 32
_PEOPLE_TO_READ = 1000
_NUMBERS_A_ROUND = 1_000_000


@dataclass(slots=True)
class Contestant:
    """A server and what it is asked, with what was seen round by round."""

    name: str
    server: Server
    job: Job
    rates: list[float]
    cpu_us: list[float]
    seen: list[Seen]

    @classmethod
    def of(cls, name: str, server: Server, request: str, uniques: Sequence[str] = ()) -> Contestant:
        job = Job(port=server.port, request=request, connections=CONNECTIONS, seconds=0, uniques=uniques)
        return cls(name, server, job, [], [], [])

    async def round(self, number: int, seconds: float) -> None:
        """Load it once."""
        before = self.server.cpu_seconds()
        seen = await loaded(replace(self.job, seconds=seconds, count_from=number * _NUMBERS_A_ROUND))
        self.cpu_us.append((self.server.cpu_seconds() - before) / sum(seen.answers.values()) * 1e6)
        self.rates.append(seen.rate)
        self.seen.append(seen)

    def detail(self) -> str:
        """A line for the page."""
        median = statistics.median
        return (
            f"{self.name}: {spread(self.rates)} requests/s; {median(self.cpu_us):,.0f} µs of its process's CPU a request; "
            f"p50 {median(seen.p50_ms for seen in self.seen):.1f} ms, p99 {median(seen.p99_ms for seen in self.seen):.1f} ms; "
            f"the load generator used {median(seen.cpu_share for seen in self.seen):.0%} of a CPU"
        )


async def measure(surroundings: Surroundings, wanted: Sequence[str], effort: Effort) -> list[Measured]:
    """Rounds of all contestants in turn: A B C A B C …"""
    token = surroundings.issuer.token(new_id(), ["people:read", "people:write"])
    async with AsyncExitStack() as stack:
        hello = await stack.enter_async_context(uvicorn_server("tests.benchmarks.hello:app", ready="/hello"))
        bare = await stack.enter_async_context(uvicorn_server("tests.benchmarks.hello:bare", ready="/"))
        contestants = {"hello": Contestant.of("hello", hello, _get("/hello"))}
        settings = await stack.enter_async_context(surroundings.migrated(service))
        profile = await stack.enter_async_context(service_server("profile_service", "api", environment_of(settings)))
        if "create_vs_hello" in wanted or "create_vs_sqlmodel" in wanted:
            contestants["create"] = Contestant.of("create", profile, _post_person(token))
        if "create_vs_sqlmodel" in wanted:
            database = await stack.enter_async_context(surroundings.database("sqlmodel"))
            environment = {"BENCH_DATABASE_URL": database, "BENCH_ISSUER": surroundings.issuer.url}
            sqlmodel = await stack.enter_async_context(
                uvicorn_server("tests.benchmarks.sqlmodel_app:app", ready="/ready", environment=environment)
            )
            contestants["sqlmodel"] = Contestant.of("sqlmodel", sqlmodel, _post_person(token))
        if "read_vs_hello" in wanted:
            ids = await _people(profile, token)
            contestants["read"] = Contestant.of("read", profile, _get(f"/v1/participants/{MARK}", token), ids)
        for number in range(1, effort.rounds + 1):
            for contestant in contestants.values():
                await contestant.round(number, effort.seconds)
        ceiling = Contestant.of("uvicorn without a framework", bare, _get("/"))
        await ceiling.round(1, effort.seconds)
    return [_measured(key, contestants, ceiling, effort) for key in wanted]


def _measured(key: str, contestants: dict[str, Contestant], ceiling: Contestant, effort: Effort) -> Measured:
    ours_name, theirs_name = key.split("_vs_")
    ours, theirs = contestants[ours_name], contestants[theirs_name]
    how = (
        f"median of {effort.rounds} interleaved rounds of {effort.seconds:g} s ({spread_of_ratio(ours.rates, theirs.rates)}); "
        f"{CONNECTIONS} keep-alive connections, one uvicorn worker each"
    )
    return Measured(
        key,
        median_ratio(ours.rates, theirs.rates),
        how,
        [ours.detail(), theirs.detail(), f"ceiling of the load generator: {ceiling.detail()}"],
    )


async def _people(profile: Server, token: str) -> list[str]:
    """Ids of people to read."""
    ids: list[str] = []
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{profile.port}", trust_env=False, headers=headers) as client:
        for number in range(_PEOPLE_TO_READ):
            answer = await client.post("/v1/participants", json=a_person(), headers={"idempotency-key": f"read-{number}"})
            answer.raise_for_status()
            ids.append(answer.json()["id"])
    return ids


def _get(path: str, token: str | None = None) -> str:
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{authorization}\r\n"


def _post_person(token: str) -> str:
    """A new person with each request: employee number, e-mail address and Idempotency-Key are unique."""
    body = json.dumps(a_person(employee_number=f"E{MARK}", email=f"{MARK}@example.com"))
    length = len(body.replace(MARK, "0" * 12))
    return (
        "POST /v1/participants HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"authorization: Bearer {token}\r\nidempotency-key: bench-{MARK}\r\n"
        f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
