"""A database is brought from any release before to this one, and a release finds its way with whatever it meets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from ledger_service.main import ledger as make_ledger
from ledgers import Ledger, an_account
from sqlalchemy import Connection, pool

from peerloom_service.settings import ServiceSettings
from peerloom_service.storage.schema import SchemaState, engine_of, migrate, state_of
from tests.support import Surroundings, eventually
from tests.support.processes import environment_of, run

MIGRATIONS = make_ledger().migrations
CHASSIS_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_name IN ('outbox', 'inbox', 'idempotency_key', 'parked_event') ORDER BY 1, 2
"""
CHASSIS_INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE tablename IN ('outbox', 'inbox', 'idempotency_key', 'parked_event') ORDER BY 1
"""


@pytest.fixture
async def empty(surroundings: Surroundings) -> AsyncIterator[str]:
    """An empty database's address."""
    async with surroundings.database("migrated") as address:
        yield address


async def migrated_by_the_release_before(address: str, revision: str) -> None:
    """As a release did it whose services' revisions made the chassis' tables, up to one of them."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = engine_of(address, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def rows(address: str, sql: str, *values: object) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("SET peerloom.tenant = '*'")
        return [tuple(row) for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()


@pytest.mark.parametrize("revision", ["0001", "0002"])
async def test_a_database_of_a_release_before_goes_on_with_what_is_in_it(
    empty: str, surroundings: Surroundings, revision: str
) -> None:
    await migrated_by_the_release_before(empty, revision)
    headers, tenant = '{"ce_id": "1"}', uuid4()
    await rows(empty, "INSERT INTO outbox (shard, topic, key, headers, value) VALUES (0, 't', 'k', $1, '')", headers)
    await rows(empty, "INSERT INTO inbox (consumer, event_id) VALUES ('ledger', $1)", tenant)
    await rows(empty, "INSERT INTO idempotency_key (tenant_id, key, fingerprint) VALUES ($1, 'k', '')", tenant)

    await asyncio.to_thread(migrate, empty, MIGRATIONS)
    async with surroundings.database("new") as new:
        await asyncio.to_thread(migrate, new, MIGRATIONS)
        as_new = [await rows(new, CHASSIS_COLUMNS), await rows(new, CHASSIS_INDEXES)]

    assert await rows(empty, "SELECT version_num FROM alembic_version ORDER BY 1") == [("0002",), ("chassis_0020",)]
    assert await rows(empty, "SELECT headers, encoded_headers FROM outbox") == [(headers, None)]
    assert await rows(empty, "SELECT event_id FROM inbox") == [(tenant,)]
    assert await rows(empty, "SELECT key FROM idempotency_key") == [("k",)]
    assert [await rows(empty, CHASSIS_COLUMNS), await rows(empty, CHASSIS_INDEXES)] == as_new


async def test_a_failed_revision_leaves_the_database_at_the_one_before(empty: str) -> None:
    await migrated_by_the_release_before(empty, "0001")
    await rows(empty, "ALTER TABLE outbox RENAME headers TO in_the_way")

    with pytest.raises(Exception, match="headers"):
        await asyncio.to_thread(migrate, empty, MIGRATIONS)

    assert await rows(empty, "SELECT version_num FROM alembic_version ORDER BY 1") == [("0001",), ("chassis_0001",)]
    await rows(empty, "ALTER TABLE outbox RENAME in_the_way TO headers")
    assert await asyncio.to_thread(migrate, empty, MIGRATIONS) == ()


# -- a release on the schema of another -------------------------------------------------------------------------------


def test_a_database_is_behind_ahead_or_as_it_must_be() -> None:
    assert state_of({"0002", "chassis_0020"}, MIGRATIONS) == SchemaState()
    assert state_of({"0002"}, MIGRATIONS).behind == "is at nothing, this release needs chassis_0020"
    assert state_of({"0001", "chassis_0001"}, MIGRATIONS).behind == (
        "is at 0001 and chassis_0001, this release needs 0002 and chassis_0020"
    )
    assert state_of({"0002", "chassis_0021"}, MIGRATIONS) == SchemaState(ahead=("chassis_0021",))
    assert state_of({"0003", "chassis_0021"}, MIGRATIONS) == SchemaState(ahead=("0003", "chassis_0021"))


async def test_a_release_runs_on_the_schema_of_a_newer_one_and_leaves_it_alone(own_ledger: Ledger, tenant) -> None:
    await own_ledger.rows("UPDATE alembic_version SET version_num = 'chassis_0099' WHERE version_num = 'chassis_0020'")
    await own_ledger.rows("ALTER TABLE outbox ADD COLUMN of_a_newer_release text, ADD COLUMN also text DEFAULT 'x'")

    code, output = await run("ledger_service", "migrate", environment=environment_of(own_ledger.settings))
    async with own_ledger.serving() as ledger:
        created = await ledger.client(tenant).post("/v1/accounts", json=an_account())
        await own_ledger.settled()

    assert code == 0, output
    assert "database at chassis_0099, made by a newer release and left as it is" in output
    assert created.status_code == 201
    assert ("chassis_0099",) in [tuple(row) for row in await own_ledger.rows("SELECT version_num FROM alembic_version")]


# -- addresses and locks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["sslmode=disable", "sslmode=prefer&application_name=mine"])
async def test_an_address_means_the_same_to_migrate_and_to_the_service(empty: str, query: str) -> None:
    address = f"{empty}?{query}"

    assert await asyncio.to_thread(migrate, address, MIGRATIONS) == ()
    assert await rows(address, "SELECT count(*) FROM account") == [(0,)]


@pytest.mark.parametrize("query", ["sslmode=perhaps", "no_such_setting=1"])
async def test_an_address_that_is_not_understood_is_a_sentence(
    surroundings: Surroundings, tmp_path: Path, own_ledger: Ledger, query: str
) -> None:
    wrong = own_ledger.settings.database_url + "?" + query
    own_ledger.settings = own_ledger.settings.model_copy(update={"database_url": wrong})

    code, output = await run("ledger_service", "migrate", environment=environment_of(own_ledger.settings))
    async with own_ledger.process("api", ready=False) as api:
        assert await api.ended() != 0

    assert code == 1
    for said in (output, own_ledger.output.read_text()):
        assert "Traceback" not in said
        assert query.partition("=")[0] in said


async def test_who_migrates_while_somebody_else_does_waits_and_says_for_whom(surroundings: Surroundings, empty: str) -> None:
    settings: ServiceSettings = surroundings.settings(make_ledger(), empty)
    holder = await asyncpg.connect(empty, server_settings={"application_name": "the-first-one"})
    await holder.execute("SELECT pg_advisory_lock(2829)")
    migrating = asyncio.ensure_future(run("ledger_service", "migrate", environment=environment_of(settings)))
    await eventually(lambda: _waits(empty), within=30)
    pid = holder.get_server_pid()
    await holder.close()
    code, output = await migrating

    assert code == 0, output
    assert "waiting for the-first-one (" in output
    assert f"process {pid})" in output


async def _waits(address: str) -> bool:
    return bool(await rows(address, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
