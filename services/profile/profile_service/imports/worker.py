"""Works through imports: a people file that was kept whole is read and written by a worker that may be killed at any point.

The worker first looks at the whole file: it finds everything that is wrong with it and which managers exist, and puts the good
rows aside in batches (`good_rows`). Then it writes people, a batch a transaction, together with their events and the import's
progress. A worker that takes over looks at the file again and goes on behind the last batch. Memory does not grow with the file
but by what the whole-file rules need: a few numbers a person.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import groupby, islice
from operator import add, attrgetter
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from peerloom_service.context import Cause
from peerloom_service.identifiers import numbered_id
from peerloom_service.storage.database import TRANSIENT, Connection
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Import, ImportState
from profile_service.imports.findings import Findings, add_finding
from profile_service.imports.good_rows import GoodRow, GoodRows, admission
from profile_service.imports.people_file import PeopleFileError, PeopleFileReader, ReportingCheck, RowError
from profile_service.imports.row_processes import outcomes
from profile_service.use_cases.upsert import upsert_people

_MOST_ROWS: Final = 250_000
_BATCH: Final = 1000
_LOOKUP: Final = 5000


async def work_through(runtime: Runtime) -> bool:
    """The worker's job: the oldest unfinished import that nobody else works on."""
    async with runtime.database.connection(None) as connection:
        row = await connection.fetchrow(sql.CLAIM_IMPORT)
        if row is None:
            await connection.execute(sql.SWEEP_PIECES)
            return False
        good_rows = GoodRows(connection)
        worker = _Worker(runtime, row["tenant_id"], good_rows)
        try:
            await worker.run(row["id"])
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - a defect, with this file: others wait behind it
            _log.exception("import failed", import_id=str(row["id"]))
            await worker.give_up(row["id"], error)
        finally:
            await good_rows.settle()
            await connection.execute(sql.RELEASE_IMPORT, row["tenant_id"])
    return True


