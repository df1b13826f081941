"""The good rows of a people file, ready to be written, and where they wait until the whole file has been looked at."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import orjson

from profile_service.imports.people_file import PersonRow, SkillLevel, WorkingHours
from profile_service.imports.people_file.statuses import Status
from profile_service.person_text import BREAK, PersonText

if TYPE_CHECKING:  # processes that only make good rows start sooner without the database's driver
    from peerloom_service.storage.database import Connection

_ROW_BREAK: Final = "\x1e"

_FACT_OF: Final = {"manager_employee_number": "manager_id", "leaving_date": "leaving_on"}
LEFT_ON_AN_UNKNOWN_DAY: Final = "-"
"""In place of a leaving date: before every one of them."""
_REMEMBERED: Final = 8192

# Of this connection alone, and gone with it: a worker that takes an import over looks at the whole file again anyway.
# Compressing what is read again in a moment would cost more than keeping it.
_MAKE: Final = "CREATE TEMPORARY TABLE IF NOT EXISTS good_rows (batch int PRIMARY KEY, content bytea STORAGE EXTERNAL NOT NULL)"
_CLEAR: Final = "TRUNCATE good_rows"
_KEEP: Final = "INSERT INTO good_rows (batch, content) VALUES ($1, $2)"
_KEPT: Final = "SELECT content FROM good_rows WHERE batch = $1"


class GoodRow(NamedTuple):
    """A person of the file as the database takes them: all is text, empty where there is nothing; lists are joined by line
    ends, what is kept as JSON is written as JSON. `absent`: the facts the file says nothing of, their values are defaults.
    """

    line: str
    employee_number: str
    email: str
    manager_employee_number: str
    leaving_date: str
    name: str
    department: str
    job_title: str
    employee_level: str
    location: str
    time_zone: str
    languages: str
    hired_on: str
    working_hours: str
    offers: str
    seeks: str
    goals: str
    on_leave: str
    absent: str

    @classmethod
    def of(cls, person: PersonRow) -> Self:
        """The row as it is kept."""
        return cls(
            str(person.line),
            person.employee_number,
            person.email,
            person.manager_employee_number or "",
            _leaving_date(person),
            person.name,
            person.department,
            person.job_title,
            str(person.employee_level),
            person.location,
            person.time_zone,
            "\n".join(person.languages),
            person.hired_on.isoformat(),
            _hours(person.working_hours),
            f"[{','.join(map(_offer, person.offers))}]",
            f"[{','.join(map(_wish, person.seeks))}]",
            "\n".join(person.goals),
            "true" if person.status is Status.LEAVE else "false",
            _names(person.absent, person.status is Status.UNSAID),
        )

    def encoded(self) -> str:
        """As it is put aside."""
        return BREAK.join(self)

    @classmethod
    def decoded(cls, encoded: str) -> Self:
        """The row that was put aside."""
        return cls._make(encoded.split(BREAK))

    def person(self, id_: str, manager_id: str | None) -> PersonText:
        """The person as they are written."""
        return PersonText(
            id_,
            self.employee_number,
            self.name,
            self.email,
            self.department,
            self.job_title,
            self.employee_level,
            self.location,
            self.time_zone,
            self.languages,
            self.hired_on,
            manager_id or "",
            self.working_hours,
            self.offers,
            self.seeks,
            self.goals,
            self.leaving_date,
            self.on_leave,
        )


class GoodRows:
    """Keeps batches of rows aside in the database: a file's people would take more memory than a worker may have."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._keeping: asyncio.Future[str] | None = None

    async def clear(self) -> None:
        """Nothing is kept from now on."""
        await self._connection.execute(_MAKE)
        await self._connection.execute(_CLEAR)

    async def keep(self, batch: int, encoded: Sequence[str]) -> None:
        """Put one batch aside; the database does so while the caller reads on."""
        content = _ROW_BREAK.join(encoded).encode()
        await self.settle()
        self._keeping = asyncio.ensure_future(self._connection.execute(_KEEP, batch, content))
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Return when all that was put aside is there, and the connection free."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            await keeping

    async def kept(self, batch: int) -> list[GoodRow]:
        """One batch again."""
        await self.settle()
        content: bytes = await self._connection.fetchval(_KEPT, batch)
        return [GoodRow.decoded(row) for row in content.decode().split(_ROW_BREAK)]


def admission(encoded: str) -> tuple[int, str, str, str | None, str]:
    """Line, employee number, e-mail address, manager and leaving date of an encoded row, for the rules between rows."""
    line, employee_number, email, manager, leaving_date, _ = encoded.split(BREAK, 5)
    return int(line), employee_number, email, manager or None, leaving_date


@lru_cache(_REMEMBERED)
def _names(columns: frozenset[str], status_unsaid: bool) -> str:
    facts = {_FACT_OF.get(name, name) for name in columns}
    return ",".join(sorted(facts | {"on_leave"} if status_unsaid else facts))


def _leaving_date(person: PersonRow) -> str:
    if person.leaving_date is not None:
        return person.leaving_date.isoformat()
    return LEFT_ON_AN_UNKNOWN_DAY if person.status is Status.LEFT else ""


@lru_cache(_REMEMBERED)
def _offer(skill: SkillLevel) -> str:
    return orjson.dumps({"skill": skill.skill, "level": skill.level}).decode()


@lru_cache(_REMEMBERED)
def _wish(skill: SkillLevel) -> str:
    return orjson.dumps({"skill": skill.skill, "level": skill.level, "priority": 1}).decode()


@lru_cache(_REMEMBERED)
def _hours(hours: WorkingHours) -> str:
    return orjson.dumps({"starts": hours.starts, "ends": hours.ends, "weekdays": hours.weekdays}).decode()
