"""What sessions reads, each by its name."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from peerloom_events import MatchConfirmed, ProgramLaunched
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import queries
from sessions_service.slots import Slot
from tests.support import RunningService

Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
Read = Callable[..., Awaitable[Any]]


@pytest.fixture
def read(sessions: RunningService, tenant: UUID) -> Read:
    """`await read(queries.people, ids)`: what a query finds for the test's organisation, or another one."""

    async def read(query: Callable[..., Awaitable[Any]], *args: Any, of: UUID = tenant, **named: Any) -> Any:
        async def use_case(tx: Transaction, _command: None) -> Any:
            return await query(tx, *args, **named)

        return await sessions.runtime.perform(use_case, None, tenant_id=of, cause=Cause("test"))

    return read


def span(session: dict[str, Any]) -> Slot:
    return Slot(datetime.fromisoformat(session["starts_at"]), datetime.fromisoformat(session["ends_at"]))


async def test_people_and_programs_are_found_by_id_and_strangers_are_left_out(
    sessions: RunningService, person: Person, program: ProgramLaunched, read: Read
) -> None:
    ada, stranger = await person(), new_id()
    await sessions.settled()

    assert set(await read(queries.people, [ada, stranger])) == {ada}
    assert await read(queries.known_people, [ada, stranger]) == {ada}
    found = await read(queries.programs, [program.program_id, stranger])
    assert [(one.id, one.cadence_days, one.ends_on) for one in found.values()] == [
        (program.program_id, program.cadence_days, program.ends_on)
    ]
    assert await read(queries.people, [ada], of=new_id()) == {}


async def test_who_is_being_booked_elsewhere_is_waited_for_by_a_person_and_left_out_by_the_planner(
    sessions: RunningService, person: Person, read: Read, tenant: UUID
) -> None:
    ada, grace = await person(), await person()
    await sessions.settled()
    async with sessions.runtime.database.connection(tenant) as elsewhere:
        await elsewhere.execute("BEGIN")
        await elsewhere.fetch("SELECT id FROM participant WHERE id = $1 FOR NO KEY UPDATE", ada)

        assert set(await read(queries.lock_free_people, [ada, grace])) == {grace}
        waits = asyncio.ensure_future(read(queries.lock_people, [ada, grace]))
        await asyncio.wait([waits], timeout=0.2)
        assert not waits.done()
        await elsewhere.execute("ROLLBACK")

    assert set(await waits) == {ada, grace}


async def test_a_person_is_taken_while_their_sessions_last(session: dict[str, Any], read: Read) -> None:
    ada, stranger = UUID(session["participant_ids"][0]), new_id()
    ends_at = span(session).ends_at

    assert await read(queries.taken, [ada, stranger], since=ends_at - timedelta(seconds=1)) == {
        ada: [span(session)],
        stranger: [],
    }
    assert await read(queries.taken, [ada], since=ends_at) == {ada: []}


async def test_relationships_are_due_while_they_wait_and_one_worker_holds_them(
    sessions: RunningService, confirmed: Confirmed, person: Person, read: Read, tenant: UUID
) -> None:
    match = await confirmed(await person(), new_id())
    await sessions.settled()
    due_now = "UPDATE relationship SET due_at = '2000-01-01' WHERE tenant_id = $1 AND id = $2"
    async with sessions.runtime.database.connection(tenant) as other_worker:
        await other_worker.execute("BEGIN")
        await other_worker.execute(due_now, tenant, match.match_id)
        assert await read(queries.lock_due, [match.match_id]) == []
        await other_worker.execute("ROLLBACK")
    async with sessions.runtime.database.connection(tenant) as connection:
        await connection.execute("BEGIN")
        await connection.execute(due_now, tenant, match.match_id)
        rows = await connection.fetch(queries.DUE, 1)
        assert [(row["tenant_id"], row["id"]) for row in rows] == [(tenant, match.match_id)]
        await connection.execute("ROLLBACK")


async def test_free_slots_are_those_in_which_nobody_has_a_session(
    session: dict[str, Any], read: Read, program: ProgramLaunched
) -> None:
    relationship = UUID(session["match_id"])

    slots = await read(queries.common_free_slots, queries.FreeSlots(relationship, 100))

    assert len(slots) == 100
    assert slots == sorted(slots)
    assert not [slot for slot in slots if slot.starts_at < span(session).ends_at and span(session).starts_at < slot.ends_at]
    with pytest.raises(NotFound):
        await read(queries.common_free_slots, queries.FreeSlots(relationship, 100), of=new_id())
