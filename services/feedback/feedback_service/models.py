"""Feedback's tables."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from feedback_service.domain.concerns import Concern
from feedback_service.domain.recognition import Kudos
from feedback_service.domain.relationships import Relationship
from feedback_service.domain.surveys import Response, Survey, SurveyAnswered
from peerloom_service.storage.tables import TenantColumns


class Base(SQLModel, registry=registry()):
    """Feedback's tables; a registry of its own lets two services live in one process."""


class SurveyRow(TenantColumns, Base, table=True):
    __tablename__ = "survey"
    __entity__ = Survey
    __table_args__ = (
        UniqueConstraint("tenant_id", "session_id", "participant_id", name="survey_participant_key"),
        Index("survey_program", "tenant_id", "program_id", "id"),
        Index("survey_participant", "tenant_id", "participant_id", "id"),
        Index("survey_match", "tenant_id", "match_id", "id"),
    )

    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    requested_at: datetime
    state: str = Field(sa_type=Text)


class ResponseRow(TenantColumns, Base, table=True):
    """`released_at`: since when it counts in the results of its program."""

    __tablename__ = "response"
    __entity__ = Response
    __conflicts__: ClassVar = {"response_survey_key": SurveyAnswered}
    __table_args__ = (
        UniqueConstraint("tenant_id", "survey_id", name="response_survey_key"),
        ForeignKeyConstraint(["tenant_id", "survey_id"], ["survey.tenant_id", "survey.id"]),
        Index("response_program", "tenant_id", "program_id", "id"),
        Index("response_participant", "tenant_id", "participant_id", "id"),
        Index("response_match", "tenant_id", "match_id", "id"),
        Index("response_session", "tenant_id", "session_id", "id"),
        Index("response_unreleased", "tenant_id", "program_id", "participant_id", postgresql_where=text("released_at IS NULL")),
    )

    survey_id: UUID
    session_id: UUID
    match_id: UUID
    program_id: UUID
    participant_id: UUID
    usefulness: int = Field(sa_type=SmallInteger)
    learned_something: bool
    meet_again: bool
    comment: str | None = Field(sa_type=Text)
    submitted_at: datetime
    released_at: datetime | None


class RelationshipRow(TenantColumns, Base, table=True):
    """A copy of what matching publishes of a confirmed match."""

    __tablename__ = "relationship"
    __entity__ = Relationship

    program_id: UUID
    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))


class KudosRow(TenantColumns, Base, table=True):
    __tablename__ = "kudos"
    __entity__ = Kudos
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "match_id"], ["relationship.tenant_id", "relationship.id"]),
        Index("kudos_receiver", "tenant_id", "receiver_id", "id"),
        Index("kudos_giver", "tenant_id", "giver_id", "id"),
        Index("kudos_program", "tenant_id", "program_id", "id"),
    )

    match_id: UUID
    program_id: UUID
    giver_id: UUID
    receiver_id: UUID
    text: str = Field(sa_type=Text)
    shared: bool
    given_at: datetime


class ConcernRow(TenantColumns, Base, table=True):
    __tablename__ = "concern"
    __entity__ = Concern
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "match_id"], ["relationship.tenant_id", "relationship.id"]),
        Index("concern_program", "tenant_id", "program_id", "id"),
    )

    match_id: UUID
    program_id: UUID
    participant_id: UUID
    text: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    raised_at: datetime
