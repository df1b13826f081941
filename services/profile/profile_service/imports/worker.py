"""Imports: a people file is kept whole when it arrives, then worked through by a worker that may be killed at any point.

The worker first looks at the whole file: it finds everything that is wrong with it and which managers exist, and puts the good
rows aside in batches (`good_rows`). Then it writes people, a batch a transaction, together with their events and the import's
progress. A worker that takes over looks at the file again and goes on behind the last batch. Memory does not grow with the file
but by what the whole-file rules need: a few numbers a person.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from peerloom_service.context import Cause
from peerloom_service.http.work import Work
from peerloom_service.identifiers import new_id, numbered_id
from peerloom_service.storage.database import TRANSIENT, Connection, Database
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction
from profile_service import sql
from profile_service.domain import Import, ImportState
from profile_service.imports.good_rows import BREAK, GoodRow, GoodRows, admission
from profile_service.imports.people_file import PeopleFileError, PeopleFileReader, ReportingCheck, RowError
from profile_service.imports.row_processes import outcomes
from profile_service.schemas import FindingOut, FindingsOut, ImportOut

UPLOAD_BYTES: Final = 256 * 1024 * 1024
_MOST_ROWS: Final = 250_000
_PIECE_BYTES: Final = 1024 * 1024
_BATCH: Final = 1000
_LOOKUP: Final = 5000
_MOST_FINDINGS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it was kept."""

    import_id: UUID
    size_bytes: int
    digest: bytes


async def receive(database: Database, tenant_id: UUID, stream: AsyncIterable[bytes]) -> Received:
    """Keep a file in pieces while it is being sent. A broken upload leaves pieces that are swept away a day later."""
    import_id, size, number, digest = new_id(), 0, 0, hashlib.sha256()
    buffer = bytearray()
    async for chunk in stream:
        buffer += chunk
        digest.update(chunk)
        size += len(chunk)
        while len(buffer) >= _PIECE_BYTES:
            await database.execute(tenant_id, sql.KEEP_PIECE, tenant_id, import_id, number, bytes(buffer[:_PIECE_BYTES]))
            del buffer[:_PIECE_BYTES]
            number += 1
    await database.execute(tenant_id, sql.KEEP_PIECE, tenant_id, import_id, number, bytes(buffer))
    return Received(import_id, size, digest.digest())


