"""The second wall: statements that forget to name the organisation still reach nothing of another."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from belongings import Belongings, tables_of

from tests.support import RunningService

EMPTIED = "import_piece"
"""Gone once the file has been worked through."""


@pytest.fixture(scope="module")
def ours(umbrella: Belongings) -> UUID:
    return UUID(umbrella.ids["organisation_id"])


@pytest.fixture(scope="module")
def theirs(acme: Belongings) -> UUID:
    return UUID(acme.ids["organisation_id"])


async def rows_of(profile: RunningService, table: str, tenant: UUID) -> list[dict[str, Any]]:
    """As the platform sees them, which sees everything."""
    found = await profile.rows(f"SELECT to_jsonb({table}.*) AS row FROM {table} WHERE tenant_id = $1", tenant)
    return [row["row"] for row in found]


async def test_nobody_sees_rows_of_another_organisation(profile: RunningService, ours: UUID, theirs: UUID) -> None:
    for table in await tables_of(profile):
        seen = {row["tenant_id"] for row in await profile.runtime.database.fetch(ours, f"SELECT tenant_id FROM {table}")}
        everything = {row["tenant_id"] for row in await profile.rows(f"SELECT tenant_id FROM {table}")}
        assert seen <= {ours}, f"{table} shows rows of another organisation"
        if table != EMPTIED:
            assert {ours, theirs} <= everything, f"{table} is empty: this test proves nothing"


async def test_nobody_changes_deletes_or_adds_rows_of_another_organisation(
    profile: RunningService, ours: UUID, theirs: UUID
) -> None:
    database = profile.runtime.database
    tables = await tables_of(profile)
    before = {table: await rows_of(profile, table, theirs) for table in tables}
    for table in tables:
        assert (
            await database.execute(ours, f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = $1", theirs) == "UPDATE 0"
        )
        assert await database.execute(ours, f"DELETE FROM {table} WHERE tenant_id = $1", theirs) == "DELETE 0"
        for row in before[table]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.execute(ours, f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1)", row)

    assert {table: await rows_of(profile, table, theirs) for table in tables} == before


async def test_nobody_gives_rows_to_another_organisation(profile: RunningService, ours: UUID, theirs: UUID) -> None:
    for table in await tables_of(profile):
        if table != EMPTIED:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await profile.runtime.database.execute(ours, f"UPDATE {table} SET tenant_id = $1", theirs)


async def test_a_connection_that_serves_nobody_sees_nothing(profile: RunningService, acme: Belongings) -> None:
    connection = await asyncpg.connect(profile.settings.database_url)
    try:
        for table in await tables_of(profile):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()
