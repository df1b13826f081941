"""Feedback's tables."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from feedback_service import domain
from peerloom_service.storage.tables import TenantColumns


class Base(SQLModel, registry=registry()):
    """Feedback's tables; a registry of its own lets two services live in one process."""


class SurveyRow(TenantColumns, Base, table=True):
    __tablename__ = "survey"
    __entity__ = domain.Survey
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
    __tablename__ = "response"
    __entity__ = domain.Response
    __conflicts__: ClassVar = {"response_survey_key": domain.SurveyAnswered}
    __table_args__ = (
        UniqueConstraint("tenant_id", "survey_id", name="response_survey_key"),
        ForeignKeyConstraint(["tenant_id", "survey_id"], ["survey.tenant_id", "survey.id"]),
        Index("response_program", "tenant_id", "program_id", "id"),
        Index("response_participant", "tenant_id", "participant_id", "id"),
        Index("response_match", "tenant_id", "match_id", "id"),
        Index("response_session", "tenant_id", "session_id", "id"),
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
