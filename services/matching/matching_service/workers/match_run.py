"""Works off requested runs: one at a time per worker, and by another worker if this one dies."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from itertools import permutations
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from matching_service import run_archive as stored_runs
from matching_service import sql, use_cases
from matching_service.domain import Program, Run, Wish, policy_of
from matching_service.engine import Person, Population, Skill, SoughtSkill, WorkingHours
from matching_service.run_archive import Part, Unreadable
from matching_service.workers.engine_process import Cancelled, Engine, SolvingFailed
from peerloom_events import MatchRunRequested
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime

_FEWEST_PEOPLE: Final = 2
_TELL_SECONDS: Final = 0.25
_SAY_SECONDS: Final = 2.0
_A_DAY: Final = 86_400.0

_LOCK: Final = "SELECT pg_advisory_lock(hashtextextended($1::uuid::text, 1))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtextextended($1::uuid::text, 1))"


async def work_off(runtime: Runtime, requested: MatchRunRequested, tenant_id: UUID, cause: Cause) -> None:
    """Match a program's free people and propose the pairs, or say why not. Started again after a crash, it begins afresh."""
    run_id = requested.run_id
    async with alone_with(runtime, run_id):
        run = await runtime.perform(use_cases.start_run, run_id, tenant_id=tenant_id, cause=cause)
        if run is None:
            return
        try:
            completion = await _matched(runtime, tenant_id, run, cause)
        except Cancelled:
            _log.info("run cancelled", run_id=str(run_id))
        except (SolvingFailed, Unreadable, ValueError) as error:
            failure = use_cases.FailRun(run_id, str(error))
            await runtime.perform(use_cases.fail_run, failure, tenant_id=tenant_id, cause=cause)
        else:
            await runtime.perform(use_cases.complete_run, completion, tenant_id=tenant_id, cause=cause)


async def _matched(runtime: Runtime, tenant_id: UUID, run: Run, cause: Cause) -> use_cases.CompleteRun:
    """Store the people, solve, store the answer, and check what was stored: nothing of the solver's is believed.

    Raises: Cancelled, SolvingFailed, Unreadable, ValueError.
    """
    database, teller = runtime.database, _Teller(runtime, tenant_id, run.id, cause)
    program = await database.fetchrow(tenant_id, sql.PROGRAM, tenant_id, run.program_id)
    assert program is not None
    async with Engine.started(teller.tell) as engine:
        policy = policy_of(Program(**program))
        population = await _population(runtime, tenant_id, run.program_id, run.requested_at.date())
        if len(population) < _FEWEST_PEOPLE:
            raise SolvingFailed(f"{len(population)} people are free to be matched; it takes two.")
        await stored_runs.keep(database, tenant_id, run.id, Part.POLICY, policy.model_dump_json().encode())
        await stored_runs.keep(database, tenant_id, run.id, Part.POPULATION, await asyncio.to_thread(population.to_bytes))
        del population
        question = await stored_runs.question_of(database, tenant_id, run)
        solved = await engine.solve(question, run.time_limit_seconds)
        await stored_runs.keep(database, tenant_id, run.id, Part.ANSWER, solved.answer)
        question = await stored_runs.question_of(database, tenant_id, run)
        answer = await stored_runs.read(database, tenant_id, run.id, Part.ANSWER)
        checked = await engine.check(question, answer)
    return use_cases.CompleteRun(run.id, checked, question.policy, hashlib.sha256(answer).hexdigest(), ended_early=solved.early)


@asynccontextmanager
async def alone_with(runtime: Runtime, id_: UUID) -> AsyncIterator[None]:
    """Waits until no other worker has this run or replay in hand; the lock goes with the connection, so with the process."""
    async with runtime.database.connection(None) as connection:
        await connection.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        try:
            await connection.execute(_LOCK, id_, timeout=_A_DAY)
            yield
        finally:
            if not connection.is_closed():
                await connection.execute(_UNLOCK, id_)
                await connection.execute("RESET lock_timeout; RESET statement_timeout")


class _Teller:
    """Writes progress to the run, a few times a second, and finds out what is wanted of it.

    A new phase, and every other second of a long one, is said as an event too.
    """

    def __init__(self, runtime: Runtime, tenant_id: UUID, run_id: UUID, cause: Cause) -> None:
        self._runtime, self._tenant_id, self._run_id, self._cause = runtime, tenant_id, run_id, cause
        self._told_at = self._said_at = 0.0
        self._phase = ""

    async def tell(self, phase: str, share: float, gap: float | None) -> Wish:
        now = time.monotonic()
        if phase != self._phase or now - self._said_at >= _SAY_SECONDS:
            self._phase, self._told_at, self._said_at = phase, now, now
            progress = use_cases.Progress(self._run_id, phase, share, gap)
            return await self._runtime.perform(
                use_cases.report_progress, progress, tenant_id=self._tenant_id, cause=self._cause
            )
        if now - self._told_at < _TELL_SECONDS:
            return Wish.GO_ON
        self._told_at = now
        told = await self._runtime.database.fetchrow(
            self._tenant_id, sql.PROGRESS, self._tenant_id, self._run_id, phase, share, gap
        )
        if told is None:
            return Wish.GIVE_UP
        return Wish.END_EARLY if told["stop_requested"] else Wish.GO_ON


async def _population(runtime: Runtime, tenant_id: UUID, program_id: UUID, week_of: date) -> Population:
    """Everyone enrolled and free, and whom each has been proposed to before."""
    database = runtime.database
    people = await database.fetch(tenant_id, sql.FREE_PEOPLE, tenant_id, program_id)
    managers = {
        row["id"]: row["manager_id"] for row in await database.fetch(tenant_id, sql.MANAGERS, tenant_id) if row["manager_id"]
    }
    met: dict[UUID, set[UUID]] = {}
    for row in await database.fetch(tenant_id, sql.MET_BEFORE, tenant_id):
        for one, other in permutations(row["participant_ids"], 2):
            met.setdefault(one, set()).add(other)
    return Population.of((_person(row, met.get(row["id"], set())) for row in people), week_of, managers)


def _person(row: asyncpg.Record, met: set[UUID]) -> Person:
    facts: dict[str, Any] = row["facts"]
    hours = facts["working_hours"]
    manager = facts["manager_id"]
    # A name given twice counts once, at its highest level: the engine takes each skill, goal and language once.
    offers = {offer["skill"]: offer["level"] for offer in sorted(facts["offers"], key=lambda offer: offer["level"])}
    seeks = {seek["skill"]: seek for seek in facts["seeks"]}
    return Person(
        id=row["id"],
        offers=tuple(Skill(name, level) for name, level in offers.items()),
        seeks=tuple(SoughtSkill(name, own=seek["level"], priority=seek["priority"]) for name, seek in seeks.items()),
        goals=tuple(dict.fromkeys(facts["goals"])),
        level=facts["employee_level"],
        department=facts["department"],
        location=facts["location"],
        time_zone=facts["time_zone"],
        working_hours=WorkingHours(
            start=hours["starts"], end=hours["ends"], weekdays=frozenset(day - 1 for day in hours["weekdays"])
        ),
        languages=tuple(dict.fromkeys(facts["languages"])),
        manager_id=UUID(manager) if manager else None,
        excluded=frozenset(met),
        seats=row["seats"],
    )


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
