"""Keeps what an import finds wrong with a file, for `GET /v1/imports/{id}/findings`."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from uuid import UUID

from peerloom_service.use_cases.transaction import Transaction
from profile_service import sql
from profile_service.imports.people_file import RowError
from profile_service.imports.people_file.cells import HIGHEST_LEVEL

_MOST_FINDINGS: Final = 10_000
_MOST_NAMED: Final = 50


class Findings:
    """What a look at the whole file found; as many as a report is any use for are kept, the rest are counted."""

    def __init__(self) -> None:
        self._kept: list[RowError] = []
        self._unmapped: dict[str, RowError] = {}
        self.warnings = 0

    def add(self, error: RowError) -> None:
        """Keep one more. Several grades that no level is given for are also named together, each once."""
        if error.value:
            self._unmapped.setdefault(error.value, error)
        self.warnings += error.severity == "warning"
        if len(self._kept) < _MOST_FINDINGS:
            self._kept.append(error)

    def add_all(self, errors: Iterable[RowError]) -> None:
        """Keep more."""
        for error in errors:
            self.add(error)

    async def write(self, execute: Callable[..., Awaitable[object]], tenant_id: UUID, import_id: UUID) -> None:
        """Keep these in place of any that an earlier worker kept."""
        await execute(sql.DROP_FINDINGS, tenant_id, import_id)
        if len(self._unmapped) > 1:
            self._kept.append(_together(self._unmapped))
        if self._kept:
            columns = [list(column) for column in zip(*map(_columns, self._kept), strict=True)]
            await execute(sql.ADD_FINDINGS, tenant_id, import_id, list(range(len(self._kept))), *columns)


async def add_finding(tx: Transaction, import_id: UUID, error: RowError) -> None:
    """Keep one more, behind those that are there."""
    await tx.execute(sql.ADD_FINDING, tx.tenant_id, import_id, *_columns(error))


def _together(unmapped: dict[str, RowError]) -> RowError:
    first = next(iter(unmapped.values()))
    named = ", ".join(list(unmapped)[:_MOST_NAMED]) + (" and others" if len(unmapped) > _MOST_NAMED else "")
    message = (
        f"{len(unmapped)} grades are no levels from 1 to {HIGHEST_LEVEL}: {named}. Nobody with one of them was taken. "
        "Say what each means by value=employee_level:…=5, or give a default."
    )
    return RowError(first.line, first.column, first.code, message)


def _columns(error: RowError) -> tuple[int, str | None, str, str, str]:
    return error.line, error.column, error.code, error.message, error.severity