async def findings(work: Work, import_id: UUID, start: int, limit: int) -> FindingsOut:
    """What was found wrong, from finding number `start` on.

    Raises: NotFound.
    """
    await work.one(Import, import_id, returns=ImportOut.of)
    rows = await work.rows(sql.FINDINGS, work.tenant_id, import_id, start, limit + 1)
    items = [
        FindingOut(
            line=row["line"], column=row["column_name"], code=row["code"], message=row["message"], severity=row["severity"]
        )
        for row in rows[:limit]
    ]
    return FindingsOut(items=items, next=start + limit if len(rows) > limit else None)


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
        found = _Findings(self._database, self._tenant_id, job.id)
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
            await self._database.execute(self._tenant_id, sql.DROP_FINDINGS, self._tenant_id, job.id)
            await found.write()
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
        if await self._database.fetchrow(self._tenant_id, sql.ANYBODY, self._tenant_id) is None:
            return known  # a company's first file
        for some in _chunks(numbers):
            for number, id_ in await self._database.fetch(self._tenant_id, sql.IDS_OF_NUMBERS, self._tenant_id, some):
                known[number] = str(id_)
        return known

    async def _upwards(self, managers: Iterable[str]) -> dict[str, str | None]:
        """Manager's number by employee number, of those who are known and everybody above them."""
        lines: dict[str, str | None] = {}
        for some in _chunks(managers):
            rows = await self._database.fetch(self._tenant_id, sql.LINES_UPWARDS, self._tenant_id, some)
            lines |= {row["employee_number"]: row["manager"] for row in rows}
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
                found = await self._owners(rows)
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
                managers = {
                    row.employee_number: None
                    if row.employee_number in without_manager
                    else ids.get(row.manager_employee_number)
                    for row in taken
                }
                written = await tx.fetch(sql.UPSERT_PEOPLE, tx.tenant_id, *_columns(taken, ids, managers)) if taken else []
                facts = {row.employee_number: row.facts(managers[row.employee_number]) for row in taken}
                new = [_published(row, facts) for row in written if row["version"] == 1]
                tx.publish_many(ParticipantRegistered, new)
                tx.publish_many(ParticipantUpdated, [_published(row, facts) for row in written if row["version"] > 1])
                for error in refused.values():
                    await tx.execute(sql.ADD_FINDING, tx.tenant_id, import_id, *_finding(error))
                await tx.execute(
                    sql.PROGRESS,
                    tx.tenant_id,
                    import_id,
                    len(rows),
                    len(new),
                    len(written) - len(new),
                    len(taken) - len(written),
                    len(refused),
                )
                await tx.commit()
            except BaseException:
                await tx.rollback()
                raise
        self._runtime.wake_relay.set()

    async def _owners(self, rows: Sequence[GoodRow]) -> dict[str, str]:
        """Employee number by e-mail address, of these addresses."""
        emails = [row.email for row in rows]
        found = await self._database.fetch(self._tenant_id, sql.OWNERS_OF_EMAILS, self._tenant_id, emails)
        return {row["email"]: row["employee_number"] for row in found}

    async def _pieces(self, import_id: UUID) -> AsyncGenerator[bytes | None, None]:
        """The file piece by piece; None at its end."""
        number = 0
        while row := await self._database.fetchrow(self._tenant_id, sql.PIECE, self._tenant_id, import_id, number):
            yield row["content"]
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


class _Findings:
    """What a pass found; as many as a report is any use for are kept, the rest are counted."""

    def __init__(self, database: Database, tenant_id: UUID, import_id: UUID) -> None:
        self._database, self._tenant_id, self._import_id = database, tenant_id, import_id
        self._kept: list[RowError] = []
        self.warnings = 0

    def add(self, error: RowError) -> None:
        self.warnings += error.severity == "warning"
        if len(self._kept) < _MOST_FINDINGS:
            self._kept.append(error)

    async def write(self) -> None:
        if self._kept:
            columns = [list(column) for column in zip(*(_finding(error) for error in self._kept), strict=True)]
            numbers = list(range(len(self._kept)))
            await self._database.execute(self._tenant_id, sql.ADD_FINDINGS, self._tenant_id, self._import_id, numbers, *columns)


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


def _finding(error: RowError) -> tuple[int, str | None, str, str, str]:
    return error.line, error.column, error.code, error.message, error.severity


def _columns(rows: Sequence[GoodRow], ids: Mapping[str, str], managers: Mapping[str, str | None]) -> Iterator[str]:
    """Parameters of `sql.UPSERT_PEOPLE`."""
    column = GoodRow._make(zip(*rows, strict=True))  # of each field, all its values
    columns = (
        map(ids.__getitem__, column.employee_number),
        column.employee_number,
        column.name,
        column.email,
        column.department,
        column.job_title,
        column.level,
        column.location,
        column.time_zone,
        column.languages,
        column.hire_date,
        [managers[number] or "" for number in column.employee_number],
        column.working_hours,
        column.offers,
        column.seeks,
        column.goals,
    )
    return map(BREAK.join, columns)


def _published(written: asyncpg.Record, facts: Mapping[str, bytes]) -> tuple[UUID, bytes]:
    """The event's aggregate and JSON, `ParticipantRegistered` and `ParticipantUpdated` alike."""
    id_, number, version = written
    return id_, b'{"version":%d,"participant_id":"%s","facts":%s}' % (version, str(id_).encode(), facts[number])


def _chunks(numbers: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(numbers)
    while some := list(islice(waiting, _LOOKUP)):
        yield some


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
