"""What matching reads of a participant: all of it, as the JSON it is kept as.

`ParticipantFacts` makes an object of each skill. Of the time an event takes here, making them and writing them out again was a
third. That these are the fields of the event, with its bounds, is tested.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from peerloom_events import Fact


class Offer(TypedDict):
    """A skill somebody can help with."""

    skill: str
    level: Annotated[int, Field(ge=1, le=5)]


class Wish(TypedDict):
    """A skill somebody wants to learn."""

    skill: str
    level: Annotated[int, Field(ge=0, le=5)]
    priority: Annotated[int, Field(default=1, ge=1, le=3)]


class Hours(TypedDict):
    """When somebody works."""

    starts: Annotated[int, Field(ge=0, le=1440)]
    ends: Annotated[int, Field(ge=0, le=1440)]
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(default=(1, 2, 3, 4, 5))]


class Facts(TypedDict):
    """A person as they are matched."""

    employee_level: Annotated[int, Field(ge=1)]
    department: str
    job_title: str
    location: str
    time_zone: str
    languages: tuple[str, ...]
    hired_on: date
    manager_id: UUID | None
    working_hours: Hours
    offers: tuple[Offer, ...]
    seeks: tuple[Wish, ...]
    goals: tuple[str, ...]


class KnownPerson(Fact):
    """A person, said to be like this."""

    version: int = Field(ge=1)
    participant_id: UUID
    facts: Facts
