"""The ledger: accounts that change (lock, decide, save, say), copies of them kept from events, and effects that count.

It borrows profile's and feedback's events, because an event class declared here would join the platform's registry: an account
is a "participant", and what a MatchConfirmed makes it say is a SurveyRequested. Its tables can make it slow or unable.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field as Ranged
from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from peerloom_events import (
    MatchConfirmed,
    ParticipantFacts,
    ParticipantRegistered,
    ParticipantUpdated,
    SurveyRequested,
    WorkingHours,
)
from peerloom_service.access.rules import CLIENTS
from peerloom_service.consuming.decoding import InBatches
from peerloom_service.context import ExpectedVersion
from peerloom_service.http.bodies import Body, Line, Out
from peerloom_service.http.messages import Response
from peerloom_service.http.routing import Router
from peerloom_service.http.work import Work, allowed
from peerloom_service.identifiers import new_id
from peerloom_service.manifest import Manifest
from peerloom_service.problems import Conflict, PreconditionFailed
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings
from peerloom_service.storage.tables import TenantColumns
from peerloom_service.use_cases.transaction import Transaction


class NameTaken(Conflict):
    title = "There is an account of this name"


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    version: int
    name: str
    balance: int = 0


class Base(SQLModel, registry=registry()):
    """The ledger's tables."""


class AccountRow(TenantColumns, Base, table=True):
    __tablename__ = "account"
    __entity__ = Account
    __conflicts__: ClassVar = {"account_name_key": NameTaken}
    __table_args__ = (UniqueConstraint("tenant_id", "name", name="account_name_key"),)

    name: str = Field(sa_type=Text)
    balance: int


class NewAccount(Body):
    name: Line


class Amount(Body):
    amount: Annotated[int, Ranged(ge=-1_000_000, le=1_000_000)]


class AccountOut(Out):
    id: UUID
    version: int
    name: str
    balance: int


def _out(account: Account) -> AccountOut:
    return AccountOut(id=account.id, version=account.version, name=account.name, balance=account.balance)


# -- what it does -----------------------------------------------------------------------------------------------------


async def open_account(tx: Transaction, body: NewAccount) -> Account:
    account = Account(new_id(), 1, body.name)
    tx.add(account)
    tx.publish(ParticipantRegistered(version=1, participant_id=account.id, facts=_facts(account)))
    return account


async def book(tx: Transaction, command: tuple[UUID, int]) -> Account:
    account_id, amount = command
    account = await tx.lock(Account, account_id)
    booked = replace(account, version=account.version + 1, balance=account.balance + amount)
    await tx.save(booked)
    tx.publish(ParticipantUpdated(version=booked.version, participant_id=booked.id, facts=_facts(booked)))
    return booked


async def rename(tx: Transaction, command: tuple[UUID, str, ExpectedVersion]) -> Account:
    account_id, name, expected = command
    account = await tx.lock(Account, account_id)
    if not expected.allows(account.version):
        raise PreconditionFailed("It was changed.")
    renamed = replace(account, version=account.version + 1, name=name)
    await tx.save(renamed)
    tx.publish(ParticipantUpdated(version=renamed.version, participant_id=renamed.id, facts=_facts(renamed)))
    return renamed


async def copy_accounts(tx: Transaction, events: Sequence[ParticipantRegistered | ParticipantUpdated]) -> None:
    await tx.executemany(
        """
        INSERT INTO account_copy AS copy (tenant_id, id, version, balance) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, balance = excluded.balance
        WHERE copy.version < excluded.version
        """,
        [(tx.tenant_id, event.participant_id, event.version, _balance(event.facts)) for event in events],
    )


async def have_an_effect(tx: Transaction, event: MatchConfirmed, *, ledger_id: UUID) -> None:
    """Counts every call; slow where `slowness` says so, unable where `obstacle` holds the match."""
    if await tx.fetchrow("SELECT 1 FROM obstacle WHERE match_id = $1", event.match_id):
        raise RuntimeError("an obstacle\x00 \ud800 in the way")
    row = await tx.fetchrow("SELECT seconds FROM slowness")
    if row is not None:
        await asyncio.sleep(row["seconds"])
    await tx.execute(
        "INSERT INTO effect (tenant_id, match_id, version, process) VALUES ($1, $2, $3, $4)",
        tx.tenant_id,
        event.match_id,
        event.version,
        os.getpid(),
    )
    tx.publish(
        SurveyRequested(
            version=1,
            survey_id=new_id(),
            session_id=ledger_id,
            match_id=event.match_id,
            program_id=event.program_id,
            participant_id=event.participant_ids[0],
            requested_at=event.confirmed_at,
        )
    )


def _balance(facts: ParticipantFacts) -> int:
    """Kept where a person has their department; real people have none."""
    return int(facts.department) if facts.department.lstrip("-").isdecimal() else 0


def _facts(account: Account) -> ParticipantFacts:
    return ParticipantFacts(
        employee_level=1,
        department=str(account.balance),
        job_title=account.name,
        location="",
        time_zone="UTC",
        languages=(),
        hired_on=date(2020, 1, 1),
        manager_id=None,
        working_hours=WorkingHours(starts=0, ends=1440),
        offers=(),
        seeks=(),
        goals=(),
    )


# -- HTTP -------------------------------------------------------------------------------------------------------------

router = Router(prefix="/v1")
Reader = Annotated[Work, allowed("accounts:read", CLIENTS)]
Writer = Annotated[Work, allowed("accounts:write", CLIENTS)]


@router.post("/accounts", status_code=201, response_model=AccountOut)
async def post_account(body: NewAccount, work: Writer, dry: int = 0) -> Response:
    return await work(open_account, body, returns=_out, status=201, location=lambda account: f"/v1/accounts/{account.id}")


@router.post("/accounts/{account_id}/bookings", response_model=AccountOut)
async def post_booking(account_id: UUID, body: Amount, work: Writer) -> Response:
    return await work(book, (account_id, body.amount), returns=_out)


@router.patch("/accounts/{account_id}", response_model=AccountOut)
async def patch_account(account_id: UUID, body: NewAccount, work: Writer) -> Response:
    return await work(rename, (account_id, body.name, work.if_match()), returns=_out)


@router.get("/accounts/{account_id}", response_model=AccountOut)
async def get_account(account_id: UUID, work: Reader) -> Response:
    return await work.one(Account, account_id, returns=_out)


def _as_it_is(account: Account) -> tuple[ParticipantUpdated]:
    return (ParticipantUpdated(version=account.version, participant_id=account.id, facts=_facts(account)),)


def id_of(name: str) -> UUID:
    """What the ledger of this name puts into its events: several hear the same ones."""
    return uuid5(NAMESPACE_URL, name)


def ledger(name: str = "ledger", **changed: Any) -> Service:
    """The service under a name of its own, and so in a consumer group of its own."""
    return Service(
        **{
            "manifest": Manifest(name=name, description="Accounts."),
            "settings": ServiceSettings,
            "tables": Base,
            "routes": router,
            "republishes": {Account: _as_it_is},
            "migrations": Path(__file__).parent / "migrations",
            "subscribes": {
                ParticipantRegistered: InBatches(copy_accounts),
                ParticipantUpdated: InBatches(copy_accounts),
                MatchConfirmed: partial(have_an_effect, ledger_id=id_of(name)),
            },
            **changed,
        }
    )


service = ledger(os.environ.get("LEDGER_NAME", "ledger"))
