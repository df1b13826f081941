"""Tickets for streams: a browser's EventSource can send no token, so it shows a ticket, once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

GOOD_FOR: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class StreamTicket:
    """Lets whoever shows it open one stream, of the events it names. Its text is known to its holder alone."""

    id: UUID
    version: int
    digest: bytes
    issued_to: str
    types: list[str] | None
    participant_id: UUID | None
    program_id: UUID | None
    expires_at: datetime


def new_text() -> str:
    """A ticket's text, which nobody can guess."""
    return f"ticket_{secrets.token_urlsafe(32)}"


def digest_of(text: str) -> bytes:
    """What is kept of a ticket's text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
