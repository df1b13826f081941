"""The people of a run: read page by page from one snapshot of the database, and made into the engine's population.

Reading and making are two processes: the worker hands on what it reads and holds one page at a time, however many people there
are; the engine's process makes people of it.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from matching_service import queries
from matching_service.engine import Person, Population, Skill, SoughtSkill, WorkingHours
from matching_service.participant_copy import Facts
from peerloom_service.storage.database import Database

_PAGE: Final = 2_000
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of the people, column by column. Ids are 16 bytes each, one behind the other.

    `facts`: JSON as it is kept. `met`: whom each has been proposed to before. `managers`: pairs of somebody above these people,
    and not above those of the pages before, with their own manager.
    """

    ids: bytes
    facts: tuple[str, ...]
    seats: tuple[int, ...]
    met: tuple[bytes, ...]
    managers: bytes


async def read_pages(
    database: Database,
    tenant_id: UUID,
    program_id: UUID,
    seats_by_level: Sequence[int],
    on: date,
    newcomers_since: date | None = None,
) -> AsyncGenerator[PeoplePage, None]:
    """Everyone who takes part on that day and has a seat left, whom each has met, and who is above them, as of one moment."""
    known: set[UUID] = set()
    of_program = program_id, seats_by_level, max(seats_by_level), on, newcomers_since
    async with database.connection(tenant_id) as connection:  # noqa: SIM117 - the transaction is of that connection
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            ask_again = await connection.fetchval(queries.ASK_AGAIN, tenant_id, program_id)
            cursor = await connection.cursor(queries.FREE_PEOPLE, tenant_id, *of_program)
            while people := await cursor.fetch(_PAGE):
                met: dict[UUID, list[bytes]] = {person["id"]: [] for person in people}
                for row in await connection.fetch(queries.MET_BEFORE, tenant_id, list(met), ask_again):
                    met[row["id"]] += [other.bytes for other in row["participant_ids"] if other != row["id"]]
                unknown = {person["manager_id"] for person in people} - known - {None}
                managers = await connection.fetch(queries.MANAGERS_ABOVE, tenant_id, list(unknown)) if unknown else []
                known |= unknown | {row["id"] for row in managers}
                yield PeoplePage(
                    ids=b"".join(person["id"].bytes for person in people),
                    facts=tuple(person["facts"] for person in people),
                    seats=tuple(person["seats"] for person in people),
                    met=tuple(b"".join(others) for others in met.values()),
                    managers=b"".join(row["id"].bytes + row["manager_id"].bytes for row in managers),
                )


def population_of(pages: Iterable[PeoplePage], week_of: date, newcomers_since: date | None = None) -> Population:
    """The engine's snapshot of the people of all pages, with their hours in that week; newcomers have job level 0.

    Raises: ValueError where somebody's facts are none the engine can take.
    """
    people: list[Person] = []
    managers: dict[UUID, UUID] = {}
    for page in pages:
        columns = zip(_ids(page.ids), page.facts, page.seats, page.met, strict=True)
        people += [_person(id_, facts, seats, met, newcomers_since) for id_, facts, seats, met in columns]
        above = _ids(page.managers)
        managers |= zip(above[::2], above[1::2], strict=True)
    return Population.of(people, week_of, managers)


def _ids(joined: bytes) -> list[UUID]:
    return [UUID(bytes=joined[first : first + _ID_BYTES]) for first in range(0, len(joined), _ID_BYTES)]


def _person(id_: UUID, kept: str, seats: int, met: bytes, newcomers_since: date | None) -> Person:
    facts = msgspec.json.decode(kept, type=Facts)
    hours = facts.working_hours
    # A name given twice counts once, at its highest level: the engine takes each skill, goal and language once.
    offers = {offer.skill: offer.level for offer in sorted(facts.offers, key=lambda offer: offer.level)}
    seeks = {seek.skill: seek for seek in facts.seeks}
    return Person(
        id=id_,
        offers=tuple(Skill(name, level) for name, level in offers.items()),
        seeks=tuple(SoughtSkill(name, own=seek.level, priority=seek.priority) for name, seek in seeks.items()),
        goals=tuple(dict.fromkeys(facts.goals)),
        level=0 if newcomers_since is not None and facts.hired_on >= newcomers_since else facts.employee_level,
        department=facts.department,
        location=facts.location,
        time_zone=facts.time_zone,
        working_hours=WorkingHours(start=hours.starts, end=hours.ends, weekdays=frozenset(day - 1 for day in hours.weekdays)),
        languages=tuple(dict.fromkeys(facts.languages)),
        manager_id=facts.manager_id,
        excluded=frozenset(_ids(met)),
        seats=seats,
    )
