"""How a stack comes up, step by step, and how it goes down."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from peerloom_dev import databases, embedded
from peerloom_dev.state import StackError, StackState
from peerloom_kafka import KafkaError
from peerloom_kafka.ports import port_is_free
from peerloom_kafka.processes import spawn, stop
from peerloom_service.manifest import Manifest

READY_SECONDS: Final = 120
FETCH_SECONDS: Final = 600  # the first start of Apache Kafka downloads it
STOP_SECONDS: Final = 10


def refuse_what_is_taken(state: StackState) -> None:
    """Raises: StackError when a port is in use; DatabaseError when a given server has our databases, or is not there."""
    places = {"the issuer": state.issuer, **state.services}
    if state.postgres_is == "embedded":
        places["PostgreSQL"] = state.postgres
    if state.kafka_is != "given":
        places["Kafka"] = f"kafka://{state.kafka}"
    for name, address in places.items():
        if not port_is_free(_port(address)):
            raise StackError(f"Port {_port(address)}, for {name}, is in use; end what uses it, or take other --base-port.")
    if state.postgres_is == "given":
        databases.refuse_existing(state.postgres, state.databases.values())


def launch(state: StackState, services: Sequence[Manifest], on_step: Callable[[str], None]) -> None:
    """Start all parts and return when each says that it is ready.

    Raises: StackError, EmbeddedError, KafkaError, DatabaseError; what runs by then is left to `take_down`.
    """
    for name in ("logs", "issuer", "postgres"):
        (state.directory / name).mkdir(exist_ok=True)
    _start_issuer(state)  # it needs a second to load, in which the others start
    _start_kafka(state, on_step)
    _start_postgres(state)
    databases.create(state.postgres, state.databases.values())
    on_step(f"PostgreSQL is ready ({state.postgres_is})")
    if state.kafka_is == "real":
        _await_end(state, "kafka", FETCH_SECONDS)
        del state.processes["kafka"]  # that was the starter; the broker stands in the cluster's own directory
    on_step(f"Kafka is ready at {state.kafka} ({state.kafka_is})")
    _migrate(state, services)
    on_step(f"{len(services)} databases are migrated")
    await_ready(state, "issuer", state.issuer)
    on_step(f"the issuer is ready at {state.issuer}")
    for service in services:
        start(state, service)
    for service in services:
        await_ready(state, service.name, state.services[service.name])
        on_step(f"{service.name} is ready at {state.services[service.name]}")
    state.ready = True
    state.write()


def start(state: StackState, service: Manifest) -> None:
    """Start a service's process, API and worker; `await_ready` tells when it serves."""
    _spawn(state, service.name, [service.module, "all"], environment_of(state, service))


