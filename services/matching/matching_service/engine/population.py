"""A snapshot of the people to be matched: what the engine reads, and the hash that says it read the same."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

from matching_service.engine.availability import OFFICE_HOURS, WorkingHours, weekly_hours

LEVELS = range(1, 6)
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
class Seek:
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
    do-not-match wish, an earlier proposal or an earlier match; it works in both directions.
    """

    id: UUID
    offers: tuple[Skill, ...] = ()
    seeks: tuple[Seek, ...] = ()
    goals: tuple[str, ...] = ()
    level: int = 1
    department: str | None = None
    location: str | None = None
    time_zone: str = "UTC"
    working_hours: WorkingHours = OFFICE_HOURS
    languages: tuple[str, ...] = ("en",)
    manager_id: UUID | None = None
    excluded: frozenset[UUID] = frozenset()

    def __post_init__(self) -> None:
        for what, names in (
            ("offers the skill", [skill.name for skill in self.offers]),
            ("seeks the skill", [seek.skill for seek in self.seeks]),
            ("has the goal", list(self.goals)),
            ("speaks", list(self.languages)),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"Person {self.id} {what} {twice[0]!r} twice.")
        if not 0 <= self.level <= 1000:
            raise ValueError(f"Person {self.id}: job level {self.level} is not within 0 to 1000.")


@dataclass(frozen=True)
class Population:
    """Everyone to be matched, in the order of their ids. Make it with ``Population.of``.

    ``availability``: a 168-bit mask of UTC working hours for each person, for the week of ``reference_date``.
    ``lines``: for each person the managers above, nearest first, up to the top.
    """

    people: tuple[Person, ...]
    reference_date: date
    availability: tuple[int, ...]
    lines: tuple[tuple[UUID, ...], ...]

    @classmethod
    def of(cls, people: Iterable[Person], reference_date: date, managers: Mapping[UUID, UUID] = _NOBODY) -> Population:
        """A snapshot of ``people``, whose working hours are compared in the week of ``reference_date``.

        ``managers`` gives the manager of people who do not take part themselves; without it a reporting line ends
        at the first manager who does not. Raises: ValueError for a person given twice or an unknown time zone.
        """
        ordered = tuple(sorted(people, key=lambda person: person.id))
        for one, other in itertools.pairwise(ordered):
            if one.id == other.id:
                raise ValueError(f"Person {one.id} is in the population twice.")
        above = dict(managers) | {person.id: person.manager_id for person in ordered if person.manager_id}
        return cls(
            people=ordered,
            reference_date=reference_date,
            availability=tuple(weekly_hours(p.time_zone, p.working_hours, reference_date) for p in ordered),
            lines=tuple(_line(person.id, above) for person in ordered),
        )

    def __len__(self) -> int:
        return len(self.people)

    @cached_property
    def index(self) -> dict[UUID, int]:
        """Where each person stands in ``people``."""
        return {person.id: position for position, person in enumerate(self.people)}

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over canonical JSON of everything the engine reads.

        The computed hours are part of it: two machines with different time zone data give different hashes rather
        than different answers under one hash.
        """
        content = [
            _canonical(person, hours, line)
            for person, hours, line in zip(self.people, self.availability, self.lines, strict=True)
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _line(person: UUID, above: Mapping[UUID, UUID]) -> tuple[UUID, ...]:
    """The managers above a person, nearest first; a circle of managers ends where it closes."""
    line: list[UUID] = []
    manager = above.get(person)
    while manager is not None and manager != person and manager not in line:
        line.append(manager)
        manager = above.get(manager)
    return tuple(line)


def _canonical(person: Person, hours: int, line: tuple[UUID, ...]) -> dict[str, Any]:
    return {
        "id": str(person.id),
        "offers": sorted([skill.name, skill.level] for skill in person.offers),
        "seeks": sorted([seek.skill, seek.wanted, seek.own, seek.priority] for seek in person.seeks),
        "goals": sorted(person.goals),
        "level": person.level,
        "department": person.department,
        "location": person.location,
        "hours": f"{hours:042x}",
        "languages": sorted(person.languages),
        "line": [str(manager) for manager in line],
        "excluded": sorted(str(other) for other in person.excluded),
    }
