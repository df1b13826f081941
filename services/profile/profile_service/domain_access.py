"""Who may act for an organisation: issuers of its people's tokens, accounts, and roles. Pure: no I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from peerloom_service.problems import Conflict, Forbidden, Invalid, NotFound

_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")


class IssuerTaken(Conflict):
    title = "This issuer is registered already for the same audience and organisation claim"


class IssuerNotTaken(Invalid):
    title = "The issuer's registration is not complete, or it is not safe"


class AccountLinked(Conflict):
    title = "The account, or the participant at this issuer, is linked already"


class GrantedAlready(Conflict):
    title = "The participant has this role already"


class RoleWithoutProgram(Invalid):
    title = "A program manager manages a program; an HR administrator none in particular"


class NotAParticipant(NotFound):
    title = "No participant of your organisation goes with this account"


class NotYourAccount(Forbidden):
    title = "People link their own account"


class OrganisationOver(Conflict):
    title = "The organisation is closed, or in this state already"


class OrganisationState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class ParticipantKey(StrEnum):
    """What of a participant an account's claim is compared with. `linked`: nothing, accounts are linked one by one."""

    EMAIL = "email"
    EMPLOYEE_NUMBER = "employee_number"
    LINKED = "linked"


class Role(StrEnum):
    PROGRAM_MANAGER = "program_manager"
    HR_ADMINISTRATOR = "hr_administrator"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where an organisation's people sign in, and how their tokens are read. See the event `IssuerRegistered`.

    `participant_claim` names the claim that finds the participant by `participant_key` when an account is first seen.
    """

    id: UUID
    version: int
    created_at: datetime
    issuer: str
    audience: str
    organisation_claim: str | None = None
    organisation_value: str | None = None
    participant_claim: str = "email"
    participant_key: ParticipantKey = ParticipantKey.EMAIL
    scopes_claim: str | None = None
    roles_claim: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    token_kind: str = "at+jwt"  # noqa: S105 - no secret
    removed_at: datetime | None = None

    def check(self, *, local: bool) -> None:
        """`local`: this is a developer's machine, where an issuer may be too.

        Raises: IssuerNotTaken.
        """
        if (self.organisation_claim is None) != (self.organisation_value is None):
            raise IssuerNotTaken("Give organisation_claim and organisation_value together, or neither.")
        if not local and not self.issuer.startswith("https://"):
            raise IssuerNotTaken("An issuer's address begins with https://.")
        if any(mark in self.issuer for mark in "?#@\\") or not self.issuer.startswith(("https://", "http://")):
            raise IssuerNotTaken("An issuer's address has no query, no fragment and no user in it.")
        if not local and any(self.issuer.split("/")[2].split(":")[0] == host for host in _LOCAL_HOSTS):
            raise IssuerNotTaken("An issuer has an address on the internet.")

    def removed(self, now: datetime) -> "Issuer":
        """It counts no longer."""
        return self if self.removed_at else replace(self, version=self.version + 1, removed_at=now)

    def sought(self, claims: Mapping[str, Any]) -> str:
        """What a participant has who goes with the account.

        Raises: NotAParticipant where the token does not say, or its issuer does not vouch for the address.
        """
        value = claims.get(self.participant_claim)
        if self.participant_key is ParticipantKey.LINKED or not isinstance(value, str) or not value:
            raise NotAParticipant("Ask your HR department to link your account to you.")
        if self.participant_key is ParticipantKey.EMAIL and claims.get("email_verified", True) not in (True, "true"):
            raise NotAParticipant("Your e-mail address is not verified with your issuer. Verify it there, then try again.")
        return value


@dataclass(frozen=True, slots=True)
class Link:
    """An account at an issuer is a participant's. The account's subject is kept as an id made of it."""

    id: UUID
    version: int
    created_at: datetime
    issuer_id: UUID
    participant_id: UUID
    subject_id: UUID
    removed_at: datetime | None = None

    def removed(self, now: datetime) -> "Link":
        """It is nobody's account any more."""
        return self if self.removed_at else replace(self, version=self.version + 1, removed_at=now)


@dataclass(frozen=True, slots=True)
class Grant:
    """A participant has a role, for a program where the role is about programs."""

    id: UUID
    version: int
    created_at: datetime
    participant_id: UUID
    role: Role
    program_id: UUID | None = None
    removed_at: datetime | None = None

    def __post_init__(self) -> None:
        of_a_program = {Role.PROGRAM_MANAGER: True, Role.HR_ADMINISTRATOR: False}[self.role]
        if of_a_program != (self.program_id is not None):
            raise RoleWithoutProgram("Give program_id for a program_manager, and for nobody else.")

    def removed(self, now: datetime) -> "Grant":
        """They no longer have it."""
        return self if self.removed_at else replace(self, version=self.version + 1, removed_at=now)


@dataclass(frozen=True, slots=True)
class Partnership:
    """Who is proposed to whom, or matched: they may know each other's names. `id` is the match's."""

    id: UUID
    version: int
    participant_ids: tuple[UUID, ...]
    over: bool = False
