"""Tickets are handed out to whoever has a token, for whoever can send none."""

from dataclasses import dataclass
from uuid import UUID

from integrations_service import sql
from integrations_service.domain.events import Wanted
from integrations_service.domain.tickets import GOOD_FOR, StreamTicket, digest_of, new_text
from peerloom_service.identifiers import new_id
from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class IssueTicket:
    """A ticket for a stream of these events; None: of all."""

    issued_to: str
    types: tuple[str, ...] | None
    participant_id: UUID | None
    program_id: UUID | None


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket with its text, which nobody is told again."""

    text: str
    ticket: StreamTicket


async def issue_ticket(tx: Transaction, command: IssueTicket) -> IssuedTicket:
    """Hand out a ticket that opens one stream within a minute."""
    text = new_text()
    ticket = StreamTicket(
        id=UUID(int=new_id().int),
        version=1,
        digest=digest_of(text),
        issued_to=command.issued_to,
        types=None if command.types is None else list(command.types),
        participant_id=command.participant_id,
        program_id=command.program_id,
        expires_at=await tx.now() + GOOD_FOR,
    )
    tx.add(ticket)
    return IssuedTicket(text, ticket)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who shows a ticket: the organisation it is for, whom it was given to, and what it lets be seen."""

    tenant_id: UUID
    issued_to: str
    limits: Wanted


async def take_ticket(database: Database, text: str) -> Admitted | None:
    """Take a ticket from whoever shows it; None where it is none, has been taken before, or came too late."""
    row = await database.fetchrow(None, sql.TAKE_TICKET, digest_of(text))
    if row is None:
        return None
    types = None if row["types"] is None else frozenset(row["types"])
    return Admitted(row["tenant_id"], row["issued_to"], Wanted(types, row["participant_id"], row["program_id"]))
