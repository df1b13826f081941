"""What matching reads of a participant: all of it, to be kept as JSON. That these are the fields of the event, with its bounds,
is tested.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class OfferedSkill(Struct, frozen=True):
    """A skill somebody can help with."""

    skill: str
    level: Annotated[int, Meta(ge=1, le=5)]


class SoughtSkill(Struct, frozen=True):
    """A skill somebody wants to learn."""

    skill: str
    level: Annotated[int, Meta(ge=0, le=5)]
    priority: Annotated[int, Meta(ge=1, le=3)] = 1


class Hours(Struct, frozen=True):
    """When somebody works."""

    starts: Annotated[int, Meta(ge=0, le=1440)]
    ends: Annotated[int, Meta(ge=0, le=1440)]
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)


class Facts(Struct, frozen=True):
    """A person as they are matched."""

    employee_level: Annotated[int, Meta(ge=1)]
    department: str
    job_title: str
    location: str
    time_zone: str
    languages: tuple[str, ...]
    hired_on: date
    manager_id: UUID | None
    working_hours: Hours
    offers: tuple[OfferedSkill, ...]
    seeks: tuple[SoughtSkill, ...]
    goals: tuple[str, ...]
    leaving_on: date | None = None
    on_leave: bool = False


class KnownPerson(Struct, frozen=True):
    """A participant, as profile publishes one."""

    version: Annotated[int, Meta(ge=1)]
    participant_id: UUID
    facts: Facts
