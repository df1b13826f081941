"""What sessions reads, by name."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction
from sessions_service import clock, guides
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.domain.guides import Agenda, agenda_of
from sessions_service.domain.people import FactsMissing, Participant, Program
from sessions_service.domain.planning import free_slots
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.sessions import Session, SessionState
from sessions_service.slots import Slot

# -- people and programs ------------------------------------------------------------------------------------------------

KNOWN_PEOPLE: Final = "SELECT id FROM participant WHERE tenant_id = $1 AND id = ANY($2::uuid[])"

# Whoever books for people locks them first, always in the order of their ids. A scheduler leaves those alone who are being
# booked elsewhere: it has other relationships to go on with, and waiting for one while holding many would deadlock.
LOCKED_PEOPLE: Final = "id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE"
FREE_PEOPLE: Final = f"{LOCKED_PEOPLE} SKIP LOCKED"

TAKEN: Final = """
    SELECT participant_id, starts_at, ends_at FROM booking
    WHERE tenant_id = $1 AND participant_id = ANY($2::uuid[]) AND ends_at > $3 AND holds
"""


async def programs(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Program]:
    """Those of these programs that are known here, by id."""
    return {one.id: one for one in await tx.find(Program, "id = ANY($2::uuid[])", list(ids))}


async def program(tx: Transaction, id_: UUID) -> Program:
    """A program that is known here.

    Raises: NotFound.
    """
    return await tx.get(Program, id_)


async def people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """Those of these people who are known here, by id."""
    return {one.id: one for one in await tx.find(Participant, "id = ANY($2::uuid[])", list(ids))}


async def known_people(tx: Transaction, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these people are known here."""
    return {row["id"] for row in await tx.fetch(KNOWN_PEOPLE, tx.tenant_id, list(ids))}


async def lock_people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """Those of these people who are known here, locked; waits for whoever is booking for one of them."""
    return {one.id: one for one in await tx.find(Participant, LOCKED_PEOPLE, list(ids))}


async def lock_free_people(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Participant]:
    """The same, without those for whom somebody else is booking at this moment."""
    return {one.id: one for one in await tx.find(Participant, FREE_PEOPLE, list(ids))}


async def taken(tx: Transaction, ids: Iterable[UUID], *, since: datetime) -> dict[UUID, list[Slot]]:
    """When these people have sessions that end after `since`; an empty list for those who have none."""
    found: dict[UUID, list[Slot]] = {person: [] for person in ids}
    for row in await tx.fetch(TAKEN, tx.tenant_id, list(found), since):
        found[row["participant_id"]].append(Slot(row["starts_at"], row["ends_at"]))
    return found


# -- relationships ------------------------------------------------------------------------------------------------------

# The organisation that has waited longest comes first.
DUE: Final = """
    WITH first AS (SELECT tenant_id FROM relationship WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT 1)
    SELECT tenant_id, id FROM relationship JOIN first USING (tenant_id)
    WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT $1
"""
STILL_DUE: Final = "id = ANY($2::uuid[]) AND state = 'waiting' AND due_at <= now() ORDER BY id FOR UPDATE SKIP LOCKED"


@dataclass(frozen=True, slots=True)
class Due:
    """Relationships of one organisation that are to be planned for now."""

    tenant_id: UUID
    relationship_ids: tuple[UUID, ...]


async def due(database: Database, *, most: int) -> Due | None:
    """Up to `most` relationships to plan for; None where there are none."""
    rows = await database.fetch(None, DUE, most)
    return Due(rows[0]["tenant_id"], tuple(row["id"] for row in rows)) if rows else None


async def lock_due(tx: Transaction, ids: Iterable[UUID]) -> list[Relationship]:
    """Those of these relationships that are still due and that no other worker holds, locked."""
    return await tx.find(Relationship, STILL_DUE, list(ids))


# -- sessions of relationships ------------------------------------------------------------------------------------------

_LATEST: Final = 6
LATEST_SESSIONS: Final = f"""
    id IN (
        SELECT latest.id FROM unnest($2::uuid[]) AS relationship (id) CROSS JOIN LATERAL (
            SELECT id FROM session WHERE tenant_id = $1 AND match_id = relationship.id ORDER BY number DESC LIMIT {_LATEST}
        ) AS latest
    ) ORDER BY number DESC
"""
SESSION_COUNTS: Final = """
    SELECT match_id, state, count(*) AS sessions FROM session
    WHERE tenant_id = $1 AND match_id = ANY($2::uuid[]) GROUP BY match_id, state
"""
TO_COME: Final = "match_id = $2 AND state = 'scheduled' ORDER BY id FOR UPDATE"


