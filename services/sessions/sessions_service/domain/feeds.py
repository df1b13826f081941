"""The address a person's calendar reads their sessions from: whoever knows it may read, so it can be changed."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

_SECRET_BYTES = 32


def new_secret() -> str:
    """The last part of a feed's address, which nobody can guess."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """A participant's feed, under their id. Of its secret only the digest is kept; None: it has been revoked."""

    id: UUID
    version: int
    digest: bytes | None
    made_at: datetime

    def renewed(self, secret: str, now: datetime) -> "CalendarFeed":
        """With another address: the one before no longer works."""
        return replace(self, version=self.version + 1, digest=digest_of(secret), made_at=now)

    def revoked(self) -> "CalendarFeed":
        """Without an address."""
        return replace(self, version=self.version + 1, digest=None)
