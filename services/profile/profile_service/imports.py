"""Imports: a people file is kept whole when it arrives, then worked through by a worker that may be killed at any point.

Two passes over the kept file: the first finds everything that is wrong with it and which managers exist, the second writes
people, a batch a transaction, together with their events and the import's progress. A worker that takes over goes on behind
the last batch. Memory does not grow with the file but by what the whole-file rules need: a few numbers a person.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Container, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import orjson
import structlog

from peerloom_events import ParticipantRegistered, ParticipantUpdated
from peerloom_service.context import Cause
from peerloom_service.database import TRANSIENT, Connection, Database
from peerloom_service.identifiers import new_id
from peerloom_service.runtime import Runtime
from peerloom_service.transaction import Transaction
from peerloom_service.work import Work
from profile_service import sql
from profile_service.domain import Import, ImportState
from profile_service.people_file import Outcome, PeopleFileError, PeopleFileReader, PersonRow, ReportingCheck, RowError
from profile_service.schemas import FindingOut, FindingsOut, ImportOut

UPLOAD_BYTES: Final = 256 * 1024 * 1024
_MOST_ROWS: Final = 250_000
_PIECE_BYTES: Final = 1024 * 1024
_BATCH: Final = 1000
_LOOKUP: Final = 5000
_MOST_FINDINGS: Final = 10_000
_IDLE_SECONDS: Final = 0.25
_WEEKDAYS: Final = (1, 2, 3, 4, 5)


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
    await work.one(Import, import_id, answer=ImportOut.of)
    rows = await work.rows(sql.FINDINGS, work.tenant_id, import_id, start, limit + 1)
    items = [
        FindingOut(
            line=row["line"], column=row["column_name"], code=row["code"], message=row["message"], severity=row["severity"]
        )
        for row in rows[:limit]
    ]
    return FindingsOut(items=items, next=start + limit if len(rows) > limit else None)


async def work_through(runtime: Runtime) -> None:
    """The worker's job: take the oldest unfinished import that nobody else works on, until cancelled."""
    while True:
        try:
            async with runtime.database.connection(None) as connection:
                row = await connection.fetchrow(sql.CLAIM_IMPORT)
                if row is not None:
                    try:
                        await _Worker(runtime, row["tenant_id"]).run(row["id"])
                    finally:
                        await connection.execute(sql.RELEASE_IMPORT, row["tenant_id"])
                    continue
                await connection.execute(sql.SWEEP_PIECES)
        except TRANSIENT as error:
            _log.warning("import put off", error=type(error).__name__)
        await asyncio.sleep(_IDLE_SECONDS)


