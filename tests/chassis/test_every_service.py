"""What holds for every service of the platform: its models and its schema agree, its statements fit, its doors are shut."""

import importlib
import importlib.util
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from belongings import CHASSIS_TABLES
from ledgers import Ledger
from sqlalchemy import Connection, pool

from peerloom_service.consuming import inbox, parking
from peerloom_service.publishing import outbox
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings
from peerloom_service.storage.schema import engine_of
from peerloom_service.storage.tables import storages
from peerloom_service.use_cases import idempotency, transaction
from tests.contracts.openapi import SERVICES
from tests.support import Surroundings

_VERBS = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}


@dataclass
class Migrated:
    service: Service
    settings: ServiceSettings
    surroundings: Surroundings


@pytest.fixture(scope="module", params=SERVICES)
async def migrated(request: pytest.FixtureRequest, surroundings: Surroundings) -> AsyncIterator[Migrated]:
    """A service and a database it has migrated."""
    service: Service = importlib.import_module(f"{request.param}_service.main").service
    async with surroundings.migrated(service) as settings:
        yield Migrated(service, settings, surroundings)


async def test_models_and_the_migrated_schema_agree(migrated: Migrated) -> None:
    """Columns, their types and nullability, unique constraints and indexes, as Alembic would change them."""
    engine = engine_of(migrated.settings.database_url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            differences = await connection.run_sync(_differences, migrated.service)
    finally:
        await engine.dispose()

    assert differences == []


async def test_a_schema_that_does_not_agree_with_its_models_would_be_noticed(own_ledger: Ledger) -> None:
    await own_ledger.rows("ALTER TABLE account DROP CONSTRAINT account_name_key, ALTER balance TYPE text")
    engine = engine_of(own_ledger.settings.database_url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            differences = await connection.run_sync(_differences, own_ledger.service)
    finally:
        await engine.dispose()

    said = str(differences)
    assert "modify_type" in said
    assert "add_constraint" in said


def _differences(connection: Connection, service: Service) -> list[Any]:
    def is_a_services_own(_object: Any, name: str | None, kind: str, reflected: bool, _compared: Any) -> bool:
        if kind == "table":
            return name not in CHASSIS_TABLES
        # Foreign keys and partial indexes live in the migrations alone: nothing in Python reads them.
        return not (reflected and kind in ("foreign_key_constraint", "index"))

    options = {"compare_type": True, "include_object": is_a_services_own}
    context = MigrationContext.configure(connection, opts=options)
    return [one for one in compare_metadata(context, service.tables.metadata) if not _is_foreign_key(one)]


def _is_foreign_key(difference: Any) -> bool:
    return isinstance(difference, tuple) and difference[0] in ("remove_fk", "add_fk")


async def test_every_statement_fits_the_migrated_schema(migrated: Migrated) -> None:
    statements = {
        f"{module.__name__}.{name}": text
        for module in (idempotency, inbox, outbox, parking, *_modules_with_statements(migrated.service))
        for name, text in vars(module).items()
        # Those with "_" are parts of others, those without a verb are conditions for `Transaction.find`.
        if name.isupper() and name[0] != "_" and isinstance(text, str) and text.split(maxsplit=1)[0] in _VERBS
    }
    for storage in storages(migrated.service.tables).values():
        for name in ("select", "select_for_update", "insert", "update"):
            statements[f"{storage.table}.{name}"] = getattr(storage, name)
        for with_key in (True, False):
            statements[f"{storage.table}.create({with_key})"] = transaction._create_statement(storage, with_key=with_key)

    wrong = {}
    connection = await asyncpg.connect(migrated.settings.database_url)
    try:
        for name, text in statements.items():
            try:
                await connection.prepare(text)
            except asyncpg.PostgresError as error:
                wrong[name] = str(error)
    finally:
        await connection.close()

    assert wrong == {}
    assert len(statements) > 10


def _modules_with_statements(service: Service) -> list[Any]:
    package = service.migrations.parent.name
    names = (f"{package}.{module}" for module in ("sql", "queries"))
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name)]


async def test_every_table_with_an_organisation_in_it_is_behind_the_second_wall(migrated: Migrated) -> None:
    connection = await asyncpg.connect(migrated.settings.database_url)
    try:
        unguarded = await connection.fetch(
            """
            SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE attname = 'tenant_id' AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
            """
        )
        rights = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    finally:
        await connection.close()

    assert [row["relname"] for row in unguarded] == []
    assert rights is not None
    assert tuple(rights) == (False, False), "its role passes the wall"


async def test_no_route_answers_without_a_token_or_without_its_scope(migrated: Migrated) -> None:
    async with migrated.surroundings.serving(migrated.service, migrated.settings, worker=False) as running:
        wrong = []
        for method, path, operation in running.operations():
            at = _somewhere(path, operation)
            wrong += [
                f"{method} {path}: {answer.status_code} for {whom}"
                for whom, client, status in (
                    ("nobody", running.client_with(None), 401),
                    ("somebody without the scope", running.client(uuid4(), ["nothing:read"]), 403),
                )
                if (answer := await client.request(method, at, json={})).status_code != status
            ]

        assert wrong == []
        assert running.operations()


async def test_every_route_says_what_it_needs_and_how_it_fails(migrated: Migrated) -> None:
    async with migrated.surroundings.serving(migrated.service, migrated.settings, worker=False) as running:
        for method, path, operation in running.operations():
            assert operation.get("security"), f"{method} {path} names no scope"
            assert {"401", "403"} <= operation["responses"].keys(), f"{method} {path} does not document 401 and 403"
            assert operation.get("description"), f"{method} {path} does not say what it is for"
            assert path.startswith("/v1/")


async def test_the_address_of_every_route_belongs_to_one_service_only(surroundings: Surroundings) -> None:
    owners: dict[str, list[str]] = {}
    for name in SERVICES:
        service: Service = importlib.import_module(f"{name}_service.main").service
        app = service.app(surroundings.settings(service, "postgresql://nobody@127.0.0.1/none"), worker=False)
        for path in app.openapi()["paths"]:
            owners.setdefault(path.split("/")[2], []).append(name)

    assert {first: set(names) for first, names in owners.items() if len(set(names)) > 1} == {}


def _somewhere(path: str, operation: dict[str, Any]) -> str:
    return path.format(**{one["name"]: uuid4() for one in operation.get("parameters", ()) if one.get("in") == "path"})
