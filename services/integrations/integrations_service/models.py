"""Integrations' tables."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from integrations_service.domain.tickets import StreamTicket
from integrations_service.domain.webhooks import Delivery, Webhook
from peerloom_service.storage.tables import TenantColumns


class Base(SQLModel, registry=registry()):
    """Integrations' tables; a registry of its own lets two services live in one process."""


class EventRow(Base, table=True):
    """The log. Each day is a partition in the schema `event_days`, so that letting go of one is instant."""

    __tablename__ = "event"
    __table_args__ = (Index("event_people", "people", postgresql_using="gin"),)

    tenant_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    day: date = Field(primary_key=True)
    event_id: UUID
    type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    people: list[UUID] = Field(sa_type=ARRAY(PG_UUID(as_uuid=True)))
    program_id: UUID | None
    document: bytes = Field(sa_type=LargeBinary)


class LogHeadRow(Base, table=True):
    """How far an organisation's log reaches, and up to which number events are gone."""

    __tablename__ = "log_head"

    tenant_id: UUID = Field(primary_key=True)
    last_seq: int = Field(sa_type=BigInteger)
    day: date
    floor_seq: int = Field(sa_type=BigInteger)


class LogDayRow(Base, table=True):
    """The last event of an organisation on a day."""

    __tablename__ = "log_day"

    tenant_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last_seq: int = Field(sa_type=BigInteger)


class StreamTicketRow(TenantColumns, Base, table=True):
    __tablename__ = "stream_ticket"
    __entity__ = StreamTicket
    __table_args__ = (UniqueConstraint("digest", name="stream_ticket_digest_key"),)

    digest: bytes = Field(sa_type=LargeBinary)
    issued_to: str = Field(sa_type=Text)
    types: list[str] | None = Field(sa_type=ARRAY(Text))
    participant_id: UUID | None
    program_id: UUID | None
    expires_at: datetime


class WebhookRow(TenantColumns, Base, table=True):
    __tablename__ = "webhook"
    __entity__ = Webhook

    url: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    types: list[str] = Field(sa_type=ARRAY(Text))
    state: str = Field(sa_type=Text)
    disabled_because: str | None = Field(sa_type=Text)
    secrets: list[Any] = Field(sa_type=JSONB)
    created_at: datetime


class WebhookProgressRow(Base, table=True):
    """How far an endpoint has come in the log, who is at it, and how it does."""

    __tablename__ = "webhook_progress"

    tenant_id: UUID = Field(primary_key=True)
    webhook_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    day: date
    failures: int
    open_until: datetime | None
    lease: UUID | None
    leased_until: datetime | None


class WebhookDeliveryRow(TenantColumns, Base, table=True):
    __tablename__ = "webhook_delivery"
    __entity__ = Delivery
    __table_args__ = (
        Index("webhook_delivery_webhook", "tenant_id", "webhook_id", "id"),
        Index("webhook_delivery_created_at", "created_at", postgresql_using="brin"),
    )

    webhook_id: UUID
    event_id: UUID
    event_type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    day: date | None
    document: str | None = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    attempts: list[Any] = Field(sa_type=JSONB)
    next_attempt_at: datetime | None
    created_at: datetime
