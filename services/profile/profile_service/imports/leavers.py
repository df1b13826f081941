"""People of a file who have left, and people who had left and are back."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date
from functools import partial
from uuid import UUID

from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Participant
from profile_service.imports.good_rows import LEFT_ON_AN_UNKNOWN_DAY, GoodRows
from profile_service.imports.lookups import chunks
from profile_service.imports.people_file import RowError
from profile_service.use_cases import departures


class Leavers:
    """Lets people of one organisation's file go, and takes them back."""

    def __init__(self, database: Database, tenant_id: UUID, good_rows: GoodRows) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._read = partial(database.fetch, tenant_id)
        self._good_rows = good_rows

    async def take_back(self, lines: Mapping[str, int | None], addresses: Mapping[str, int], batches: int) -> list[RowError]:
        """People who had left and are back under another employee number keep being the same person: who has the address they
        had, and their name. Their number is changed to the new one.
        """
        if not lines or not await queries.is_anybody_gone(self._read, self._tenant_id):
            return []
        findings: list[RowError] = []
        candidates: dict[int, tuple[str, str]] = {}
        for some in chunks(addresses):
            for email, name, number in await queries.gone_with_emails(self._read, self._tenant_id, some):
                if number not in lines:
                    candidates[addresses[email]] = name, number
        if not candidates:
            return findings
        back: dict[str, str] = {}
        for batch in range(batches):
            for row in await self._good_rows.kept(batch):
                name, old = candidates.get(int(row.line), ("", ""))
                if old and lines.get(row.employee_number) == int(row.line) and row.name.casefold() == name.casefold():
                    back[old] = row.employee_number
                    message = f"{row.employee_number} was here before as {old}, and is the same person again."
                    findings.append(RowError(int(row.line), "employee_number", "returned", message, "warning"))
        known = await queries.ids_of_numbers(self._read, self._tenant_id, list(back.values()))
        back = {old: new for old, new in back.items() if new not in known}
        if back:
            await self._database.execute(self._tenant_id, sql.TAKE_BACK, self._tenant_id, list(back), list(back.values()))
        return findings

    async def let_go(
        self,
        import_id: UUID,
        leaving: Mapping[str, str],
        today: str,
        transaction: Callable[[], AbstractAsyncContextManager[Transaction]],
    ) -> frozenset[str]:
        """Let people of the file go who have left: before everybody else, because their addresses are free. `leaving`: when
        each left, by employee number. Returns those who are known.

        Their rows come again in their turn, and are counted then as unchanged.
        """
        known: set[str] = set()
        for some in chunks(leaving):
            async with transaction() as tx:
                people = await tx.find(Participant, queries.LOCKED_BY_NUMBER, some)
                known |= {person.employee_number for person in people}
                on = {person.id: _day(leaving[person.employee_number], today) for person in people}
                going = [
                    person
                    for person in people
                    if not person.has_left
                    or (leaving[person.employee_number] != LEFT_ON_AN_UNKNOWN_DAY and person.leaving_on != on[person.id])
                ]
                await departures.let_go(tx, going, on)
                await tx.execute(sql.PROGRESS, tx.tenant_id, import_id, 0, 0, len(going), -len(going), 0)
        return frozenset(known)


def _day(leaving_date: str, today: str) -> date:
    """When somebody left: on the day the file was sent, where it does not say."""
    return date.fromisoformat(today if leaving_date == LEFT_ON_AN_UNKNOWN_DAY else leaving_date)