async def latest_sessions(tx: Transaction, relationship_ids: Iterable[UUID]) -> dict[UUID, list[Session]]:
    """The last six sessions of each of these relationships that has any, the newest first."""
    found: dict[UUID, list[Session]] = {}
    for session in await tx.find(Session, LATEST_SESSIONS, list(relationship_ids)):
        found.setdefault(session.match_id, []).append(session)
    return found


async def session_counts(tx: Transaction, relationship_ids: Iterable[UUID]) -> dict[UUID, Counter[SessionState]]:
    """How many sessions each of these relationships has in each state."""
    counts: dict[UUID, Counter[SessionState]] = {id_: Counter() for id_ in relationship_ids}
    for row in await tx.fetch(SESSION_COUNTS, tx.tenant_id, list(counts)):
        counts[row["match_id"]][SessionState(row["state"])] = row["sessions"]
    return counts


async def sessions_to_come(tx: Transaction, relationship_id: UUID) -> list[Session]:
    """The sessions of a relationship that are still scheduled, locked."""
    return await tx.find(Session, TO_COME, relationship_id)


async def lock_with_relationship(tx: Transaction, session_id: UUID) -> Session:
    """A session, locked after its relationship: whoever needs both locks them in this order.

    Raises: NotFound.
    """
    session = await tx.get(Session, session_id)
    await tx.lock(Relationship, session.match_id)
    return await tx.lock(Session, session_id)


# -- free time ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FreeSlots:
    relationship_id: UUID
    limit: int


async def common_free_slots(tx: Transaction, command: FreeSlots) -> list[Slot]:
    """When the people of a relationship can meet, soonest first.

    Raises: NotFound, FactsMissing, TimeZoneUnknown.
    """
    relationship = await tx.get(Relationship, command.relationship_id)
    program = (await programs(tx, {relationship.program_id})).get(relationship.program_id)
    members = await people(tx, relationship.participant_ids)
    if program is None or len(members) < len(relationship.participant_ids):
        raise FactsMissing("Try again in a moment.")
    now = await clock.now(tx)
    busy = await taken(tx, members, since=now)
    return list(islice(free_slots(program, list(members.values()), busy, now), command.limit))


# -- calendars ----------------------------------------------------------------------------------------------------------

FEED_OWNER: Final = "SELECT tenant_id, id FROM calendar_feed WHERE digest = $1"
FEED_SESSIONS: Final = "participant_ids @> ARRAY[$2]::uuid[] AND ends_at > $3 ORDER BY starts_at, id"
_KEPT_IN_FEEDS: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Invitation:
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Invited:
    """A session, and when it was read."""

    session: Session
    at: datetime


async def invitation(tx: Transaction, command: Invitation) -> Invited:
    """What an invite is made of.

    Raises: NotFound.
    """
    return Invited(await tx.get(Session, command.session_id), await clock.now(tx))


async def lock_feed(tx: Transaction, participant_id: UUID) -> CalendarFeed | None:
    """A participant's feed, locked; None where there has never been one."""
    feeds = await tx.find(CalendarFeed, "id = $2 FOR UPDATE", participant_id)
    return feeds[0] if feeds else None


async def feed_owner(database: Database, digest: bytes) -> tuple[UUID, UUID] | None:
    """Whose feed has an address with this digest: the organisation and the participant."""
    row = await database.fetchrow(None, FEED_OWNER, digest)
    return None if row is None else (row["tenant_id"], row["id"])


@dataclass(frozen=True, slots=True)
class FeedSessions:
    participant_id: UUID


async def feed_sessions(tx: Transaction, command: FeedSessions) -> list[Session]:
    """A participant's sessions of the last 90 days and all to come, in the order of time."""
    since = await clock.now(tx) - _KEPT_IN_FEEDS
    return await tx.find(Session, FEED_SESSIONS, command.participant_id, since)


# -- agendas ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgendaOf:
    session_id: UUID
    language: str


async def agenda(tx: Transaction, command: AgendaOf) -> Agenda:
    """The agenda of a session, in a language.

    Raises: NotFound, FactsMissing.
    """
    session = await tx.get(Session, command.session_id)
    known = (await programs(tx, [session.program_id])).get(session.program_id)
    if known is None:
        raise FactsMissing("Try again in a moment.")
    return agenda_of(session, known, guides.guide_for(known.format, command.language))
