"""Who asks, for which organisation, and what it is part of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Final
from uuid import UUID

from peerloom_service import telemetry


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

    def kept(self) -> dict[str, str]:
        """What a row of work that is done later keeps of it (a jsonb column), for `of`."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, str] | None, *, otherwise: str) -> "Cause":
        """The cause a row has kept; a row that has none is of an earlier release, and its work has this correlation id."""
        return cls(otherwise) if kept is None else cls(**kept)

    @contextmanager
    def working(self, name: str) -> Iterator["Cause"]:
        """Span of work that is done later, in the trace of what asked for it, and the cause of what it publishes."""
        with telemetry.working(name, self.traceparent):
            yield replace(self, traceparent=telemetry.current_traceparent() or self.traceparent)


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The versions of something a caller is willing to change; None: whichever it has."""

    versions: frozenset[int] | None

    def allows(self, version: int) -> bool:
        """Whether this is one of them."""
        return self.versions is None or version in self.versions


ANY_VERSION: Final = ExpectedVersion(None)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key for one request. `fingerprint` is the SHA-256 of method, path and body."""

    key: str
    fingerprint: bytes
