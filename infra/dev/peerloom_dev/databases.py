"""A database and a role for each service, on a PostgreSQL whose administrator we are.

A database is known by its owner's address, postgresql://name:secret@host:port/name; role and database share the name.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit, urlunsplit

import asyncpg


class DatabaseError(RuntimeError):
    """The databases cannot be made or dropped; the text is a sentence for people."""


def owner_address(admin: str, name: str) -> str:
    """The address under which a new role of this name, with a random password, will reach its database. Makes nothing."""
    parts = urlsplit(admin)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:{secrets.token_urlsafe(24)}@{place}", path=f"/{name}"))


def refuse_existing(admin: str, addresses: Iterable[str]) -> None:
    """Raises: DatabaseError when one of these databases or roles is there already, or the server cannot be reached."""
    names = [_name(address) for address in addresses]

    async def look(connection: asyncpg.Connection) -> None:
        found = await connection.fetchval(
            "SELECT datname FROM pg_database WHERE datname = ANY($1)"
            " UNION ALL SELECT rolname FROM pg_roles WHERE rolname = ANY($1) LIMIT 1",
            names,
        )
        if found:
            raise DatabaseError(f"PostgreSQL already has {found}; drop this database and role, or take other --base-port.")

    _as_administrator(admin, look)


def create(admin: str, addresses: Iterable[str]) -> None:
    """Make the databases with these addresses and their owners. Raises: DatabaseError."""

    async def make(connection: asyncpg.Connection) -> None:
        for address in addresses:
            # No statement of this kind takes parameters; name and password are ours: letters, digits, "_" and "-".
            name, secret = _name(address), urlsplit(address).password
            rights = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
            await connection.execute(f"""CREATE ROLE "{name}" LOGIN PASSWORD '{secret}' {rights}""")
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
            await connection.execute(f'REVOKE CONNECT, TEMPORARY ON DATABASE "{name}" FROM PUBLIC')

    _as_administrator(admin, make)


def drop(admin: str, addresses: Iterable[str]) -> None:
    """Drop the databases with these addresses and their owners, where they exist. Raises: DatabaseError."""

    async def remove(connection: asyncpg.Connection) -> None:
        for address in addresses:
            await connection.execute(f'DROP DATABASE IF EXISTS "{_name(address)}" WITH (FORCE)')
            await connection.execute(f'DROP ROLE IF EXISTS "{_name(address)}"')

    _as_administrator(admin, remove)


def _name(address: str) -> str:
    return urlsplit(address).path.removeprefix("/")


def _as_administrator(admin: str, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    async def connected() -> None:
        connection = await asyncpg.connect(admin, timeout=10)
        try:
            await work(connection)
        finally:
            await connection.close()

    try:
        asyncio.run(connected())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        place = urlsplit(admin).netloc.rpartition("@")[2]
        raise DatabaseError(f"PostgreSQL at {place} does not do what it is asked: {error}") from error