def await_ready(state: StackState, name: str, url: str) -> None:
    """Return when the process of this name answers at `url` that it is ready. Raises: StackError when it never does."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready(url):
        if not state.processes[name].runs:
            raise StackError(f"{name} ended while starting; {state.end_of_log(name)}")
        _refuse_late(state, name, deadline)
        time.sleep(0.05)


def take_down(state: StackState, *, keep_logs: bool = False) -> None:
    """End every process and delete what they left. Raises: DatabaseError when a given PostgreSQL cannot be cleaned."""
    servers = {name: process for name, process in state.processes.items() if name in ("postgres", "kafka")}
    stop([process for name, process in state.processes.items() if name not in servers], STOP_SECONDS)
    stop(servers.values(), STOP_SECONDS)
    with contextlib.suppress(KafkaError):  # there is none
        state.kafka_cluster().stop(wipe=True)
    if state.postgres_is == "given":
        databases.drop(state.postgres, state.databases.values())
    for name in ("postgres", "issuer", "kafka", *([] if keep_logs else ["logs"])):
        shutil.rmtree(state.directory / name, ignore_errors=True)
    (state.directory / "state.json").unlink(missing_ok=True)


def is_ready(url: str) -> bool:
    """Whether the process at this base URL answers that it is ready."""
    with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=2)) as connection:
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def environment_of(state: StackState, service: Manifest) -> dict[str, str]:
    """The settings a process of the service is given."""
    environment = {
        "PEERLOOM_ENVIRONMENT": "local",
        "PEERLOOM_DATABASE_URL": state.databases[service.name],
        "PEERLOOM_KAFKA_BOOTSTRAP": state.kafka,
        "PEERLOOM_AUTH_ISSUER": state.issuer,
        "PEERLOOM_AUTH_AUDIENCE": "peerloom",
        "PEERLOOM_HTTP_HOST": "127.0.0.1",
        "PEERLOOM_HTTP_PORT": str(_port(state.services[service.name])),
        **service.local,
    }
    if state.kafka_is == "embedded":
        environment["PEERLOOM_KAFKA_IDEMPOTENT"] = str(embedded.BROKER_IS_IDEMPOTENT).lower()
        environment["PEERLOOM_KAFKA_SESSION_MS"] = str(embedded.BROKER_SESSION_MS)
    return environment


def _start_issuer(state: StackState) -> None:
    environment = {
        "PEERLOOM_ISSUER_URL": state.issuer,
        "PEERLOOM_ISSUER_HOST": "127.0.0.1",
        "PEERLOOM_ISSUER_PORT": str(_port(state.issuer)),
        "PEERLOOM_ISSUER_OPERATOR_SECRET": state.operator_secret,
        "PEERLOOM_ISSUER_DIRECTORY": str(state.directory / "issuer"),
    }
    _spawn(state, "issuer", ["peerloom_issuer"], environment)


def _start_kafka(state: StackState, on_step: Callable[[str], None]) -> None:
    host, _, port = state.kafka.partition(",")[0].rpartition(":")
    if state.kafka_is == "embedded":
        embedded.start_broker(int(port), log=state.log("kafka"), record=state.record("kafka"))
    elif state.kafka_is == "real":
        on_step("starting Apache Kafka; the first time it is downloaded")
        place = ["--directory", str(state.directory / "kafka"), "--port", port]
        _spawn(state, "kafka", ["peerloom_kafka", "start", *place], {})
    else:
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except (OSError, ValueError) as error:
            raise StackError(f"Kafka at {state.kafka} (PEERLOOM_LOCAL_KAFKA) does not answer: {error}") from error


def _start_postgres(state: StackState) -> None:
    if state.postgres_is == "embedded":
        home, record = state.directory / "postgres", state.record("postgres")
        password = urlsplit(state.postgres).password or ""
        embedded.start_postgres(home, _port(state.postgres), password, log=state.log("postgres"), record=record)


def _migrate(state: StackState, services: Sequence[Manifest]) -> None:
    """Migrate as many at a time as there are processors: loading the code is what takes the time."""
    at_once = os.cpu_count() or 2
    for first in range(0, len(services), at_once):
        batch = services[first : first + at_once]
        for service in batch:
            _spawn(state, service.name, [service.module, "migrate"], environment_of(state, service))
        for service in batch:
            _await_end(state, service.name, READY_SECONDS)


def _spawn(state: StackState, name: str, module: list[str], environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", *module]
    spawn(command, log=state.log(name), record=state.record(name), environment={**os.environ, **environment})


def _await_end(state: StackState, name: str, seconds: float) -> None:
    process = state.processes[name]
    deadline = time.monotonic() + seconds
    while process.exit_code is None:
        _refuse_late(state, name, deadline)
        time.sleep(0.02)
    if process.exit_code:
        raise StackError(f"{name} could not be prepared; {state.end_of_log(name)}")


def _refuse_late(state: StackState, name: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise StackError(f"{name} is not ready and time is up; {state.end_of_log(name)}")


def _port(address: str) -> int:
    port = urlsplit(address).port
    if port is None:
        raise StackError(f"{address} names no port.")
    return port
