"""Matching's tables."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from matching_service.domain.matches import Match
from matching_service.domain.replays import Replay, ReplayInProgress
from matching_service.domain.runs import Certificate, Run, RunInProgress
from peerloom_service.storage.tables import TenantColumns


class Base(SQLModel, registry=registry()):
    """Matching's tables; a registry of its own lets two services live in one process."""


class MemberRow(TenantColumns, Base, table=True):
    """A copy of what matching needs of a participant. `left_at`: when matching last learned that they have left."""

    __tablename__ = "member"
    __table_args__ = (Index("member_left", "tenant_id", "left_at", postgresql_where=text("left_at IS NOT NULL")),)

    facts: dict[str, Any] = Field(sa_type=JSONB)
    left_at: datetime | None


class ProgramRow(TenantColumns, Base, table=True):
    """A copy of what matching needs of a program. `options`: what it chose of its format's; null where the release before wrote
    the row, which reads and writes the columns behind it instead. So are the dates and what stands after them.
    """

    __tablename__ = "program"

    format: str = Field(sa_type=Text)
    options: dict[str, Any] | None = Field(sa_type=JSONB)
    answer_within_seconds: int
    trio_when_odd: bool = Field(sa_column_kwargs={"server_default": text("false")})
    junior_up_to_level: int | None = Field(sa_type=SmallInteger)
    seats_per_senior: int = Field(sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")})
    starts_on: date | None
    ends_on: date | None
    session_minutes: int | None = Field(sa_type=SmallInteger)
    ask_again_after_days: int | None
    closed_at: datetime | None


class EnrolmentRow(TenantColumns, Base, table=True):
    """A copy of who takes part in what. `stopped_at`: when matching learned that they paused or withdrew; null: they do."""

    __tablename__ = "enrolment"
    __table_args__ = (
        Index("enrolment_program", "tenant_id", "program_id", "participant_id", unique=True),
        Index(
            "enrolment_stopped",
            "tenant_id",
            "program_id",
            "stopped_at",
            postgresql_where=text("stopped_at IS NOT NULL"),
        ),
    )

    program_id: UUID
    participant_id: UUID
    stopped_at: datetime | None


class RunRow(TenantColumns, Base, table=True):
    __tablename__ = "run"
    __entity__ = Run
    __conflicts__: ClassVar = {"run_unfinished": RunInProgress}
    __table_args__ = (
        Index(
            "run_unfinished",
            "tenant_id",
            "program_id",
            unique=True,
            postgresql_where=text("state IN ('requested', 'running')"),
        ),
        Index("run_program", "tenant_id", "program_id", "id"),
    )

    program_id: UUID
    seed: int = Field(sa_type=BigInteger)
    requested_at: datetime
    target_gap: float
    fast: bool
    time_limit_seconds: float | None
    stop_requested: bool
    ended_early: bool
    state: str = Field(sa_type=Text)
    phase: str = Field(sa_type=Text)
    share: float
    gap: float | None
    started_at: datetime | None
    finished_at: datetime | None
    people: int | None
    pairs: int | None
    trios: int | None
    groups: int | None
    unmatched: int | None
    value: int | None = Field(sa_type=BigInteger)
    upper_bound: int | None = Field(sa_type=BigInteger)
    population_hash: str | None = Field(sa_type=Text)
    policy: str | None = Field(sa_type=Text)
    engine_version: str | None = Field(sa_type=Text)
    problem: str | None = Field(sa_type=Text)


class RunPieceRow(Base, table=True):
    """What a run was given and what it answered, as bytes, in compressed pieces."""

    __tablename__ = "run_piece"

    tenant_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    part: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(primary_key=True)
    content: bytes


class CertificateRow(TenantColumns, Base, table=True):
    __tablename__ = "certificate"
    __entity__ = Certificate

    checked_at: datetime
    people: int
    pairs: int
    trios: int
    groups: int = Field(sa_column_kwargs={"server_default": text("0")})
    value: int = Field(sa_type=BigInteger)
    upper_bound: int = Field(sa_type=BigInteger)
    most_people: int
    method: str = Field(sa_type=Text)
    ended_early: bool
    bound_checked_people: int
    population_hash: str = Field(sa_type=Text)
    policy: dict[str, Any] = Field(sa_type=JSONB)
    policy_fingerprint: str = Field(sa_type=Text)
    seed: int = Field(sa_type=BigInteger)
    target_gap: float
    fast: bool
    time_limit_seconds: float | None
    engine_version: str = Field(sa_type=Text)
    answer_sha256: str = Field(sa_type=Text)
    report: dict[str, Any] | None = Field(sa_type=JSONB)


class ReplayRow(TenantColumns, Base, table=True):
    __tablename__ = "replay"
    __entity__ = Replay
    __conflicts__: ClassVar = {"replay_unfinished": ReplayInProgress}
    __table_args__ = (
        Index(
            "replay_unfinished",
            "tenant_id",
            "run_id",
            unique=True,
            postgresql_where=text("state IN ('requested', 'running')"),
        ),
        Index("replay_run", "tenant_id", "run_id", "id"),
    )

    run_id: UUID
    requested_at: datetime
    state: str = Field(sa_type=Text)
    phase: str = Field(sa_type=Text)
    share: float
    started_at: datetime | None
    finished_at: datetime | None
    identical: bool | None
    stored_sha256: str | None = Field(sa_type=Text)
    replayed_sha256: str | None = Field(sa_type=Text)
    stored_engine_version: str | None = Field(sa_type=Text)
    engine_version: str | None = Field(sa_type=Text)
    remark: str | None = Field(sa_type=Text)
    problem: str | None = Field(sa_type=Text)


class UnmatchedRow(Base, table=True):
    """Who a run left without a partner, and why."""

    __tablename__ = "unmatched"

    tenant_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    why: str = Field(sa_type=Text)
    partners: int
    removed: dict[str, Any] = Field(sa_type=JSONB)


class MatchRow(TenantColumns, Base, table=True):
    __tablename__ = "match"
    __entity__ = Match
    __table_args__ = (
        Index("match_program", "tenant_id", "program_id", "id"),
        Index("match_run", "tenant_id", "run_id", "id"),
        Index("match_open", "answer_by", postgresql_where=text("state = 'proposed'")),
    )

    run_id: UUID
    program_id: UUID
    participant_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    weight: int
    reasons: list[dict[str, Any]] = Field(sa_type=JSONB)
    proposed_at: datetime
    answer_by: datetime
    state: str = Field(sa_type=Text)
    accepted_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    declined_id: UUID | None
    ended_at: datetime | None
    ended_reason: str | None = Field(sa_type=Text)
    round: int = Field(sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")})


class MatchParticipantRow(Base, table=True):
    """Who is part of which proposal or match. A trigger of the table `match` writes it, so that matches of the release before
    are in it too.
    """

    __tablename__ = "match_participant"

    tenant_id: UUID = Field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    match_id: UUID = Field(primary_key=True)


class SeatRow(Base, table=True):
    """A place in an open or confirmed match. Its key is what makes it impossible to be in more of one program than there are
    seats: they are numbered from 1, up to how many a program's format gives somebody.
    """

    __tablename__ = "seat"

    tenant_id: UUID = Field(primary_key=True)
    program_id: UUID = Field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")})
    match_id: UUID = Field(index=True)
