"""Tables of a service: SQLModel declares them, Alembic migrates them, and `Storage` makes constant SQL of them.

A table class names the domain class it keeps in `__entity__`; its columns are that class's fields plus `tenant_id`.
"""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

from peerloom_service.problems import Conflict

Entity = TypeVar("Entity")

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


class TenantColumns(SQLModel):
    """Columns every table of an organisation's data starts with. `version` counts the changes of the row, from 1."""

    tenant_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    version: int


class Storage(Generic[Entity]):
    """Constant SQL for one entity and its table. Made once; the statements' text never depends on values."""

    def __init__(self, entity: type[Entity], table: type[SQLModel]) -> None:
        self.entity = entity
        self.table: str = table.__tablename__  # type: ignore[assignment]
        self.conflicts: Mapping[str, type[Conflict]] = getattr(table, "__conflicts__", {})
        self.columns = tuple(field.name for field in dataclasses.fields(entity))  # type: ignore[arg-type]
        declared = table.__table__.columns  # type: ignore[attr-defined]
        missing = [name for name in ("tenant_id", *self.columns) if name not in declared]
        if missing:
            raise TypeError(f"table {self.table} has no column for {', '.join(missing)} of {entity.__name__}")
        self.types = {name: declared[name].type.compile(dialect=_POSTGRESQL) for name in ("tenant_id", *self.columns)}
        self.creating: dict[bool, str] = {}
        """The transaction's statements for a new entity, by whether they come with an idempotency key; kept once made."""
        self._adapter = TypeAdapter(entity)
        self._selected = ", ".join(self.columns)

    def load(self, record: asyncpg.Record) -> Entity:
        """The entity kept in a row."""
        return self._adapter.validate_python(dict(record.items()))

    def values(self, tenant_id: UUID, entity: Entity) -> list[Any]:
        """Parameters of `insert`: the tenant, then every column."""
        dumped = self._adapter.dump_python(entity)
        return [tenant_id, *(dumped[name] for name in self.columns)]

    def condition(self, column: str, position: int) -> str:
        """That a column equals the parameter `$position`, or contains it where the column is an array."""
        kind = self.types[column]
        return f"{column} @> ARRAY[${position}]::{kind}" if kind.endswith("[]") else f"{column} = ${position}"

    @cached_property
    def select(self) -> str:
        """The row with a tenant's id."""
        return f"SELECT {self._selected} FROM {self.table} WHERE tenant_id = $1 AND id = $2"

    @cached_property
    def select_for_update(self) -> str:
        """The same row, locked."""
        return f"{self.select} FOR UPDATE"

    def insert_values(self, first: int = 1) -> tuple[str, str]:
        """Column list and parameter list of an insert whose first parameter is `$first`."""
        parameters = ", ".join(f"${first + offset}" for offset in range(len(self.columns) + 1))
        return f"tenant_id, {self._selected}", parameters

    @cached_property
    def insert(self) -> str:
        """A new row, with the parameters of `values`."""
        columns, parameters = self.insert_values()
        return f"INSERT INTO {self.table} ({columns}) VALUES ({parameters})"

    @cached_property
    def update(self) -> str:
        """Sets every column but the id, where the version is still a lower one."""
        assignments = ", ".join(f"{name} = ${position}" for position, name in enumerate(self.columns, start=2) if name != "id")
        id_position = self.columns.index("id") + 2
        version_position = self.columns.index("version") + 2
        return (
            f"UPDATE {self.table} SET {assignments} "
            f"WHERE tenant_id = $1 AND id = ${id_position} AND version < ${version_position}"
        )


def storages(base: type[SQLModel]) -> dict[type, Storage[Any]]:
    """Every entity of a service with its storage, read from the tables below `base`."""
    found: dict[type, Storage[Any]] = {}
    for table in base.__subclasses__():
        entity = getattr(table, "__entity__", None)
        if entity is not None:
            found[entity] = Storage(entity, table)
    return found
