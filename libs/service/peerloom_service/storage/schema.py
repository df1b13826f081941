"""Brings a service's database to the schema its release needs, and tells how far a database is.

Two branches of revisions: the service's own, and `chassis` for the tables every service has. The chassis' goes first. Revisions
only add, so a release runs on the schema of a newer one: a rollback needs no step back.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CHASSIS: Final = Path(__file__).parents[1] / "migrations"

READ_REVISIONS: Final = "SELECT version_num FROM alembic_version"

_LOCK: Final = 0x0B0D
_HOLDER: Final = """
    SELECT application_name, activity.pid, coalesce(host(client_addr), 'this machine') AS machine
    FROM pg_locks JOIN pg_stat_activity AS activity ON activity.pid = pg_locks.pid
    WHERE locktype = 'advisory' AND objid = :lock AND granted
      AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far a database is, compared with what a release needs. `behind` has a sentence where it cannot be used before it is
    migrated; `ahead` names revisions that a newer release has made.
    """

    behind: str = ""
    ahead: tuple[str, ...] = ()


def migrate(database_url: str, folder: Path) -> tuple[str, ...]:
    """Bring the database to the newest revisions of the service, whose `migrations/` are given, and of the chassis. A second
    process doing the same waits for the first, and prints for whom. Returns the revisions of a newer release, if any: such a
    database is left as it is.

    Raises: OSError, asyncpg or sqlalchemy errors when the database cannot be reached or a migration fails (that one is then
    rolled back).
    """
    return asyncio.run(_with_connection(database_url, folder.parent.name, lambda connection: _upgrade(connection, folder)))


def heads(folder: Path) -> frozenset[str]:
    """The newest revision of each branch: the service's and the chassis'."""
    return frozenset(ScriptDirectory.from_config(_config(folder)).get_heads())


def state_of(found: Collection[str], folder: Path) -> SchemaState:
    """Compare the revisions found in a database with those of this release."""
    script = ScriptDirectory.from_config(_config(folder))
    known = {revision.revision for revision in script.walk_revisions()}
    ahead, at, needed = [], [], []
    for wanted in sorted(script.get_heads()):
        is_chassis = wanted.startswith("chassis")
        here = max((one for one in found if one.startswith("chassis") == is_chassis), default=None)
        if here is not None and here > wanted and here not in known:
            ahead.append(here)
        elif here != wanted:
            at.append(here or "nothing")
            needed.append(wanted)
    behind = f"is at {' and '.join(at)}, this release needs {' and '.join(needed)}" if needed else ""
    return SchemaState(behind, tuple(ahead))


def engine_of(database_url: str, **options: Any) -> AsyncEngine:
    """SQLAlchemy on connections that asyncpg makes: it alone reads addresses, so that one means the same everywhere."""
    settings = options.pop("server_settings", None)
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url, server_settings=settings), **options
    )


def _upgrade(connection: Connection, folder: Path) -> tuple[str, ...]:
    _lock(connection)
    try:
        ahead = state_of(_revisions(connection), folder).ahead
        connection.commit()  # Alembic commits each revision by itself, but not inside a transaction of somebody else
        if not ahead:
            config = _config(folder)
            config.attributes["connection"] = connection
            command.upgrade(config, "chassis@head")
            command.upgrade(config, "heads")
    finally:
        connection.rollback()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    return ahead


def _lock(connection: Connection) -> None:
    """Wait until nobody else migrates this database."""
    if not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
        holder = connection.execute(sa.text(_HOLDER), {"lock": _LOCK}).first()
        who = f"{holder.application_name} ({holder.machine}, process {holder.pid})" if holder else "somebody else"
        print(f"waiting for {who}, which is migrating this database", flush=True)
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.execute(sa.text("SET lock_timeout = '30s'"))  # of what a migration changes
    connection.commit()


def _revisions(connection: Connection) -> list[str]:
    if not connection.scalar(sa.text("SELECT to_regclass('alembic_version') IS NOT NULL")):
        return []
    return list(connection.scalars(sa.text(READ_REVISIONS)))


def _config(folder: Path) -> Config:
    config = Config()
    options = {
        "script_location": str(folder),
        "path_separator": "newline",
        "version_locations": f"{folder / 'versions'}\n{CHASSIS / 'versions'}",
    }
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
    return config


async def _with_connection(database_url: str, package: str, work: Callable[[Connection], tuple[str, ...]]) -> tuple[str, ...]:
    name = {"application_name": f"peerloom-{package.removesuffix('_service')}-migrate"}
    engine = engine_of(database_url, poolclass=pool.NullPool, server_settings=name)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
