"""How a service's processes start, refuse to start, tell how they are, and end."""

import asyncio
import signal
import socket
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from ledger_service.main import ledger as make_ledger
from ledgers import Ledger, a_match, an_account

from peerloom_service import jobs
from peerloom_service.consuming.consumer import Consumer
from peerloom_service.jobs import Job
from peerloom_service.publishing.relay import Relay
from peerloom_service.settings import ServiceSettings, read_settings
from peerloom_service.storage.database import Connection
from peerloom_service.use_cases.runtime import Runtime
from tests.support import Surroundings, eventually
from tests.support.processes import environment_of, run
from tests.support.serving import served

SOUND = {
    "PEERLOOM_DATABASE_URL": "postgresql://ledger:secret-of-the-database@127.0.0.1:5432/ledger",
    "PEERLOOM_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "PEERLOOM_AUTH_ISSUER": "https://issuer.example.com",
}

WRONG: dict[str, tuple[str, str]] = {
    "no database": ("PEERLOOM_DATABASE_URL", ""),
    "a database of another kind": ("PEERLOOM_DATABASE_URL", "mysql://root:secret-of-the-database@127.0.0.1/ledger"),
    "no broker": ("PEERLOOM_KAFKA_BOOTSTRAP", ""),
    "an issuer without its scheme": ("PEERLOOM_AUTH_ISSUER", "issuer.example.com"),
    "a port that is none": ("PEERLOOM_HTTP_PORT", "80000"),
    "a port that is a word": ("PEERLOOM_HTTP_PORT", "http"),
    "a switch that is neither on nor off": ("PEERLOOM_KAFKA_IDEMPOTENT", "perhaps"),
    "an environment nobody knows": ("PEERLOOM_ENVIRONMENT", "staging"),
    "a body limit of nothing": ("PEERLOOM_BODY_LIMIT", "0"),
    "a log level nobody knows": ("PEERLOOM_LOG_LEVEL", "chatty"),
    "more traces than there are": ("PEERLOOM_TRACE_SHARE", "2"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_stops_the_start_with_a_sentence_that_names_it(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, value = WRONG[what]
    for key, sound in SOUND.items():
        monkeypatch.setenv(key, sound)
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as stopped:
        read_settings(ServiceSettings, "ledger")

    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert f"ledger: {name}: " in said
    assert "secret" not in said


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for key in SOUND:
        monkeypatch.delenv(key, raising=False)

    with pytest.raises(SystemExit):
        read_settings(ServiceSettings, "ledger")

    assert capsys.readouterr().err.splitlines() == [f"ledger: {key}: is not set" for key in SOUND]


def test_an_issuer_without_encryption_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, sound in SOUND.items():
        monkeypatch.setenv(key, sound)
    monkeypatch.setenv("PEERLOOM_AUTH_ISSUER", "http://issuer.example.com")

    with pytest.raises(SystemExit):
        read_settings(ServiceSettings, "ledger")

    assert "https://" in capsys.readouterr().err


# -- migrating --------------------------------------------------------------------------------------------------------


async def test_migrating_again_and_several_times_at_once_does_no_harm(surroundings: Surroundings) -> None:
    service = make_ledger()
    async with surroundings.database("ledger") as database:
        environment = environment_of(surroundings.settings(service, database))

        at_once = await asyncio.gather(*(run("ledger_service", "migrate", environment=environment) for _ in range(3)))
        again = await run("ledger_service", "migrate", environment=environment)

    for code, output in (*at_once, again):
        assert code == 0, output
        assert "database at 0002 and chassis_0020" in output


async def test_migrating_a_database_that_is_not_there_says_so(surroundings: Surroundings) -> None:
    there = surroundings.settings(make_ledger(), "postgresql://nobody:secret@127.0.0.1:9/nowhere")

    code, output = await run("ledger_service", "migrate", environment=environment_of(there))

    assert code == 1
    assert "ledger: the database or the broker cannot be reached" in output
    assert "Traceback" not in output
    assert "secret" not in output


async def test_migrating_with_a_wrong_password_says_so(surroundings: Surroundings) -> None:
    async with surroundings.database("ledger") as database:
        wrong = surroundings.settings(make_ledger(), database.replace("@", "x@"))
        code, output = await run("ledger_service", "migrate", environment=environment_of(wrong))

    assert code == 1
    assert "ledger: " in output
    assert "Traceback" not in output


# -- starting ---------------------------------------------------------------------------------------------------------


async def test_an_empty_database_is_refused(own_ledger: Ledger, surroundings: Surroundings) -> None:
    async with surroundings.database("ledger") as empty:
        own_ledger.settings = own_ledger.settings.model_copy(update={"database_url": empty})
        said = await _how_it_refused(own_ledger)

    assert "its database is empty. Run `python -m " in said


async def test_a_database_of_another_revision_is_refused(own_ledger: Ledger) -> None:
    await own_ledger.rows("UPDATE alembic_version SET version_num = '0000' WHERE version_num = '0002'")

    assert "its database is at 0000, this release needs 0002" in await _how_it_refused(own_ledger)


async def test_a_database_that_is_not_there_is_refused(own_ledger: Ledger) -> None:
    own_ledger.settings = own_ledger.settings.model_copy(update={"database_url": "postgresql://a:secret@127.0.0.1:9/b"})

    said = await _how_it_refused(own_ledger)
    assert "its database cannot be used" in said
    assert "secret" not in said


async def _how_it_refused(ledger: Ledger) -> str:
    async with ledger.process("api", ready=False) as api:
        assert await api.ended() != 0
    said = ledger.output.read_text()
    assert "Traceback" not in said, said
    return said


async def test_a_port_in_use_is_said_in_one_line(own_ledger: Ledger) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with own_ledger.process("api", ready=False, PEERLOOM_HTTP_PORT=port) as api:
            assert await api.ended() != 0

    said = own_ledger.output.read_text()
    assert port in said
    assert "Traceback" not in said


# -- being well -------------------------------------------------------------------------------------------------------


async def test_a_process_whose_loop_has_died_is_alive_and_not_ready(
    own_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_die = asyncio.Event()

    async def dies(_relay: Relay) -> None:
        await may_die.wait()
        raise RuntimeError("of something nobody thought of")

    monkeypatch.setattr(Relay, "run", dies)
    async with (
        served(own_ledger.service.app(own_ledger.settings, worker=True)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        await eventually(lambda: _is_ready(client), within=20)
        may_die.set()
        await asyncio.sleep(0.1)
        readiness, life = await client.get("/health/ready"), await client.get("/health/live")

    assert readiness.status_code == 503
    assert readiness.json()["relay"] == "stopped"
    assert life.status_code == 200


async def test_a_loop_outlives_what_nobody_thought_of(
    own_ledger: Ledger, feed, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relay and consumer alike: any error ends a turn, and readiness tells."""
    meets = [True]
    lead, consume = Relay._lead, Consumer._consume

    async def led(relay: Relay, connection: Connection) -> None:
        if meets:
            raise RuntimeError("of something nobody thought of")
        await lead(relay, connection)

    async def consumed(consumer: Consumer, client: AIOKafkaConsumer) -> None:
        if meets:
            raise RuntimeError("of something nobody thought of")
        await consume(consumer, client)

    monkeypatch.setattr(Relay, "_lead", led)
    monkeypatch.setattr(Consumer, "_consume", consumed)
    match, name = a_match(), own_ledger.service.name
    async with (
        served(own_ledger.service.app(own_ledger.settings, worker=True)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        await feed(match)
        failing = await eventually(lambda: _both_fail(client, name), within=60)
        meets.clear()
        await own_ledger.settled()
        await eventually(lambda: _is_ready(client), within=60)

    assert failing["relay"] == failing[f"consumer {name}"] == "starts anew: RuntimeError"
    assert await own_ledger.effects() == [match.match_id]
    assert len(own_ledger.said(tenant)) == 1


async def _both_fail(client: httpx.AsyncClient, name: str) -> dict[str, str] | None:
    told: dict[str, str] = (await client.get("/health/ready")).json()
    both = {told.get("relay"), told.get(f"consumer {name}")}
    return told if both == {"starts anew: RuntimeError"} else None


async def test_a_job_outlives_what_its_turns_meet_and_readiness_tells(
    own_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAUSE_SECONDS", 0.05)
    meets: list[Exception] = []
    done: list[None] = []

    async def turn(_runtime: Runtime) -> bool:
        if meets:
            raise meets[0]
        done.append(None)
        return False

    service = make_ledger(own_ledger.service.name, jobs={"tried": Job(turn, every=0.05)})
    async with served(service.app(own_ledger.settings, worker=True)) as url, httpx.AsyncClient(base_url=url) as client:
        await eventually(lambda: _is_ready(client), within=20)
        meets.append(ConnectionError("an outage"))
        await asyncio.sleep(0.2)
        in_an_outage = await client.get("/health/ready")
        meets[0] = RuntimeError("of something nobody thought of")
        await asyncio.sleep(0.2)
        failing = await client.get("/health/ready")
        meets.clear()
        done.clear()
        await eventually(lambda: _is_ready(client))

    assert in_an_outage.status_code == 200
    assert failing.status_code == 503
    assert failing.json()["tried"] == "failed; is tried again"
    assert done


async def _is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200


async def test_health_and_metrics_need_no_token_and_everything_else_does(own_ledger: Ledger) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        anybody = ledger.client_with(None)
        answers = {path: (await anybody.get(path)).status_code for path in ("/health/live", "/health/ready", "/metrics")}
        refused = [
            (await anybody.request(method, path.format(account_id=uuid4()))).status_code
            for method, path, _ in ledger.operations()
        ]

    assert set(answers.values()) == {200}
    assert set(refused) == {401}


# -- ending -----------------------------------------------------------------------------------------------------------


async def test_a_process_that_is_asked_to_end_does_so_in_time_and_leaves_nothing_half_done(
    own_ledger: Ledger, tenant: UUID, feed
) -> None:
    match = a_match()
    await own_ledger.rows("INSERT INTO slowness VALUES (1)")
    async with own_ledger.process("worker") as worker:
        await feed(match)
        await eventually(lambda: _has_begun(own_ledger), what="a handler in the middle of its work")
        code = await worker.terminate(within=15)
    async with own_ledger.process("worker"):
        await own_ledger.settled()

    assert code in (0, -signal.SIGTERM)
    assert await own_ledger.effects() == [match.match_id]


async def test_requests_in_hand_are_answered_when_the_api_is_asked_to_end(
    own_ledger: Ledger, surroundings: Surroundings, tenant: UUID
) -> None:
    token = surroundings.issuer.token(tenant, ["accounts:write"])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
    async with own_ledger.process("api") as api, httpx.AsyncClient(base_url=api.url, headers=headers) as client:
        account = (await client.post("/v1/accounts", json=an_account())).json()["id"]
        async with own_ledger.serving(worker=False) as other, other.runtime.database.connection(None) as held:
            await held.execute("BEGIN")
            await held.execute("SELECT 1 FROM account FOR UPDATE")
            booking = asyncio.ensure_future(
                client.post(f"/v1/accounts/{account}/bookings", json={"amount": 3}, headers={"Idempotency-Key": "2"})
            )
            await asyncio.sleep(0.3)
            ending = asyncio.ensure_future(api.terminate(within=15))
            await asyncio.sleep(0.3)
            await held.execute("ROLLBACK")
            held.forget_tenant()
            answer = await booking
        await ending

    assert answer.status_code == 200, answer.text


async def _has_begun(own: Ledger) -> bool:
    (row,) = await own.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    return bool(row[0])
