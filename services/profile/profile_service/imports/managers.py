"""Finds who is meant where a file writes a manager's address or name, or their employee number in another case."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final
from uuid import UUID

from profile_service import queries
from profile_service.imports.good_rows import GoodRows
from profile_service.imports.lookups import chunks
from profile_service.imports.people_file import RowError
from profile_service.imports.people_file.cells import shown

_MOST_NAMED: Final = 5


class Managers:
    """Looks among the people of the file first, then among those who are known."""

    def __init__(self, read: queries.Read, tenant_id: UUID, good_rows: GoodRows) -> None:
        self._read = read
        self._tenant_id = tenant_id
        self._good_rows = good_rows

    async def numbers(
        self, outside: set[str], lines: Mapping[str, int | None], addresses: Mapping[str, int], batches: int
    ) -> tuple[dict[str, str], list[RowError]]:
        """Employee number by what the file writes, and what is to be said of that.

        `outside`: managers who are no employee number of the file; `lines` and `addresses` of its people.
        """
        left = outside
        if left:
            known: set[str] = set()
            for some in chunks(left):
                known |= (await queries.ids_of_numbers(self._read, self._tenant_id, some)).keys()
            left = left - known
        if not left:
            return {}, []
        found = {manager: {number} for manager, number in (await self._by_email(left, lines, addresses)).items()}
        by_name = {_folded(manager): manager for manager in left - found.keys()}
        async for name, number in self._people(lines, batches):
            if (manager := by_name.get(_folded(name))) or (manager := by_name.get(_folded(number))):
                found.setdefault(manager, set()).add(number)
        for name, number in await queries.numbers_of_names(self._read, self._tenant_id, list(left - found.keys())):
            if manager := by_name.get(_folded(name)) or by_name.get(_folded(number)):
                found.setdefault(manager, set()).add(number)
        return (
            {manager: next(iter(numbers)) for manager, numbers in found.items() if len(numbers) == 1},
            list(_said(found)),
        )

    async def _by_email(
        self, managers: Iterable[str], lines: Mapping[str, int | None], addresses: Mapping[str, int]
    ) -> dict[str, str]:
        emails = [manager for manager in managers if "@" in manager]
        if not emails:
            return {}
        by_line = {line: number for number, line in lines.items()}
        found = {
            manager: by_line[addresses[manager.casefold()]]
            for manager in emails
            if addresses.get(manager.casefold()) in by_line
        }
        others = [manager for manager in emails if manager not in found]
        return await queries.owners_of_emails(self._read, self._tenant_id, others) | found

    async def _people(self, lines: Mapping[str, int | None], batches: int) -> AsyncIterator[tuple[str, str]]:
        for batch in range(batches):
            for row in await self._good_rows.kept(batch):
                if lines.get(row.employee_number) == int(row.line):
                    yield row.name, row.employee_number


def _said(found: Mapping[str, set[str]]) -> Iterable[RowError]:
    for manager, numbers in found.items():
        if len(numbers) > 1:
            named = ", ".join(sorted(numbers)[:_MOST_NAMED])
            message = f"{shown(manager)} may be {len(numbers)} people: {named}. Write the manager's employee number."
            yield RowError(1, "manager_employee_number", "ambiguous_manager", message, "warning")
        elif _folded(manager) == _folded(next(iter(numbers))):
            message = f"The manager {shown(manager)} was taken for {shown(next(iter(numbers)))}, who is written otherwise."
            yield RowError(1, "manager_employee_number", "manager_written_otherwise", message, "warning")


def _folded(name: str) -> str:
    """A name in whatever order and case: “One, Ann” is Ann One."""
    return " ".join(sorted(name.casefold().replace(",", " ").split()))
