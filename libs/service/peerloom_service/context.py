"""Who asks, for which organisation, and what it is part of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from peerloom_service import telemetry


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account at one of their organisation's issuers, with what its token says: for linking it to the person."""

    issuer_id: UUID
    subject_id: UUID
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was authenticated: a client of an organisation, one of its people, or the operator of the platform, who alone has no
    `tenant_id`.

    `scopes` None: roles alone decide. `account`: a person's; `person_id` is None until it has been linked. `programs`: those
    they manage. `on_behalf_of`: the person an organisation's client acts for; it may then do what that person may.
    """

    client_id: str
    tenant_id: UUID | None
    scopes: frozenset[str] | None
    account: Account | None = None
    person_id: UUID | None = None
    administrator: bool = False
    programs: frozenset[UUID] = frozenset()
    on_behalf_of: UUID | None = None

    @property
    def is_person(self) -> bool:
        """Whether a person's rights count, rather than a client's."""
        return self.account is not None or self.on_behalf_of is not None

    @property
    def actor(self) -> "Actor":
        """Who does what is done, by id alone."""
        if self.account is not None:
            return Actor("person", str(self.person_id or self.account.subject_id))
        return Actor("client" if self.tenant_id else "operator", self.client_id)


class Actor(NamedTuple):
    """Who did something: `kind` is person, client, operator or service."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What a transaction happens because of, and by whom; goes into the envelope of every event it publishes. Without an actor
    it is the service's own doing.
    """

    correlation_id: str
    causation_id: str = ""
    traceparent: str = ""
    actor_type: str = ""
    actor_id: str = ""

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
