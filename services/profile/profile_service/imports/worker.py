"""Works through imports: a people file that was kept whole is read and written by a worker that may be killed at any point.

The worker first looks at the whole file: it finds everything that is wrong with it and which managers exist, and puts the good
rows aside in batches (`good_rows`). Then it writes people, a batch a transaction, together with their events and the import's
progress. A worker that takes over looks at the file again and goes on behind the last batch. Memory does not grow with the file
but by what the whole-file rules need: a few numbers a person.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import add, attrgetter
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from peerloom_service.context import Cause
from peerloom_service.identifiers import numbered_id
from peerloom_service.storage.database import TRANSIENT
from peerloom_service.storage.lease import leased
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries, sql
from profile_service.domain import Import, ImportState
from profile_service.imports.column_order import ColumnOrder
from profile_service.imports.findings import Findings, add_finding
from profile_service.imports.good_rows import GoodRow, GoodRows, admission
from profile_service.imports.leavers import Leavers
from profile_service.imports.lookups import chunks
from profile_service.imports.managers import Managers
from profile_service.imports.people_file import FileOptions, PeopleFileError, PeopleFileReader, ReportingCheck, RowError
from profile_service.imports.refusals import has_left, refused_rows
from profile_service.imports.row_processes import outcomes
from profile_service.imports.saved_options import file_options
from profile_service.use_cases.upsert import upsert_people

_MOST_ROWS: Final = 250_000
_BATCH: Final = 1000


async def work_through(runtime: Runtime) -> bool:
    """The worker's job: the oldest unfinished import that nobody else works on."""
    async with leased(runtime.database) as lease:
        row = await lease.fetchrow(sql.CLAIM_IMPORT)
        if row is None:
            await lease.execute(sql.SWEEP_PIECES)
            return False
        async with runtime.database.connection(None) as connection:
            await _work_on(runtime, row, GoodRows(connection))
    return True


async def _work_on(runtime: Runtime, row: asyncpg.Record, good_rows: GoodRows) -> None:
    asked = Cause.of(row["cause"], otherwise=row["id"].hex)
    worker = _Worker(runtime, row["tenant_id"], good_rows, asked)
    try:
        with asked.working("import people") as worker.cause:
            await worker.run(row["id"])
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - a defect, with this file: others wait behind it
        _log.exception("import failed", import_id=str(row["id"]))
        await worker.give_up(row["id"], error)
    finally:
        await good_rows.settle()


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known once the whole file was looked at.

    `today` is the day the file was sent. `lines`: by employee number the line of each person who may be taken, none for
    managers who are known already. `batches` of rows were put aside. `handing_on`: whose addresses others of the file take.
    `without_address`: whose own address somebody else keeps. `leaving`: by employee number the day on which people have left,
    of whom the file has no other row. `managers`: employee number by what else the file writes for a manager.
    """

    today: str
    lines: dict[str, int | None]
    batches: int
    reporting: ReportingCheck
    handing_on: set[str]
    without_address: set[str]
    leaving: dict[str, str]
    managers: dict[str, str]

    def manager_of(self, row: GoodRow) -> str:
        """The employee number of somebody's manager, empty where there is none."""
        return self.managers.get(row.manager_employee_number, row.manager_employee_number)


class _OrderNeeded(Exception):
    """A date may be read in two ways: the whole column decides which comes first, day or month."""


