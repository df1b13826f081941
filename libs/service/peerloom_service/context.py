"""Who asks, for which organisation, and what it is part of."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client. `tenant_id` is None only for an operator of the platform."""

    client_id: str
    tenant_id: UUID | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cause:
    """What a transaction happens because of; goes into the envelope of every event it publishes."""

    correlation_id: str
    causation_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The versions of something a caller is willing to change; None: whichever it has."""

    versions: frozenset[int] | None

    def allows(self, version: int) -> bool:
        """Whether this is one of them."""
        return self.versions is None or version in self.versions


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key for one request. `fingerprint` is the SHA-256 of method, path and body."""

    key: str
    fingerprint: bytes
