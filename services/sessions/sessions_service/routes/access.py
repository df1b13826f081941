"""Who may do what: the scopes of sessions' routes."""

from typing import Annotated, Final

from fastapi import Security

from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)

NotesReader = Annotated[Work, Security(authorized, scopes=["notes:read"])]
NotesWriter = Annotated[Work, Security(authorized, scopes=["notes:write"])]
Reader = Annotated[Work, Security(authorized, scopes=["sessions:read"])]
Writer = Annotated[Work, Security(authorized, scopes=["sessions:write"])]