class _Worker:
    """Works through one import of one organisation."""

    def __init__(self, runtime: Runtime, tenant_id: UUID, good_rows: GoodRows, cause: Cause) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._tenant_id = tenant_id
        self._read = partial(runtime.database.fetch, tenant_id)
        self._good_rows = good_rows
        self._leavers = Leavers(runtime.database, tenant_id, good_rows)
        self.cause = cause

    async def run(self, import_id: UUID) -> None:
        await self._database.execute(self._tenant_id, sql.BEGIN_IMPORT, self._tenant_id, import_id)
        job = await self._load(import_id)
        try:
            look = await self._look_at(job)
        except PeopleFileError as error:
            await self._finish(import_id, ImportState.REFUSED, problem=str(error))
            return
        leavers = await self._leavers.let_go(import_id, look.leaving, look.today, self._transaction)
        ids = await self._ids(import_id, look.lines)
        if look.handing_on:
            await self._hand_on_addresses(import_id, look, ids)
        done = left_out = 0
        for batch in range(look.batches):
            rows = await self._rows(look, batch)
            left = rows[max(0, job.rows_done - done) :]
            done += len(rows)
            if left:
                left_out += await self._write(import_id, left, ids, look, leavers)
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

    async def _look_at(self, job: Import) -> "_Look":
        """What the whole file says. Every finding is written, unless people have been written already."""
        options = file_options(job.options)
        try:
            return await self._look_with(job, options)
        except _OrderNeeded:
            order = await self._date_order(job, options)
            return await self._look_with(job, replace(options, date_order=order.order), order)

    async def _look_with(self, job: Import, options: FileOptions, order: "ColumnOrder | None" = None) -> "_Look":
        reader = PeopleFileReader(mapping=job.columns, defaults=job.defaults, options=options, max_rows=_MOST_ROWS)
        found, today = Findings(), job.created_at.date().isoformat()
        found.add_all([] if order is None else [order.finding()])
        lines: dict[str, int | None] = {}
        leaving: dict[str, str] = {}
        await self._good_rows.clear()
        batches, kept, rows = 0, 0, list[str]()
        async with aclosing(self._pieces(job.id)) as pieces, aclosing(outcomes(reader, pieces)) as read:
            async for some in read:
                for outcome in some:
                    if isinstance(outcome, RowError):
                        if order is None and outcome.code == "ambiguous_date":
                            raise _OrderNeeded
                        found.add(outcome)
                        continue
                    line, number, email, manager, leaving_date = admission(outcome)
                    if not has_left(leaving_date, today):
                        if duplicate := reader.admit(line, number, email, manager):
                            found.add(duplicate)
                            continue
                        lines[number] = line
                    else:
                        leaving[number] = leaving_date
                    kept += 1
                    rows.append(outcome)
                    if len(rows) == _BATCH:
                        await self._good_rows.keep(batches, rows)
                        batches, rows = batches + 1, []
        if rows:
            await self._good_rows.keep(batches, rows)
            batches += 1
        leaving = {number: day for number, day in leaving.items() if number not in lines}
        found.add_all(await self._leavers.take_back(lines, reader.addresses(), batches))
        handing_on, without_address = await self._addresses(lines, reader.addresses(), leaving)
        for number in without_address:
            reader.withdraw(number)
            del lines[number]
        managers, about_managers = await Managers(self._read, self._tenant_id, self._good_rows).numbers(
            reader.managers_outside(), lines, reader.addresses(), batches
        )
        reader.read_managers_as(managers)
        found.add_all(about_managers)
        known = await self._upwards(reader.managers_outside() - leaving.keys())
        reporting = reader.check_reporting_lines(known)
        found.add_all(reporting.findings)
        if job.rows_done == 0:
            refused = reader.rows - kept + len(reporting.refused)
            await found.write(partial(self._database.execute, self._tenant_id), self._tenant_id, job.id)
            await self._database.execute(
                self._tenant_id, sql.COUNT_IMPORT, self._tenant_id, job.id, reader.rows, refused, found.warnings
            )
        numbers = dict.fromkeys(known) | lines
        return _Look(today, numbers, batches, reporting, handing_on, without_address, leaving, managers)

    async def _date_order(self, job: Import, options: FileOptions) -> "ColumnOrder":
        """Which order of day and month the whole file shows."""
        reader = PeopleFileReader(mapping=job.columns, defaults=job.defaults, options=options, max_rows=_MOST_ROWS)
        order = ColumnOrder()
        async with aclosing(self._pieces(job.id)) as pieces:
            async for piece in pieces:
                order.look_at(reader, reader.cut_rest() if piece is None else reader.cut(piece))
        return order

    async def _addresses(
        self, lines: Mapping[str, int | None], addresses: Mapping[str, int], leaving: Mapping[str, str]
    ) -> tuple[set[str], set[str]]:
        """Who hands their e-mail address on to somebody else of the file, and whose address somebody keeps who is known.

        A file is judged by what holds after it: an address is free where its owner has another one in the file, or leaves.
        """
        owners: dict[int, str] = {}
        if await queries.is_anybody_known(self._read, self._tenant_id):
            for some in chunks(addresses):
                for email, owner in (await queries.owners_of_emails(self._read, self._tenant_id, some)).items():
                    if lines.get(owner) != addresses[email] and owner not in leaving:
                        owners[addresses[email]] = owner
        takers = {number: owners[line] for number, line in lines.items() if line in owners} if owners else {}
        without_address: set[str] = set()
        while (
            refused := {number for number, owner in takers.items() if owner not in lines or owner in without_address}
            - without_address
        ):
            without_address |= refused
        return {owner for number, owner in takers.items() if number not in without_address}, without_address

    async def _hand_on_addresses(self, import_id: UUID, look: "_Look", ids: dict[str, str]) -> None:
        """Write those whose addresses others of the file take, all at once and before everybody else, however they are passed
        round. Their rows come again in their turn, unchanged, and are counted then.
        """
        handing_on = [
            row
            for batch in range(look.batches)
            for row in await self._rows(look, batch)
            if row.employee_number in look.handing_on
        ]
        refused = refused_rows(handing_on, {}, look.today, look.without_address)
        giving = [row for row in handing_on if row.line not in refused]
        async with self._transaction() as tx:
            await tx.execute(sql.RELEASE_ADDRESSES, tx.tenant_id, [row.employee_number for row in giving])
            created, changed, _ = await self._upsert(tx, giving, ids, look)
            await tx.execute(sql.PROGRESS, tx.tenant_id, import_id, 0, created, changed, -created - changed, 0)

    async def _rows(self, look: "_Look", batch: int) -> list[GoodRow]:
        refused = look.reporting.refused
        return [row for row in await self._good_rows.kept(batch) if row.employee_number not in refused]

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
        for some in chunks(numbers):
            known |= await queries.ids_of_numbers(self._read, self._tenant_id, some)
        return known

    async def _upwards(self, managers: Iterable[str]) -> dict[str, str | None]:
        """Manager's number by employee number, of those who are known and everybody above them."""
        lines: dict[str, str | None] = {}
        for some in chunks(managers):
            lines |= await queries.managers_upwards(self._read, self._tenant_id, some)
        return lines

    async def _write(
        self, import_id: UUID, rows: Sequence[GoodRow], ids: dict[str, str], look: "_Look", leavers: frozenset[str]
    ) -> int:
        """One batch: people, events and progress in one transaction; of those refused, the finding. Returns how many those are.

        Whose e-mail addresses were taken since the file was looked at is asked only where one was.
        """
        owners: dict[str, str] = {}
        while True:
            refused = refused_rows(rows, owners, look.today, look.without_address, leavers)
            try:
                async with self._transaction() as tx:
                    taken = [row for row in rows if row.line not in refused and not has_left(row.leaving_date, look.today)]
                    counts = await self._upsert(tx, taken, ids, look)
                    counts[2] += len(rows) - len(refused) - len(taken)
                    for error in refused.values():
                        await add_finding(tx, import_id, error)
                    await tx.execute(sql.PROGRESS, tx.tenant_id, import_id, len(rows), *counts, len(refused))
            except asyncpg.UniqueViolationError:
                found = await queries.owners_of_emails(self._read, self._tenant_id, [row.email for row in rows if row.email])
                if found == owners:
                    raise
                owners = found
            else:
                return len(refused)

    async def _upsert(self, tx: Transaction, rows: Sequence[GoodRow], ids: dict[str, str], look: "_Look") -> list[int]:
        """How many were created, changed and left as they were. Rows that say nothing of the same facts, most often all, go
        together.
        """
        counts = [0, 0, 0]
        for absent, alike in groupby(sorted(rows, key=attrgetter("absent")), key=attrgetter("absent")):
            people = [
                row.person(
                    ids[row.employee_number],
                    None if row.employee_number in look.reporting.without_manager else ids.get(look.manager_of(row)),
                )
                for row in alike
            ]
            written = await upsert_people(tx, people, absent=frozenset(filter(None, absent.split(","))))
            counts = list(map(add, counts, written))
        return counts

    async def _pieces(self, import_id: UUID) -> AsyncGenerator[bytes | None, None]:
        """The file piece by piece; None at its end."""
        number = 0
        while (piece := await queries.piece(self._read, self._tenant_id, import_id, number)) is not None:
            yield piece
            number += 1
        yield None

    async def _load(self, import_id: UUID) -> Import:
        async with self._transaction() as tx:
            return await tx.get(Import, import_id)

    async def _finish(self, import_id: UUID, state: ImportState, problem: str | None = None) -> None:
        await self._good_rows.clear()
        async with self._transaction() as tx:
            job = await tx.lock(Import, import_id)
            await tx.save(replace(job, version=job.version + 1, state=state, problem=problem))
            await tx.execute(sql.DROP_PIECES, tx.tenant_id, import_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """One transaction of the import, committed at its end."""
        async with self._database.connection(self._tenant_id) as connection:
            tx = Transaction(connection, self._runtime.storages, tenant_id=self._tenant_id, cause=self.cause)
            try:
                yield tx
                published = await tx.commit()
            except BaseException:
                await tx.rollback()
                raise
        if published:
            self._runtime.wake_relay.set()


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
