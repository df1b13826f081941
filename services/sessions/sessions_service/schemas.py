"""Bodies in and out of sessions' API."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from peerloom_service.http.bodies import Body, Out
from sessions_service.domain import relationships, sessions
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.domain.guides import Agenda, Guide, Part
from sessions_service.domain.relationships import Ending
from sessions_service.slots import Slot
from sessions_service.use_cases.feeds import OpenedFeed

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC), description="With its offset from UTC."),
]


class RelationshipOut(Out):
    """While `state` is `waiting`, the next session has no time yet. `reason` says why: facts about the people or the program
    have not arrived, a time zone is not known, there are no common hours before the program ends, or planning failed and is
    tried again. Without a reason, it is planned at once."""

    id: UUID
    version: int
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    begun_at: datetime
    state: relationships.RelationshipState
    reason: relationships.Reason | None
    at_risk: relationships.Risk | None = Field(description="It may need help: offer its people to close it, or a new date.")
    ending: Ending | None = Field(description="Why it was completed.")
    ended_at: datetime | None

    @classmethod
    def of(cls, relationship: relationships.Relationship) -> Self:
        return cls.model_validate(relationship, from_attributes=True)


class SlotOut(Out):
    starts_at: datetime
    ends_at: datetime


class SlotsOut(Out):
    items: list[SlotOut]

    @classmethod
    def of(cls, slots: list[Slot]) -> Self:
        return cls(items=[SlotOut(starts_at=slot.starts_at, ends_at=slot.ends_at) for slot in slots])


class SessionOut(Out):
    """`match_id` is also the relationship's id. Instants in UTC."""

    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    number: int
    starts_at: datetime
    ends_at: datetime
    state: sessions.SessionState
    absent_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, session: sessions.Session) -> Self:
        return cls.model_validate(session, from_attributes=True)


class Absence(Body):
    absent_ids: tuple[UUID, ...] = Field(min_length=1, max_length=100, description="Participants who did not come.")


class Attendance(Body):
    present_ids: tuple[UUID, ...] = Field(max_length=100, description="Participants who came; nobody: an empty list.")


_By = Annotated[UUID | None, Field(description="The participant who asks for it.")]


class Reschedule(Body):
    starts_at: Moment
    participant_id: _By = None


class Booking(Body):
    starts_at: Moment
    participant_id: _By = None


class Cancellation(Body):
    participant_id: _By = None


class CloseOut(Body):
    reason: Literal[Ending.GOALS_REACHED, Ending.NO_TIME, Ending.NOT_A_FIT, Ending.OTHER]


class CalendarFeedOut(Out):
    """A participant's calendar feed."""

    participant_id: UUID
    version: int
    active: bool = Field(description="Whether there is an address that works.")
    made_at: datetime = Field(description="When its address was last changed.")

    @classmethod
    def of(cls, feed: CalendarFeed) -> Self:
        return cls(participant_id=feed.id, version=feed.version, active=feed.digest is not None, made_at=feed.made_at)


class OpenedCalendarFeedOut(CalendarFeedOut):
    """With its address, which is shown this once."""

    path: str = Field(description="Where calendars read it, on this service's host, without a token: it is the secret.")

    @classmethod
    def opened(cls, opened: OpenedFeed) -> Self:
        return cls(**CalendarFeedOut.of(opened.feed).model_dump(), path=f"/v1/calendar/{opened.secret}.ics")


class AgendaItemOut(Out):
    title: str
    minutes: int
    prompts: tuple[str, ...]


class AgendaOut(Out):
    """What a session is about."""

    session_id: UUID
    guide: str = Field(description="The guide's format.")
    version: int = Field(description="The guide's.")
    language: str
    part: Part
    title: str
    aim: str
    topic_from: UUID | None = Field(description="Whose topic it is today; null: nobody's in particular.")
    items: tuple[AgendaItemOut, ...]

    @classmethod
    def of(cls, agenda: Agenda) -> Self:
        return cls.model_validate(agenda, from_attributes=True)


class GuideOut(Out):
    format: str
    version: int
    language: str
    title: str
    summary: str


class GuidesOut(Out):
    items: list[GuideOut]

    @classmethod
    def of(cls, guides: Iterable[Guide]) -> Self:
        return cls(items=[GuideOut.model_validate(guide, from_attributes=True) for guide in guides])


class TestClock(Body):
    """What time it is for the organisation."""

    now: Moment


class TestClockOut(Out):
    now: datetime
