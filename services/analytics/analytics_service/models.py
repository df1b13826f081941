"""Analytics' tables: one row for each fact, as its newest event states it. Figures are queries over them.

No foreign keys: events of different topics arrive in any order, and what came early is kept.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from peerloom_service.storage.tables import TenantColumns


class Base(SQLModel, registry=registry()):
    """Analytics' tables; a registry of its own lets two services live in one process."""


class ParticipantRow(TenantColumns, Base, table=True):
    __tablename__ = "participant"


class ProgramRow(TenantColumns, Base, table=True):
    __tablename__ = "program"

    format: str = Field(sa_type=Text)
    goal: str = Field(sa_type=Text)
    metric: str = Field(sa_type=Text)
    starts_on: date
    ends_on: date


class EnrolmentRow(TenantColumns, Base, table=True):
    __tablename__ = "enrolment"
    __table_args__ = (Index("enrolment_program", "tenant_id", "program_id", "participant_id"),)

    program_id: UUID
    participant_id: UUID


class MatchRunRow(TenantColumns, Base, table=True):
    """Result columns are empty until the run is completed."""

    __tablename__ = "match_run"
    __table_args__ = (Index("match_run_program", "tenant_id", "program_id", "state", "id"),)

    program_id: UUID
    state: str = Field(sa_type=Text)
    people: int | None
    pairs: int | None
    trios: int | None
    unmatched: int | None
    value: int | None = Field(sa_type=BigInteger)
    upper_bound: int | None = Field(sa_type=BigInteger)


class MatchRow(TenantColumns, Base, table=True):
    __tablename__ = "match"
    __table_args__ = (Index("match_program", "tenant_id", "program_id", "state"),)

    program_id: UUID
    state: str = Field(sa_type=Text)
    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))


class AcceptanceRow(Base, table=True):
    """One participant's acceptance. Apart from the match: it does not end a proposal, so it must not hide what did."""

    __tablename__ = "acceptance"
    __table_args__ = (Index("acceptance_program", "tenant_id", "program_id"),)

    tenant_id: UUID = Field(primary_key=True)
    match_id: UUID = Field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    version: int
    program_id: UUID


class SessionRow(TenantColumns, Base, table=True):
    __tablename__ = "session"
    __table_args__ = (Index("session_program", "tenant_id", "program_id", "state"),)

    program_id: UUID
    state: str = Field(sa_type=Text)


class RelationshipRow(TenantColumns, Base, table=True):
    """Kept from the first event that tells more of a relationship than its match does."""

    __tablename__ = "relationship"
    __table_args__ = (Index("relationship_program", "tenant_id", "program_id", "state"),)

    program_id: UUID
    state: str = Field(sa_type=Text)


class SurveyRow(TenantColumns, Base, table=True):
    """Answer columns are empty until the survey is answered."""

    __tablename__ = "survey"
    __table_args__ = (Index("survey_program", "tenant_id", "program_id"),)

    program_id: UUID
    usefulness: int | None = Field(sa_type=SmallInteger)
    learned_something: bool | None
    meet_again: bool | None


class EventCountRow(Base, table=True):
    """How many events of a type were handled. Spread over slots: see `sql.COUNT`."""

    __tablename__ = "event_count"

    tenant_id: UUID = Field(primary_key=True)
    type: str = Field(primary_key=True, sa_type=Text)
    slot: int = Field(primary_key=True, sa_type=SmallInteger)
    events: int = Field(sa_type=BigInteger)