class _Worker:
    """Works through one import of one organisation."""

    def __init__(self, runtime: Runtime, tenant_id: UUID) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._tenant_id = tenant_id

    async def run(self, import_id: UUID) -> None:
        job = await self._load(import_id)
        try:
            numbers, reporting = await self._check(job)
        except PeopleFileError as error:
            await self._finish(import_id, ImportState.REFUSED, problem=str(error))
            return
        ids = await self._ids(import_id, numbers)
        today = await self._today()
        left_out = 0
        async with aclosing(self._people(job, reporting.refused)) as people:
            done = 0
            async for batch in _batched(people, _BATCH):
                done += len(batch)
                if done <= job.rows_done:
                    continue
                left_out += await self._write(import_id, batch, ids, reporting.without_manager, today)
        await self._finish(import_id, ImportState.COMPLETED)
        _log.info("import completed", import_id=str(import_id), people=len(numbers) - left_out)

    async def _check(self, job: Import) -> tuple[set[str], ReportingCheck]:
        """First pass: every finding, the employee numbers of the good rows and of known managers, and what the rules about
        managers say. A pass that is made again after the writing has begun changes nothing."""
        reader = _reader(job)
        found = _Findings(self._database, self._tenant_id, job.id)
        numbers: set[str] = set()
        async with aclosing(self._outcomes(job, reader)) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, PersonRow):
                    numbers.add(outcome.employee_number)
                else:
                    found.add(outcome)
        known = await self._upwards(reader.managers_outside())
        reporting = reader.check_reporting_lines(known)
        for finding in reporting.findings:
            found.add(finding)
        if job.rows_done == 0:
            refused = reader.rows - len(numbers) + len(reporting.refused)
            await self._database.execute(self._tenant_id, sql.DROP_FINDINGS, self._tenant_id, job.id)
            await found.write()
            await self._database.execute(
                self._tenant_id, sql.START_IMPORT, self._tenant_id, job.id, reader.rows, refused, found.warnings
            )
        return numbers | known.keys(), reporting

    async def _ids(self, import_id: UUID, numbers: Iterable[str]) -> dict[str, UUID]:
        """Id by employee number: the known one, or one that is the same however often this import is started again."""
        known = await self._known(numbers)
        return {number: known.get(number) or uuid5(import_id, number) for number in numbers}

    async def _known(self, numbers: Iterable[str]) -> dict[str, UUID]:
        known: dict[str, UUID] = {}
        for some in _chunks(numbers):
            for row in await self._database.fetch(self._tenant_id, sql.IDS_OF_NUMBERS, self._tenant_id, some):
                known[row["employee_number"]] = UUID(int=row["id"].int)
        return known

    async def _upwards(self, managers: Iterable[str]) -> dict[str, str | None]:
        """Manager's number by employee number, of those who are known and everybody above them."""
        lines: dict[str, str | None] = {}
        for some in _chunks(managers):
            rows = await self._database.fetch(self._tenant_id, sql.LINES_UPWARDS, self._tenant_id, some)
            lines |= {row["employee_number"]: row["manager"] for row in rows}
        return lines

    async def _write(
        self, import_id: UUID, people: Sequence[PersonRow], ids: dict[str, UUID], without_manager: frozenset[str], today: date
    ) -> int:
        """One batch: people, events and progress in one transaction. Returns how many of the batch were left out."""
        async with self._database.connection(self._tenant_id) as connection:
            tx = self._transaction(connection, import_id)
            try:
                refused = await self._refused(tx, people, today)
                taken = [person for person in people if person.line not in refused]
                facts = {person.employee_number: _facts(person, ids, without_manager) for person in taken}
                rows = b",".join([_row(person, ids, facts[person.employee_number]) for person in taken])
                written = await tx.fetch(sql.UPSERT_PEOPLE, tx.tenant_id, f"[{rows.decode()}]")
                new = [_said(row, facts) for row in written if row["version"] == 1]
                tx.say_together(ParticipantRegistered, new)
                tx.say_together(ParticipantUpdated, [_said(row, facts) for row in written if row["version"] > 1])
                for error in refused.values():
                    await tx.execute(sql.ADD_FINDING, tx.tenant_id, import_id, *_finding(error))
                await tx.execute(
                    sql.PROGRESS,
                    tx.tenant_id,
                    import_id,
                    len(people),
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
        return len(refused)

    async def _refused(self, tx: Transaction, people: Sequence[PersonRow], today: date) -> dict[int, RowError]:
        """Rows that are sound by themselves but cannot be taken, by line."""
        refused: dict[int, RowError] = {}
        taken = {
            row["email"]: row["employee_number"]
            for row in await tx.fetch(sql.OWNERS_OF_EMAILS, tx.tenant_id, [person.email for person in people])
        }
        for person in people:
            if taken.get(person.email, person.employee_number) != person.employee_number:
                message = "Somebody else has this e-mail address already. Give each person their own."
                refused[person.line] = RowError(person.line, "email", "email_taken", message)
            elif person.leaving_date is not None and person.leaving_date <= today:
                message = f"Left on {person.leaving_date.isoformat()}: not imported. Leave people out who have left."
                refused[person.line] = RowError(person.line, "leaving_date", "has_left", message)
        return refused

    async def _people(self, job: Import, refused: Container[str]) -> AsyncGenerator[PersonRow, None]:
        """Second pass: the good rows again."""
        async with aclosing(self._outcomes(job, _reader(job))) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, PersonRow) and outcome.employee_number not in refused:
                    yield outcome

    async def _outcomes(self, job: Import, reader: PeopleFileReader) -> AsyncGenerator[Outcome, None]:
        number = 0
        while (row := await self._database.fetchrow(self._tenant_id, sql.PIECE, self._tenant_id, job.id, number)) is not None:
            for outcome in reader.feed(row["content"]):
                yield outcome
            number += 1
        for outcome in reader.close():
            yield outcome

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


def _reader(job: Import) -> PeopleFileReader:
    return PeopleFileReader(mapping=job.columns, defaults=job.defaults, max_rows=_MOST_ROWS)


def _finding(error: RowError) -> tuple[int, str | None, str, str, str]:
    return error.line, error.column, error.code, error.message, error.severity


def _facts(person: PersonRow, ids: dict[str, UUID], without_manager: frozenset[str]) -> bytes:
    """`ParticipantFacts` as JSON, once for the person's row and for the event. The cells' rules are stricter than its own."""
    manager = person.manager_employee_number
    hours = person.working_hours
    return orjson.dumps(
        {
            "employee_level": person.level,
            "department": person.department,
            "job_title": person.job_title,
            "location": person.location,
            "time_zone": person.time_zone,
            "languages": person.languages,
            "hired_on": person.hire_date,
            "manager_id": None if manager is None or person.employee_number in without_manager else ids.get(manager),
            "working_hours": {"starts": hours.starts, "ends": hours.ends, "weekdays": _WEEKDAYS},
            "offers": [{"skill": offer.skill, "level": offer.level} for offer in person.skills_offered],
            "seeks": [{"skill": wish.skill, "level": wish.level, "priority": 1} for wish in person.skills_sought],
            "goals": person.goals,
        }
    )


def _row(person: PersonRow, ids: dict[str, UUID], facts: bytes) -> bytes:
    """The person as a JSON object of columns."""
    own = {
        "id": ids[person.employee_number],
        "employee_number": person.employee_number,
        "name": person.name,
        "email": person.email,
    }
    return orjson.dumps(own)[:-1] + b"," + facts[1:]


def _said(row: asyncpg.Record, facts: dict[str, bytes]) -> tuple[UUID, bytes]:
    """The event's aggregate and JSON, `ParticipantRegistered` and `ParticipantUpdated` alike."""
    id_ = row["id"]
    beginning = f'{{"version":{row["version"]},"participant_id":"{id_}","facts":'
    return id_, beginning.encode() + facts[row["employee_number"]] + b"}"


def _chunks(numbers: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(numbers)
    while some := list(islice(waiting, _LOOKUP)):
        yield some


async def _batched(people: AsyncIterator[PersonRow], size: int) -> AsyncIterator[list[PersonRow]]:
    batch: list[PersonRow] = []
    async for person in people:
        batch.append(person)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
