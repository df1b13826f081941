"""The same create as profile's POST /v1/participants, as FastAPI's and SQLModel's own tutorials would write it.

One set of classes for body, table and answer; an `AsyncSession` by dependency, `session.add`, `flush`, `commit`, `refresh`,
`response_model`. It does what ours does: the token (by the chassis's own verifier with its memory, so that the comparison is
not about JWT), the organisation on every row, the Idempotency-Key with the answer to repeat, the participant, the outbox row
with the same event. Where a choice was free it took the cheap one: no look-up of the key before the insert, no row-level
security (ours has it), a pool that never opens a connection under load, no reload of attributes at commit.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zlib import crc32

import httpx
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from sqlalchemy import BigInteger, Column, Identity, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from peerloom_events import Envelope, ParticipantFacts, ParticipantRegistered, rfc3339
from peerloom_service.auth import TokenVerifier, require_scopes
from peerloom_service.context import Caller
from peerloom_service.http.bodies import Line
from peerloom_service.identifiers import new_id
from peerloom_service.publishing.outbox import SHARDS
from peerloom_service.publishing.record_batch import encoded_headers
from peerloom_service.storage.schema import engine_of
from profile_service.schemas import (
    Email,
    EmployeeLevel,
    Hours,
    HoursOut,
    OfferedSkill,
    OfferedSkillOut,
    SoughtSkill,
    SoughtSkillOut,
    TimeZone,
)


class ParticipantBase(SQLModel):
    employee_number: Line
    name: Line
    email: Email
    department: Line
    job_title: Line
    employee_level: EmployeeLevel
    location: Line
    time_zone: TimeZone
    languages: list[Line] = Field(default=["en"], min_length=1, max_length=20, sa_type=ARRAY(Text))
    hired_on: date
    manager_id: UUID | None = None
    goals: list[Line] = Field(default=[], max_length=20, sa_type=ARRAY(Text))


class ParticipantCreate(ParticipantBase):
    working_hours: Hours = Hours()
    offers: list[OfferedSkill] = Field(default=[], max_length=50)
    seeks: list[SoughtSkill] = Field(default=[], max_length=50)


class Participant(ParticipantBase, table=True):
    __table_args__ = (UniqueConstraint("tenant_id", "employee_number"), UniqueConstraint("tenant_id", "email"))

    tenant_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    version: int = 1
    working_hours: dict[str, Any] = Field(sa_type=JSONB)
    offers: list[dict[str, Any]] = Field(sa_type=JSONB)
    seeks: list[dict[str, Any]] = Field(sa_type=JSONB)


class ParticipantPublic(ParticipantBase):
    id: UUID
    version: int
    working_hours: HoursOut
    offers: list[OfferedSkillOut]
    seeks: list[SoughtSkillOut]


class IdempotencyKey(SQLModel, table=True):
    tenant_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int = Field(sa_type=SmallInteger)
    body: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class OutboxMessage(SQLModel, table=True):
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    shard: int = Field(sa_type=SmallInteger)
    topic: str
    key: str
    encoded_headers: bytes = Field(sa_type=LargeBinary)
    value: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, event: ParticipantRegistered, tenant_id: UUID) -> Self:
        """The event as the chassis's outbox keeps it."""
        key = str(event.key)
        envelope = Envelope(
            id=str(new_id()),
            source=f"/{event.service()}",
            type=event.type,
            time=rfc3339(datetime.now(UTC)),
            subject=key,
            dataschema=event.dataschema(),
            partitionkey=key,
            tenantid=str(tenant_id),
            correlationid=new_id().hex,
        )
        headers = encoded_headers(envelope.headers())
        shard = crc32(key.encode()) % SHARDS
        return cls(shard=shard, topic=event.topic.name, key=key, encoded_headers=headers, value=event.to_json())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # As many connections as the chassis's pool has.
    engine = engine_of(os.environ["BENCH_DATABASE_URL"], pool_size=10, max_overflow=0)
    app.state.sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    async with httpx.AsyncClient() as client:
        app.state.verifier = TokenVerifier(os.environ["BENCH_ISSUER"], "peerloom", client)
        yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


async def people_writer(request: Request, authorization: Annotated[str, Header()]) -> Caller:
    caller: Caller = await request.app.state.verifier.caller(authorization.removeprefix("Bearer "))
    require_scopes(caller, ["people:write"])
    return caller


@app.get("/ready")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/v1/participants", status_code=201, response_model=ParticipantPublic)
async def register_participant(
    body: ParticipantCreate,
    request: Request,
    session: Annotated[AsyncSession, Depends(get_session)],
    caller: Annotated[Caller, Depends(people_writer)],
    idempotency_key: Annotated[str, Header(max_length=255)],
) -> Any:
    if caller.tenant_id is None:
        raise HTTPException(403)
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).digest()
    participant = Participant(tenant_id=caller.tenant_id, **body.model_dump())
    answer = ParticipantPublic.model_validate(participant, from_attributes=True).model_dump_json().encode()
    kept = IdempotencyKey(tenant_id=caller.tenant_id, key=idempotency_key, fingerprint=fingerprint, status=201, body=answer)
    session.add(kept)
    session.add(participant)
    try:
        await session.flush()
    except IntegrityError as error:
        await session.rollback()
        first = await session.get(IdempotencyKey, (caller.tenant_id, idempotency_key))
        if first is None:
            raise HTTPException(409, "Somebody has this employee number or e-mail address.") from error
        if first.fingerprint != fingerprint:
            raise HTTPException(422, "This Idempotency-Key was used with another request.") from error
        return Response(first.body, first.status, media_type="application/json")
    facts = ParticipantFacts.model_validate(participant, from_attributes=True)
    event = ParticipantRegistered(version=1, participant_id=participant.id, facts=facts)
    session.add(OutboxMessage.of(event, caller.tenant_id))
    await session.commit()
    await session.refresh(participant)
    return participant
