"""Sessions' tables."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Interval, SmallInteger, Text, UniqueConstraint, Uuid, column, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from peerloom_service.storage.tables import TenantColumns
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.domain.people import Participant, Program
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.sessions import Session
from sessions_service.domain.together import ActionItem, CheckIn, Note


class Base(SQLModel, registry=registry()):
    """Sessions' tables; a registry of its own lets two services live in one process."""


class ParticipantRow(TenantColumns, Base, table=True):
    """A copy of what profile publishes about people. Whoever books for people locks their rows first."""

    __tablename__ = "participant"
    __entity__ = Participant

    time_zone: str = Field(sa_type=Text)
    working_hours: dict[str, Any] = Field(sa_type=JSONB)
    leaving_on: date | None
    on_leave: bool = Field(sa_column_kwargs={"server_default": text("false")})


class ProgramRow(TenantColumns, Base, table=True):
    """A copy of what profile publishes about programs."""

    __tablename__ = "program"
    __entity__ = Program

    session_minutes: int = Field(sa_type=SmallInteger)
    cadence_days: int = Field(sa_type=SmallInteger)
    starts_on: date
    ends_on: date
    format: str | None = Field(sa_type=Text)


class RelationshipRow(TenantColumns, Base, table=True):
    """`due_at`: when the job plans for a waiting one again, by the real clock; `tries`: how often it has tried in vain."""

    __tablename__ = "relationship"
    __entity__ = Relationship
    __table_args__ = (
        Index("relationship_list", "tenant_id", "program_id", "id"),
        Index("relationship_people", "participant_ids", postgresql_using="gin"),
        Index("relationship_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index(
            "relationship_waiting_people",
            "participant_ids",
            postgresql_using="gin",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    program_id: UUID
    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    begun_at: datetime
    state: str = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    at_risk: str | None = Field(sa_type=Text)
    ending: str | None = Field(sa_type=Text)
    ended_at: datetime | None
    due_at: datetime = Field(sa_column_kwargs={"server_default": func.now()})
    tries: int = Field(sa_column_kwargs={"server_default": text("0")})


class SessionRow(TenantColumns, Base, table=True):
    __tablename__ = "session"
    __entity__ = Session
    __table_args__ = (
        UniqueConstraint("tenant_id", "match_id", "number", name="session_number_key"),
        Index("session_list", "tenant_id", "program_id", "id"),
        Index("session_people", "participant_ids", postgresql_using="gin"),
    )

    match_id: UUID
    program_id: UUID
    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    number: int
    starts_at: datetime
    ends_at: datetime
    state: str = Field(sa_type=Text)
    absent_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))


class BookingRow(Base, table=True):
    """Time of a person that a session takes; the constraint is why nobody is ever in two sessions at once.

    `holds` until the person turns out not to have been there.
    """

    __tablename__ = "booking"
    __table_args__ = (
        ExcludeConstraint(
            (column("tenant_id"), "="),
            (column("participant_id"), "="),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            name="booking_no_overlap",
            using="gist",
            where=text("holds"),
        ),
        Index("booking_of_person", "tenant_id", "participant_id", "ends_at"),
    )

    tenant_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    starts_at: datetime
    ends_at: datetime
    holds: bool


class CalendarFeedRow(TenantColumns, Base, table=True):
    """By participant. The digest finds the organisation too: whoever reads a feed has no token."""

    __tablename__ = "calendar_feed"
    __entity__ = CalendarFeed
    __table_args__ = (UniqueConstraint("digest", name="calendar_feed_digest_key"),)

    digest: bytes | None
    made_at: datetime


class ActionItemRow(TenantColumns, Base, table=True):
    __tablename__ = "action_item"
    __entity__ = ActionItem
    __table_args__ = (
        Index("action_item_match", "tenant_id", "match_id", "id"),
        Index("action_item_owner", "tenant_id", "owner_id", "id"),
    )

    match_id: UUID
    owner_id: UUID
    text: str = Field(sa_type=Text)
    due_on: date | None
    state: str = Field(sa_type=Text)
    made_at: datetime


class NoteRow(TenantColumns, Base, table=True):
    """Private to its author: every statement that reads it names them."""

    __tablename__ = "note"
    __entity__ = Note
    __table_args__ = (Index("note_author", "tenant_id", "author_id", "id"),)

    match_id: UUID
    author_id: UUID
    text: str = Field(sa_type=Text)
    written_at: datetime


class CheckInRow(TenantColumns, Base, table=True):
    __tablename__ = "check_in"
    __entity__ = CheckIn
    __table_args__ = (
        Index("check_in_match", "tenant_id", "match_id", "id"),
        Index("check_in_participant", "tenant_id", "participant_id", "id"),
        Index("check_in_program", "tenant_id", "program_id", "id"),
    )

    match_id: UUID
    program_id: UUID
    participant_id: UUID
    mood: int = Field(sa_type=SmallInteger)
    progress: str | None = Field(sa_type=Text)
    recorded_at: datetime


class TestClockRow(Base, table=True):
    """How far an organisation's clock is put forward, where integrators may try the months ahead."""

    __tablename__ = "test_clock"

    tenant_id: UUID = Field(primary_key=True)
    ahead: timedelta = Field(sa_type=Interval)
