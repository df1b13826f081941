"""Events as others read them: entries of the log, the cursors between them, and what a reader wants of them."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import orjson

from peerloom_service.problems import BadRequest, Problem

CURSOR: Final = "^[A-Za-z0-9_-]{16}$"
EARLIEST: Final = "earliest"
LATEST: Final = "latest"
_EPOCH: Final = date(1970, 1, 1)


class CursorTooOld(Problem):
    status, title = 410, "The events behind this cursor are no longer kept"


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in an organisation's log: behind its event number `seq`, which was logged on `day`."""

    seq: int
    day: date

    def __str__(self) -> str:
        packed = (self.day - _EPOCH).days.to_bytes(4) + self.seq.to_bytes(8)
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises: BadRequest for what is no cursor of ours."""
        try:
            if not re.fullmatch(CURSOR, text):
                raise ValueError(text)
            packed = base64.urlsafe_b64decode(text)
            return cls(int.from_bytes(packed[4:]), _EPOCH + timedelta(days=int.from_bytes(packed[:4])))
        except (ValueError, OverflowError):
            raise BadRequest(
                f"This is not a cursor that the event log has given out. Send one, or `{EARLIEST}` or `{LATEST}`."
            ) from None


BEGINNING: Final = Cursor(0, _EPOCH)


@dataclass(frozen=True, slots=True)
class Head:
    """How far an organisation's log reaches: its last event, and up to which number events are no longer kept."""

    last: Cursor
    floor: int

    def place(self, after: str) -> Cursor:
        """The place that a reader names: a cursor, `earliest` or `latest`.

        Raises: BadRequest for a place that the log does not have; CursorTooOld where events behind it are gone.
        """
        if after == LATEST:
            return self.last
        if after == EARLIEST:
            return replace(BEGINNING, seq=self.floor)
        cursor = Cursor.parse(after)
        if cursor.seq > self.last.seq:
            raise BadRequest("This cursor lies behind the end of the log: it is not one that your organisation's log gave out.")
        if cursor.seq < self.floor:
            raise CursorTooOld(
                "Events behind this cursor are no longer kept. Read anew from the services what you keep a copy of, then "
                f"follow the log from `{LATEST}`, or from `{EARLIEST}` for all that is kept."
            )
        return cursor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for: events of these types, about this person, of this program. None: all of them."""

    types: frozenset[str] | None = None
    participant_id: UUID | None = None
    program_id: UUID | None = None

    def wants(self, entry: "Logged") -> bool:
        """Whether this one is asked for."""
        return (
            (self.types is None or entry.type in self.types)
            and (self.participant_id is None or self.participant_id in entry.people)
            and (self.program_id is None or self.program_id == entry.program_id)
        )


def narrowed(asked: Wanted, allowed: Wanted) -> Wanted:
    """What is asked for, as far as it is allowed."""
    types = asked.types if allowed.types is None else allowed.types if asked.types is None else asked.types & allowed.types
    for mine, theirs in ((asked.participant_id, allowed.participant_id), (asked.program_id, allowed.program_id)):
        if mine and theirs and mine != theirs:
            return Wanted(types=frozenset())
    return Wanted(types, allowed.participant_id or asked.participant_id, allowed.program_id or asked.program_id)


class Entry(NamedTuple):
    """An event that is to be logged. `document`: CloudEvents 1.0 in JSON, on one line."""

    tenant_id: UUID
    event_id: UUID
    type: str
    subject: str
    people: Sequence[UUID]
    program_id: UUID | None
    document: bytes


class Logged(NamedTuple):
    """An event of the log."""

    seq: int
    day: date
    event_id: UUID
    type: str
    subject: str
    people: Sequence[UUID]
    program_id: UUID | None
    document: bytes

    @property
    def cursor(self) -> Cursor:
        """The place behind it."""
        return Cursor(self.seq, self.day)


class _Concerned(msgspec.Struct):
    """Whom and what an event is about, where it says so by these names."""

    participant_id: UUID | None = None
    participant_ids: tuple[UUID, ...] = ()
    program_id: UUID | None = None


_concerned: Final = msgspec.json.Decoder(_Concerned, strict=False).decode


def entry_of(tenant_id: UUID, event_id: UUID, attributes: Mapping[str, str], data: bytes) -> Entry:
    """An event as it was sent: its attributes, and its data as JSON."""
    try:
        about = _concerned(data)
    except msgspec.ValidationError:  # an event of another release that means something else by these names
        about = _Concerned()
    people = dict.fromkeys([*about.participant_ids, *([about.participant_id] if about.participant_id else [])])
    if b"\n" in data or b"\r" in data:  # only ever between JSON's own tokens
        data = orjson.dumps(orjson.loads(data))
    document = document_of(attributes, data)
    return Entry(tenant_id, event_id, attributes["type"], attributes["partitionkey"], [*people], about.program_id, document)


def document_of(attributes: Mapping[str, str], data: bytes) -> bytes:
    """CloudEvents 1.0 in its JSON format."""
    return orjson.dumps({**attributes, "datacontenttype": "application/json"})[:-1] + b',"data":' + data + b"}"


def today() -> date:
    """The day on which what is logged now is logged, in UTC."""
    return datetime.now(UTC).date()
