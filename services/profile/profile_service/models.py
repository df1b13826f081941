"""Profile's tables."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from peerloom_service.storage.tables import TenantColumns
from profile_service import domain, domain_access


class Base(SQLModel, registry=registry()):
    """Profile's tables; a registry of its own lets two services live in one process."""


class OrganisationRow(TenantColumns, Base, table=True):
    __tablename__ = "organisation"
    __entity__ = domain.Organisation

    name: str = Field(sa_type=Text)
    created_at: datetime
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})


class IssuerRow(TenantColumns, Base, table=True):
    __tablename__ = "issuer"
    __entity__ = domain_access.Issuer
    __conflicts__: ClassVar = {"issuer_meaning_key": domain_access.IssuerTaken}

    created_at: datetime
    issuer: str = Field(sa_type=Text)
    audience: str = Field(sa_type=Text)
    organisation_claim: str | None = Field(sa_type=Text)
    organisation_value: str | None = Field(sa_type=Text)
    participant_claim: str = Field(sa_type=Text)
    participant_key: str = Field(sa_type=Text)
    scopes_claim: str | None = Field(sa_type=Text)
    roles_claim: str | None = Field(sa_type=Text)
    roles: dict[str, Any] = Field(sa_type=JSONB)
    token_kind: str = Field(sa_type=Text)
    removed_at: datetime | None


class LinkRow(TenantColumns, Base, table=True):
    __tablename__ = "account_link"
    __entity__ = domain_access.Link
    __conflicts__: ClassVar = {
        "account_link_subject_key": domain_access.AccountLinked,
        "account_link_participant_key": domain_access.AccountLinked,
    }

    created_at: datetime
    issuer_id: UUID
    participant_id: UUID
    subject_id: UUID
    removed_at: datetime | None


class GrantRow(TenantColumns, Base, table=True):
    __tablename__ = "role_grant"
    __entity__ = domain_access.Grant
    __conflicts__: ClassVar = {"role_grant_key": domain_access.GrantedAlready}

    created_at: datetime
    participant_id: UUID
    role: str = Field(sa_type=Text)
    program_id: UUID | None
    removed_at: datetime | None


class PartnershipRow(TenantColumns, Base, table=True):
    __tablename__ = "partnership"
    __entity__ = domain_access.Partnership

    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    over: bool


class ParticipantRow(TenantColumns, Base, table=True):
    __tablename__ = "participant"
    __entity__ = domain.Participant
    __conflicts__: ClassVar = {
        "participant_employee_number_key": domain.EmployeeNumberTaken,
        "participant_email_key": domain.EmailTaken,
        "participant_email_in_any_case_key": domain.EmailTaken,
    }
    __table_args__ = (
        UniqueConstraint("tenant_id", "employee_number", name="participant_employee_number_key"),
        Index(
            "participant_email_key", "tenant_id", "email", unique=True, postgresql_where=text("NOT has_left AND email <> ''")
        ),
        Index("participant_leaving", "leaving_on", postgresql_where=text("NOT has_left AND leaving_on IS NOT NULL")),
    )

    employee_number: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    department: str = Field(sa_type=Text)
    job_title: str = Field(sa_type=Text)
    employee_level: int = Field(sa_type=SmallInteger)
    location: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    languages: list[str] = Field(sa_type=ARRAY(Text))
    hired_on: date
    manager_id: UUID | None
    working_hours: dict[str, Any] = Field(sa_type=JSONB)
    offers: list[dict[str, Any]] = Field(sa_type=JSONB)
    seeks: list[dict[str, Any]] = Field(sa_type=JSONB)
    goals: list[str] = Field(sa_type=ARRAY(Text))
    leaving_on: date | None
    on_leave: bool = Field(sa_column_kwargs={"server_default": text("false")})
    has_left: bool = Field(sa_column_kwargs={"server_default": text("false")})
    shares_email: bool = Field(sa_column_kwargs={"server_default": text("false")})


class ProgramRow(TenantColumns, Base, table=True):
    __tablename__ = "program"
    __entity__ = domain.Program

    name: str = Field(sa_type=Text)
    format: str = Field(sa_type=Text)
    goal: str = Field(sa_type=Text)
    metric: str = Field(sa_type=Text)
    expectations: str = Field(sa_type=Text)
    starts_on: date
    ends_on: date
    session_minutes: int = Field(sa_type=SmallInteger)
    cadence_days: int = Field(sa_type=SmallInteger)
    answer_within_seconds: int
    launched_at: datetime
    trio_when_odd: bool = Field(sa_column_kwargs={"server_default": text("false")})
    junior_up_to_level: int | None = Field(sa_type=SmallInteger)
    seats_per_senior: int = Field(sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")})
    options: dict[str, Any] | None = Field(sa_type=JSONB)
    state: str = Field(sa_type=Text)
    ask_again_after_days: int = Field(sa_column_kwargs={"server_default": text("90")})
    closed_at: datetime | None


class EnrolmentRow(TenantColumns, Base, table=True):
    __tablename__ = "enrolment"
    __entity__ = domain.Enrolment
    __table_args__ = (
        UniqueConstraint("tenant_id", "program_id", "participant_id", name="enrolment_participant_key"),
        Index("enrolment_list", "tenant_id", "program_id", "id"),
        Index("enrolment_person", "tenant_id", "participant_id"),
    )

    program_id: UUID
    participant_id: UUID
    enrolled_at: datetime
    state: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'active'")})
    ended_because: str | None = Field(sa_type=Text)
    changed_at: datetime | None


class ImportRow(TenantColumns, Base, table=True):
    __tablename__ = "import"
    __entity__ = domain.Import

    created_at: datetime
    state: str = Field(sa_type=Text)
    size_bytes: int = Field(sa_type=BigInteger)
    rows_total: int | None
    rows_done: int
    registered: int
    updated: int
    unchanged: int
    rows_refused: int
    warnings: int
    problem: str | None = Field(sa_type=Text)
    columns: dict[str, Any] = Field(sa_type=JSONB)
    defaults: dict[str, Any] = Field(sa_type=JSONB)
    cause: dict[str, Any] | None = Field(sa_type=JSONB)
    options: dict[str, Any] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})


class ImportPieceRow(Base, table=True):
    """The file itself, in pieces, until it has been worked through."""

    __tablename__ = "import_piece"

    tenant_id: UUID = Field(primary_key=True)
    import_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class ImportFindingRow(Base, table=True):
    """What was wrong with the file's rows."""

    __tablename__ = "import_finding"

    tenant_id: UUID = Field(primary_key=True)
    import_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    line: int
    column_name: str | None = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    message: str = Field(sa_type=Text)
    severity: str = Field(sa_type=Text)
