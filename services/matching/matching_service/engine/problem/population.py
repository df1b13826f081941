"""A snapshot of the people to be matched, as arrays: what the engine reads, and the hash that says it read the same."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.core.packing import packed, unpacked
from matching_service.engine.core.types import Int32Array, Int64Array, UInt8Array, UInt64Array
from matching_service.engine.problem.availability import HOURS_PER_WEEK, OFFICE_HOURS, WorkingHours, weekly_hours

Scalar = TypeVar("Scalar", bound=np.generic)

LEVELS: Final = range(1, 6)
UNKNOWN: Final = -1
"""The code of an unknown department or location."""

_START: Final = "_start"
"""How the names of those arrays end which say where each person's entries begin."""

_WORD: Final = 64
_HOUR_WORDS: Final = -(-HOURS_PER_WEEK // _WORD)
_NOBODY: Mapping[UUID, UUID] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill somebody offers, at a level from 1 (a beginner) to 5 (an authority)."""

    name: str
    level: int

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"Skill {self.name!r}: level {self.level} is not within 1 to 5.")


@dataclass(frozen=True, slots=True)
class SoughtSkill:
    """A skill somebody wants to learn: up to level ``wanted``, from level ``own`` (0: none of it yet).

    ``priority`` weighs it against the other skills of the same person.
    """

    skill: str
    wanted: int = 5
    own: int = 0
    priority: int = 1

    def __post_init__(self) -> None:
        if self.wanted not in LEVELS or self.own not in range(6):
            raise ValueError(f"Sought skill {self.skill!r}: wanted must be 1 to 5 and own 0 to 5.")
        if not 1 <= self.priority <= 1000:
            raise ValueError(f"Sought skill {self.skill!r}: priority {self.priority} is not within 1 to 1000.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One participant, without a name.

    ``goals``: what the person wants to develop; a goal that is also the name of a skill lets the engine see who is
    experienced in it. ``level``: job level. ``excluded``: everyone the person must not be paired with, be it a
    do-not-match request, an earlier proposal or an earlier match; it works in both directions. ``seats``: how many more
    people the person may be matched with, 0 for none; peers are in one pair at most, however many seats they have.
    """

    id: UUID
    offers: tuple[Skill, ...] = ()
    seeks: tuple[SoughtSkill, ...] = ()
    goals: tuple[str, ...] = ()
    level: int = 1
    department: str | None = None
    location: str | None = None
    time_zone: str = "UTC"
    working_hours: WorkingHours = OFFICE_HOURS
    languages: tuple[str, ...] = ("en",)
    manager_id: UUID | None = None
    excluded: frozenset[UUID] = frozenset()
    seats: int = 1

    def __post_init__(self) -> None:
        for what, names in (
            ("offers the skill", [skill.name for skill in self.offers]),
            ("seeks the skill", [sought.skill for sought in self.seeks]),
            ("has the goal", list(self.goals)),
            ("speaks", list(self.languages)),
        ):
            if len(set(names)) < len(names):
                twice = min(name for name in names if names.count(name) > 1)
                raise ValueError(f"Person {self.id} {what} {twice!r} twice.")
        if not 0 <= self.level <= 1000:
            raise ValueError(f"Person {self.id}: job level {self.level} is not within 0 to 1000.")
        if not 0 <= self.seats < 2**63:
            raise ValueError(f"Person {self.id}: {self.seats} is no number of seats; who has none left has 0.")


@dataclass(frozen=True, slots=True)
class Member:
    """One person as the snapshot holds them: ``hours`` is a 168-bit mask of UTC hours, ``managers_above``: nearest first."""

    id: UUID
    offers: tuple[Skill, ...]
    seeks: tuple[SoughtSkill, ...]
    goals: tuple[str, ...]
    level: int
    department: str | None
    location: str | None
    hours: int
    languages: tuple[str, ...]
    managers_above: tuple[UUID, ...]
    excluded: frozenset[UUID]
    seats: int


@dataclass(frozen=True, eq=False)
class Population:
    """Everyone to be matched, in the order of their ids. Make it with ``Population.of``.

    Names are codes: positions in a sorted list of names. What somebody has several of lies flat: person ``p`` has the
    entries from ``…_start[p]`` up to ``…_start[p + 1]``, sorted by code.

    ``ids``: 16 bytes each. ``hours``: the UTC hours of the week of ``reference_date`` as three 64-bit words, Monday
    00:00 in the lowest bit. ``languages``: one bit for each of ``language_names``. ``line``: the managers above,
    nearest first; a manager who takes part is their position, another one is ``len(self)`` plus a position in
    ``outsiders``. ``excluded``: positions, and always in both directions.
    """

    reference_date: date
    skill_names: tuple[str, ...]
    department_names: tuple[str, ...]
    location_names: tuple[str, ...]
    language_names: tuple[str, ...]
    ids: UInt8Array
    outsiders: UInt8Array
    offer_start: Int64Array
    offer_skill: Int32Array
    offer_level: UInt8Array
    seek_start: Int64Array
    seek_skill: Int32Array
    seek_wanted: UInt8Array
    seek_own: UInt8Array
    seek_priority: Int32Array
    goal_start: Int64Array
    goal: Int32Array
    level: Int32Array
    department: Int32Array
    location: Int32Array
    hours: UInt64Array
    languages: UInt64Array
    line_start: Int64Array
    line: Int32Array
    excluded_start: Int64Array
    excluded: Int32Array
    seats: Int64Array

    @classmethod
    def of(cls, people: Iterable[Person], reference_date: date, managers: Mapping[UUID, UUID] = _NOBODY) -> Population:
        """A snapshot of ``people``, whose working hours are compared in the week of ``reference_date``.

        ``managers`` gives the manager of people who do not take part themselves; without it a reporting line ends
        at the first manager who does not. Raises: ValueError for a person given twice or an unknown time zone.
        """
        ordered = sorted(people, key=lambda person: person.id)
        for one, other in itertools.pairwise(ordered):
            if one.id == other.id:
                raise ValueError(f"Person {one.id} is in the population twice.")
        position = {person.id: index for index, person in enumerate(ordered)}
        above = dict(managers) | {person.id: person.manager_id for person in ordered if person.manager_id}
        lines = [_line(person.id, above) for person in ordered]
        outsiders = sorted({manager for line in lines for manager in line if manager not in position})
        place = position | {outsider: len(ordered) + index for index, outsider in enumerate(outsiders)}
        skills = _codes(
            itertools.chain.from_iterable((*(s.name for s in p.offers), *(s.skill for s in p.seeks), *p.goals) for p in ordered)
        )
        departments = _codes(person.department for person in ordered if person.department is not None)
        locations = _codes(person.location for person in ordered if person.location is not None)
        spoken = _codes(itertools.chain.from_iterable(person.languages for person in ordered))
        offers = [sorted((skills[skill.name], skill.level) for skill in person.offers) for person in ordered]
        seeks = [sorted((skills[s.skill], s.wanted, s.own, s.priority) for s in person.seeks) for person in ordered]
        goals = [sorted(skills[goal] for goal in person.goals) for person in ordered]
        excluded = _both_ways(position, ordered)
        return cls(
            reference_date=reference_date,
            skill_names=tuple(skills),
            department_names=tuple(departments),
            location_names=tuple(locations),
            language_names=tuple(spoken),
            ids=_id_bytes(person.id for person in ordered),
            outsiders=_id_bytes(outsiders),
            offer_start=_starts(offers),
            offer_skill=_flat((skill for of_one in offers for skill, _ in of_one), np.int32),
            offer_level=_flat((level for of_one in offers for _, level in of_one), np.uint8),
            seek_start=_starts(seeks),
            seek_skill=_flat((sought[0] for of_one in seeks for sought in of_one), np.int32),
            seek_wanted=_flat((sought[1] for of_one in seeks for sought in of_one), np.uint8),
            seek_own=_flat((sought[2] for of_one in seeks for sought in of_one), np.uint8),
            seek_priority=_flat((sought[3] for of_one in seeks for sought in of_one), np.int32),
            goal_start=_starts(goals),
            goal=_flat((goal for of_one in goals for goal in of_one), np.int32),
            level=_flat((person.level for person in ordered), np.int32),
            department=_flat((UNKNOWN if p.department is None else departments[p.department] for p in ordered), np.int32),
            location=_flat((UNKNOWN if p.location is None else locations[p.location] for p in ordered), np.int32),
            hours=_words([weekly_hours(p.time_zone, p.working_hours, reference_date) for p in ordered], _HOUR_WORDS),
            languages=_words(
                [sum(1 << spoken[language] for language in person.languages) for person in ordered],
                max(1, -(-len(spoken) // _WORD)),
            ),
            line_start=_starts(lines),
            line=_flat((place[manager] for line in lines for manager in line), np.int32),
            excluded_start=_starts(excluded),
            excluded=_flat((other for of_one in excluded for other in of_one), np.int32),
            seats=_flat((person.seats for person in ordered), np.int64),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def id(self, position: int) -> UUID:
        """Who stands at a position."""
        return UUID(bytes=self.ids[position].tobytes())

    @cached_property
    def index(self) -> dict[UUID, int]:
        """Where each person stands."""
        return {self.id(position): position for position in range(len(self))}

    def member(self, position: int) -> Member:
        """Everything the snapshot holds of one person."""
        offers = slice(*self.offer_start[position : position + 2])
        seeks = slice(*self.seek_start[position : position + 2])
        goals = slice(*self.goal_start[position : position + 2])
        line = slice(*self.line_start[position : position + 2])
        excluded = slice(*self.excluded_start[position : position + 2])
        names = self.skill_names
        spoken = _number(self.languages[position])
        return Member(
            id=self.id(position),
            offers=tuple(
                Skill(names[skill], int(level))
                for skill, level in zip(self.offer_skill[offers], self.offer_level[offers], strict=True)
            ),
            seeks=tuple(
                SoughtSkill(names[skill], int(wanted), int(own), int(priority))
                for skill, wanted, own, priority in zip(
                    self.seek_skill[seeks],
                    self.seek_wanted[seeks],
                    self.seek_own[seeks],
                    self.seek_priority[seeks],
                    strict=True,
                )
            ),
            goals=tuple(names[goal] for goal in self.goal[goals]),
            level=int(self.level[position]),
            department=_name(self.department_names, int(self.department[position])),
            location=_name(self.location_names, int(self.location[position])),
            hours=_number(self.hours[position]),
            languages=tuple(name for bit, name in enumerate(self.language_names) if spoken >> bit & 1),
            managers_above=tuple(self._manager(int(code)) for code in self.line[line]),
            excluded=frozenset(self.id(other) for other in self.excluded[excluded].tolist()),
            seats=int(self.seats[position]),
        )

    def _manager(self, code: int) -> UUID:
        return self.id(code) if code < len(self) else UUID(bytes=self.outsiders[code - len(self)].tobytes())

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over everything the engine reads: the names, then every array in the order declared.

        Seats count where somebody has more or fewer than one, so that other populations keep the hash they had before.
        The computed hours are part of it: two machines with different time zone data give different hashes rather
        than different answers under one hash.
        """
        digest = hashlib.sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "seats" and (value == 1).all():
                continue
            if isinstance(value, np.ndarray):
                digest.update(f"{field.name}{value.shape}".encode())
                digest.update(np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes())
            elif isinstance(value, tuple):
                digest.update(json.dumps([field.name, *value]).encode())
        return digest.hexdigest()

    def to_bytes(self) -> bytes:
        """A line of JSON and the arrays behind it, some 100 bytes a person; equal populations give equal bytes."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        lengths = {name: np.diff(array) for name, array in arrays.items() if name.endswith(_START)}
        layout, content = packed(arrays | lengths)
        header: dict[str, Any] = {name: value for name, value in values.items() if isinstance(value, tuple)}
        header |= {"reference_date": self.reference_date.isoformat(), "hash": self.hash, "arrays": layout}
        return b"".join((json.dumps(header, separators=(",", ":")).encode(), b"\n", content))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """What ``to_bytes`` wrote. Raises: ValueError when it is something else, or has another hash than it says."""
        try:
            line = stored.index(b"\n")
            header = json.loads(stored[:line])
            layout, stored_hash, on = header.pop("arrays"), header.pop("hash"), date.fromisoformat(header.pop("reference_date"))
            values: dict[str, Any] = {name: tuple(names) for name, names in header.items()}
            values |= unpacked(layout, stored, line + 1)
            for name in values:
                if name.endswith(_START):
                    values[name] = np.concatenate(([0], np.cumsum(values[name], dtype=np.int64)))
            population = cls(reference_date=on, **values)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"These are not the bytes of a population: {error!r}.") from error
        if population.hash != stored_hash:
            raise ValueError("The population is not the one that was stored: its hash is another one.")
        return population


def _line(person: UUID, above: Mapping[UUID, UUID]) -> tuple[UUID, ...]:
    """The managers above a person, nearest first; a circle of managers ends where it closes."""
    line: dict[UUID, None] = {}
    manager = above.get(person)
    while manager is not None and manager != person and manager not in line:
        line[manager] = None
        manager = above.get(manager)
    return tuple(line)


def _both_ways(position: Mapping[UUID, int], ordered: list[Person]) -> list[list[int]]:
    """Whom each person must not be matched with, because one of the two excludes the other; only those who take part count."""
    excluded: list[set[int]] = [set() for _ in ordered]
    for here, person in enumerate(ordered):
        for other in person.excluded:
            there = position.get(other)
            if there is not None and there != here:
                excluded[here].add(there)
                excluded[there].add(here)
    return [sorted(of_one) for of_one in excluded]


def _codes(names: Iterable[str]) -> dict[str, int]:
    """A code for each distinct name, in the order of the names."""
    return {name: code for code, name in enumerate(sorted(set(names)))}


def _name(names: tuple[str, ...], code: int) -> str | None:
    return None if code == UNKNOWN else names[code]


def _id_bytes(ids: Iterable[UUID]) -> UInt8Array:
    return np.frombuffer(b"".join(one.bytes for one in ids), dtype=np.uint8).reshape(-1, 16)


def _starts(lists: Iterable[Sized]) -> Int64Array:
    return np.concatenate(([0], np.cumsum([len(of_one) for of_one in lists], dtype=np.int64))).astype(np.int64)


def _flat(values: Iterable[int], dtype: type[Scalar]) -> NDArray[Scalar]:
    return np.fromiter(values, dtype=dtype)


def _words(masks: list[int], width: int) -> UInt64Array:
    """Wide bit masks as rows of 64-bit words, the lowest word first."""
    low = (1 << _WORD) - 1
    flat = np.fromiter((mask >> _WORD * word & low for mask in masks for word in range(width)), dtype=np.uint64)
    return flat.reshape(-1, width)


def _number(words: UInt64Array) -> int:
    return sum(int(word) << _WORD * place for place, word in enumerate(words))
