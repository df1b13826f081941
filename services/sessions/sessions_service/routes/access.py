"""Who may do what: the scopes of sessions' routes."""

from typing import Annotated, Final

from fastapi import Security

from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

SCOPES: Final = {
    "sessions:read": "Read relationships, sessions, agendas and free slots.",
    "notes:read": "Read participants' private notes, each for their author.",
    "notes:write": "Write and delete participants' private notes.",
    "sessions:write": "Book, move, cancel and close, and record who came.",
}
KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)

NotesReader = Annotated[Work, Security(authorized, scopes=["notes:read"])]
NotesWriter = Annotated[Work, Security(authorized, scopes=["notes:write"])]
Reader = Annotated[Work, Security(authorized, scopes=["sessions:read"])]
Writer = Annotated[Work, Security(authorized, scopes=["sessions:write"])]
