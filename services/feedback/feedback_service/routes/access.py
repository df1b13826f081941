"""Who may do what: the scopes of feedback's routes."""

from typing import Annotated, Final

from fastapi import Security

from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused

KEYED: Final = (IdempotencyKeyMissing, IdempotencyKeyReused)

FeedbackReader = Annotated[Work, Security(authorized, scopes=["feedback:read"])]
FeedbackWriter = Annotated[Work, Security(authorized, scopes=["feedback:write"])]
ConcernsReader = Annotated[Work, Security(authorized, scopes=["concerns:read"])]
ConcernsWriter = Annotated[Work, Security(authorized, scopes=["concerns:write"])]