class _Worker:
    """Works through one import of one organisation."""

    def __init__(self, runtime: Runtime, tenant_id: UUID, good_rows: GoodRows) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._tenant_id = tenant_id
        self._read = partial(runtime.database.fetch, tenant_id)
        self._good_rows = good_rows

    async def run(self, import_id: UUID) -> None:
        await self._database.execute(self._tenant_id, sql.BEGIN_IMPORT, self._tenant_id, import_id)
        job = await self._load(import_id)
        try:
            lines, batches, reporting = await self._check(job)
        except PeopleFileError as error:
            await self._finish(import_id, ImportState.REFUSED, problem=str(error))
            return
        ids = await self._ids(import_id, lines)
        today = await self._today()
        done = left_out = 0
        for batch in range(batches):
            rows = [row for row in await self._good_rows.kept(batch) if row.employee_number not in reporting.refused]
            left = rows[max(0, job.rows_done - done) :]
            done += len(rows)
            if left:
                left_out += await self._write(import_id, left, ids, reporting.without_manager, today)
        await self._finish(import_id, ImportState.COMPLETED)
        _log.info("import completed", import_id=str(import_id), people=done - left_out)

    async def give_up(self, import_id: UUID, error: Exception) -> None:
        """End an import that met an error nobody had thought of. What it has written stays, with its events."""
        await self._good_rows.settle()
        problem = (
            f"An error on our side ended this import ({type(error).__name__}); the rows counted as done stay. "
            "Send the file again: nobody is registered twice."
        )
        await self._finish(import_id, ImportState.FAILED, problem)

    async def _check(self, job: Import) -> tuple[dict[str, int | None], int, ReportingCheck]:
        """By employee number the line of each good row, none for known managers; how many batches of rows were put aside; and
        what the rules about managers say. Every finding is written, unless people have been written already."""
        reader = PeopleFileReader(mapping=job.columns, defaults=job.defaults, max_rows=_MOST_ROWS)
        found = Findings()
        lines: dict[str, int | None] = {}
        await self._good_rows.clear()
        batches, rows = 0, list[str]()
        async with aclosing(self._pieces(job.id)) as pieces, aclosing(outcomes(reader, pieces)) as read:
            async for some in read:
                for outcome in some:
                    if isinstance(outcome, RowError):
                        found.add(outcome)
                        continue
                    line, number, email, manager = admission(outcome)
                    if duplicate := reader.admit(line, number, email, manager):
                        found.add(duplicate)
                        continue
                    lines[number] = line
                    rows.append(outcome)
                    if len(rows) == _BATCH:
                        await self._good_rows.keep(batches, rows)
                        batches, rows = batches + 1, []
        if rows:
            await self._good_rows.keep(batches, rows)
            batches += 1
        known = await self._upwards(reader.managers_outside())
        reporting = reader.check_reporting_lines(known)
        for finding in reporting.findings:
            found.add(finding)
        if job.rows_done == 0:
            refused = reader.rows - len(lines) + len(reporting.refused)
            await found.write(partial(self._database.execute, self._tenant_id), self._tenant_id, job.id)
            await self._database.execute(
                self._tenant_id, sql.COUNT_IMPORT, self._tenant_id, job.id, reader.rows, refused, found.warnings
            )
        return dict.fromkeys(known) | lines, batches, reporting

    async def _ids(self, import_id: UUID, lines: Mapping[str, int | None]) -> dict[str, str]:
        """Id by employee number: the known one, or one that is the same however often this import is started again."""
        known = await self._known(lines)
        new = {
            number: str(numbered_id(import_id, line))
            for number, line in lines.items()
            if line is not None and number not in known
        }
        return known | new

    async def _known(self, numbers: Iterable[str]) -> dict[str, str]:
        known: dict[str, str] = {}
        if not await queries.is_anybody_known(self._read, self._tenant_id):
            return known  # a company's first file
        for some in _chunks(numbers):
            known |= await queries.ids_of_numbers(self._read, self._tenant_id, some)
        return known

    async def _upwards(self, managers: Iterable[str]) -> dict[str, str | None]:
        """Manager's number by employee number, of those who are known and everybody above them."""
        lines: dict[str, str | None] = {}
        for some in _chunks(managers):
            lines |= await queries.managers_upwards(self._read, self._tenant_id, some)
        return lines

    async def _write(
        self, import_id: UUID, rows: Sequence[GoodRow], ids: dict[str, str], without_manager: frozenset[str], today: date
    ) -> int:
        """One batch. Returns how many of it were left out. Whose e-mail addresses are taken is looked up only where one is."""
        owners: dict[str, str] = {}
        while True:
            refused = _refused(rows, owners, today)
            try:
                await self._write_but(refused, import_id, rows, ids, without_manager)
            except asyncpg.UniqueViolationError:
                found = await queries.owners_of_emails(self._read, self._tenant_id, [row.email for row in rows])
                if found == owners:
                    raise
                owners = found
            else:
                return len(refused)

    async def _write_but(
        self,
        refused: Mapping[str, RowError],
        import_id: UUID,
        rows: Sequence[GoodRow],
        ids: dict[str, str],
        without_manager: frozenset[str],
    ) -> None:
        """People, events and progress in one transaction; of those refused, the finding."""
        async with self._database.connection(self._tenant_id) as connection:
            tx = self._transaction(connection, import_id)
            try:
                taken = [row for row in rows if row.employee_number not in refused]
                counts = [0, 0, 0]
                by_absent = sorted(taken, key=attrgetter("absent"))  # most often the same for all: one statement
                for absent, alike in groupby(by_absent, key=attrgetter("absent")):
                    people = [
                        row.person(
                            ids[row.employee_number],
                            None if row.employee_number in without_manager else ids.get(row.manager_employee_number),
                        )
                        for row in alike
                    ]
                    written = await upsert_people(tx, people, absent=frozenset(filter(None, absent.split(","))))
                    counts = list(map(add, counts, written))
                for error in refused.values():
                    await add_finding(tx, import_id, error)
                await tx.execute(sql.PROGRESS, tx.tenant_id, import_id, len(rows), *counts, len(refused))
                await tx.commit()
            except BaseException:
                await tx.rollback()
                raise
        self._runtime.wake_relay.set()

    async def _pieces(self, import_id: UUID) -> AsyncGenerator[bytes | None, None]:
        """The file piece by piece; None at its end."""
        number = 0
        while (piece := await queries.piece(self._read, self._tenant_id, import_id, number)) is not None:
            yield piece
            number += 1
        yield None

    async def _load(self, import_id: UUID) -> Import:
        async with self._database.connection(self._tenant_id) as connection:
            tx = self._transaction(connection, import_id)
            try:
                return await tx.get(Import, import_id)
            finally:
                await tx.rollback()

    async def _today(self) -> date:
        row = await self._database.fetchrow(None, "SELECT (now() AT TIME ZONE 'UTC')::date")
        assert row is not None
        today: date = row[0]
        return today

    async def _finish(self, import_id: UUID, state: ImportState, problem: str | None = None) -> None:
        await self._good_rows.clear()
        async with self._database.connection(self._tenant_id) as connection:
            tx = self._transaction(connection, import_id)
            try:
                job = await tx.lock(Import, import_id)
                await tx.save(replace(job, version=job.version + 1, state=state, problem=problem))
                await tx.execute(sql.DROP_PIECES, tx.tenant_id, import_id)
                await tx.commit()
            except BaseException:
                await tx.rollback()
                raise

    def _transaction(self, connection: Connection, import_id: UUID) -> Transaction:
        cause = Cause(correlation_id=import_id.hex)
        return Transaction(connection, self._runtime.storages, tenant_id=self._tenant_id, cause=cause)


def _refused(rows: Sequence[GoodRow], owners: Mapping[str, str], today: date) -> dict[str, RowError]:
    """By employee number what is wrong with rows that are sound by themselves but cannot be taken. `owners`: who has an e-mail
    address already.
    """
    refused: dict[str, RowError] = {}
    for row in rows:
        if owners.get(row.email, row.employee_number) != row.employee_number:
            message = "Somebody else has this e-mail address already. Give each person their own."
            refused[row.employee_number] = RowError(int(row.line), "email", "email_taken", message)
        elif row.leaving_date and row.leaving_date <= today.isoformat():
            message = f"Left on {row.leaving_date}: not imported. Leave people out who have left."
            refused[row.employee_number] = RowError(int(row.line), "leaving_date", "has_left", message)
    return refused


def _chunks(numbers: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(numbers)
    while some := list(islice(waiting, _LOOKUP)):
        yield some


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
