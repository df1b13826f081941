"""Who may do what: the scopes of sessions' routes."""

from typing import Annotated, Final

from fastapi import Security

from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

SCOPES: Final = {
    "sessions:read": "Read relationships, sessions, agendas and free slots.",
    "sessions:write": "Book, move, cancel and close, and record who came.",
}
KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)

Reader = Annotated[Work, Security(authorized, scopes=["sessions:read"])]
Writer = Annotated[Work, Security(authorized, scopes=["sessions:write"])]
