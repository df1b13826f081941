"""The laptop stack with a stand-in service: it comes up, says what is wrong, and always goes away completely."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import jwt
import pytest

from peerloom_dev import embedded
from peerloom_dev.credentials import organisation_client, token
from peerloom_dev.stack import SERVICES, Stack
from peerloom_dev.state import StackError
from peerloom_issuer.clients import OPERATOR_SCOPES
from peerloom_kafka import available

from .helpers import ENVIRONMENT, STAND_IN, eventually, free_base_port, peerloom, processes_about, running

UP = """
import sys
from pathlib import Path
from peerloom_dev.stack import Stack
from peerloom_service.manifest import Manifest
service = Manifest(name="stand_in", description="Nothing is behind it.", port=8101)
def report(step):
    print(step, flush=True)
stack = Stack.up(Path({directory!r}), base_port={base_port}, services=[service], tied={tied}, on_step=report)
report("up")
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def stand_in_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ENVIRONMENT["PYTHONPATH"])


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Of one stack; whatever a failed test leaves is taken down."""
    yield tmp_path / "stack"
    Stack.down(tmp_path / "stack")


def test_up_serves_what_it_says_and_down_leaves_nothing(directory: Path) -> None:
    base_port = free_base_port()
    steps: list[str] = []

    stack = Stack.up(directory, base_port=base_port, services=[STAND_IN], on_step=steps.append)

    assert httpx.get(f"{stack.services['stand_in']}/health/ready", trust_env=False).status_code == 200
    assert stack.status() == {"postgres": "ready", "kafka": "ready", "issuer": "ready", "stand_in": "ready"}
    assert asyncio.run(owner_and_tables(stack.databases["stand_in"])) == (f"peerloom_{base_port}_stand_in", ["heard"])
    assert (directory / "state.json").stat().st_mode & 0o777 == 0o600
    assert any("stand_in is ready" in step for step in steps)
    again = Stack.up(directory, base_port=base_port, services=[STAND_IN])
    assert again.processes == stack.processes, "a second `up` changes nothing"
    assert peerloom("status", "--directory", directory).returncode == 0

    assert Stack.down(directory)

    assert not directory.exists()
    assert not processes_about(directory)
    assert not any(process.runs for process in stack.processes.values())
    assert not Stack.down(directory), "a second `down` has nothing to do"


async def owner_and_tables(address: str) -> tuple[str, list[str]]:
    connection = await asyncpg.connect(address)
    owner = await connection.fetchval(
        "SELECT rolname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE datname = current_database()"
    )
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE tableowner = current_user")
    await connection.close()
    return owner, [row["tablename"] for row in tables]


def test_a_client_for_a_new_organisation_gets_tokens_for_it(directory: Path) -> None:
    with Stack.up(directory, base_port=free_base_port(), services=[STAND_IN]) as stack:
        client = organisation_client(stack.services["stand_in"], stack.issuer, stack.operator_secret, "Acme")

        access_token = token(stack.issuer, client["client_id"], client["client_secret"])

        claims = jwt.decode(access_token, options={"verify_signature": False})
        assert claims["org_id"] == client["organisation_id"]
        assert "people:write" in claims["scope"]
    assert not directory.exists(), "the context takes the stack down"


def test_the_operator_may_do_what_services_keep_for_the_operator() -> None:
    kept = {scope for service in SERVICES for scope in service.operator_scopes}

    assert kept
    assert kept < set(OPERATOR_SCOPES), "the issuer's client `operator` has them, and registers clients"


def test_a_port_in_use_is_one_sentence_and_exit_code_1(directory: Path) -> None:
    base_port = free_base_port()
    with socket.create_server(("127.0.0.1", base_port + 1)):
        done = peerloom("up", "--directory", directory, "--base-port", str(base_port))

    assert done.returncode == 1
    assert done.stderr.startswith(f"peerloom: Port {base_port + 1}, for profile, is in use")
    assert done.stderr.count("\n") == 1
    assert not directory.exists()


def test_a_service_that_cannot_be_prepared_is_shown_with_the_end_of_its_log(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "yes")

    with pytest.raises(StackError) as refusal:
        Stack.up(directory, base_port=free_base_port(), services=[STAND_IN])

    assert "stand_in could not be prepared" in str(refusal.value)
    assert "the stand-in was told to fail" in str(refusal.value)
    assert [path.name for path in directory.iterdir() if path.name != ".lock"] == ["logs"]
    assert not processes_about(directory)


@pytest.mark.parametrize("moment", ["PostgreSQL is ready", "databases are migrated", "up"])
@pytest.mark.parametrize("last_signal", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_up_leaves_nothing_that_down_does_not_clean(directory: Path, moment: str, last_signal: int) -> None:
    code = UP.format(directory=str(directory), base_port=free_base_port(), tied=False)
    with running(code) as up:
        assert up.stdout
        for line in up.stdout:
            if moment in line:
                break
        up.send_signal(last_signal)
        up.wait(20)
    if last_signal == signal.SIGKILL:
        assert processes_about(directory), "there is something to clean"

    done = peerloom("down", "--directory", directory)

    assert done.returncode == 0, done.stderr
    assert not processes_about(directory)
    assert not directory.exists()


def test_down_never_ends_a_process_that_was_given_the_same_id_later(directory: Path) -> None:
    code = UP.format(directory=str(directory), base_port=free_base_port(), tied=False)
    with running(code) as up, subprocess.Popen(["sleep", "60"]) as innocent:
        assert up.stdout
        assert eventually(lambda: any("PostgreSQL" in line for line in up.stdout or ()))
        up.kill()
        up.wait()
        state = json.loads((directory / "state.json").read_text())
        state["processes"]["stand_in"] = {"pid": innocent.pid, "started": "12345", "ends_with": signal.SIGTERM}
        (directory / "state.json").write_text(json.dumps(state))

        Stack.down(directory)

        assert innocent.poll() is None
        innocent.kill()


def test_a_tied_stack_ends_with_its_owner(directory: Path) -> None:
    code = UP.format(directory=str(directory), base_port=free_base_port(), tied=True)
    with running(code) as owner:
        assert owner.stdout
        assert any(line == "up\n" for line in owner.stdout)
        owner.send_signal(signal.SIGKILL)

    assert eventually(lambda: not processes_about(directory) and not directory.exists(), 20)


def test_a_second_up_at_the_same_time_says_so(directory: Path) -> None:
    code = UP.format(directory=str(directory), base_port=free_base_port(), tied=False)
    with running(code) as up:
        assert eventually((directory / ".lock").exists)
        done = peerloom("up", "--directory", directory)
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=20)

    assert done.returncode == 1
    assert "Another `up` or `down` is at work" in done.stderr


def test_a_given_postgres_is_used_and_left_as_it_was(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def databases(admin: str) -> set[str]:
        connection = await asyncpg.connect(admin)
        rows = await connection.fetch("SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles")
        await connection.close()
        return {row["name"] for row in rows}

    base_port = free_base_port()
    with embedded.postgres() as admin:
        monkeypatch.setenv("PEERLOOM_LOCAL_POSTGRES", admin)
        before = asyncio.run(databases(admin))
        with Stack.up(directory, base_port=base_port, services=[STAND_IN]):
            assert asyncio.run(databases(admin)) == before | {f"peerloom_{base_port}_stand_in"}
        after = asyncio.run(databases(admin))

    assert after == before


def test_a_given_server_that_does_not_answer_is_one_sentence(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = free_base_port()
    monkeypatch.setenv("PEERLOOM_LOCAL_KAFKA", f"127.0.0.1:{nowhere}")

    with pytest.raises(StackError, match=f"Kafka at 127.0.0.1:{nowhere} .* does not answer"):
        Stack.up(directory, base_port=nowhere, services=[STAND_IN])


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_the_stack_runs_on_apache_kafka_too(directory: Path) -> None:
    with Stack.up(directory, base_port=free_base_port(), kafka="real", services=[STAND_IN]) as stack:
        assert stack.status()["kafka"] == "ready"
        assert [line for line in processes_about(directory) if "kafka.Kafka" in line]

    assert not processes_about(directory)
    assert not directory.exists()
