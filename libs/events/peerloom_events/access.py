"""Who may act: issuers of people's tokens, people's accounts with them, roles, and organisations that are held up.

Profile says all of it; every service keeps a copy, so that a token is verified without asking another service.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from peerloom_events.event import Event
from peerloom_events.topics import ACCESS

Role = Literal["program_manager", "hr_administrator"]
"""What somebody may do beyond taking part. A program manager is one for the programs granted, and for no other."""

TokenKind = Literal["at+jwt", "jwt", "id-token"]
"""Which tokens of an issuer count: access tokens as RFC 9068 has them; the issuer's own access tokens; its id tokens."""

Name = Annotated[str, Field(min_length=1, max_length=300)]


class IssuerRegistered(Event, type="io.peerloom.profile.issuer.registered.v1", topic=ACCESS, key="issuer_id"):
    """An organisation's people sign in at this issuer of OpenID Connect tokens, as from now on."""

    issuer_id: UUID
    issuer: str = Field(description="The claim `iss`, to the letter.")
    audience: str = Field(description="What the claim `aud` must contain.")
    organisation_claim: Name | None = Field(
        default=None, description="Claim that names the organisation, where one issuer serves several."
    )
    organisation_value: Name | None = Field(default=None, description="What that claim says for this organisation.")
    scopes_claim: Name | None = Field(
        default=None, description="Claim with the scopes a token is narrowed to; null: roles alone decide."
    )
    roles_claim: Name | None = Field(default=None, description="Claim with the person's roles or groups.")
    roles: dict[str, Role] = Field(default_factory=dict, description="What a value of that claim means here.")
    token_kind: TokenKind = "at+jwt"  # noqa: S105 - no secret


class IssuerRemoved(Event, type="io.peerloom.profile.issuer.removed.v1", topic=ACCESS, key="issuer_id"):
    """Tokens of this issuer are no longer taken for the organisation."""

    issuer_id: UUID


class PersonLinked(Event, type="io.peerloom.profile.person.linked.v1", topic=ACCESS, key="link_id"):
    """An account at an issuer is a participant's. `subject_id` is made of its issuer and subject and tells neither."""

    link_id: UUID
    issuer_id: UUID
    participant_id: UUID
    subject_id: UUID


class PersonUnlinked(Event, type="io.peerloom.profile.person.unlinked.v1", topic=ACCESS, key="link_id"):
    """The account is nobody's any more: its tokens are refused."""

    link_id: UUID
    participant_id: UUID


class RoleGranted(Event, type="io.peerloom.profile.role.granted.v1", topic=ACCESS, key="grant_id"):
    """A participant has a role, for one program where the role is about programs."""

    grant_id: UUID
    participant_id: UUID
    role: Role
    program_id: UUID | None = None


class RoleRevoked(Event, type="io.peerloom.profile.role.revoked.v1", topic=ACCESS, key="grant_id"):
    """A participant no longer has the role that was granted."""

    grant_id: UUID
    participant_id: UUID


class OrganisationSuspended(Event, type="io.peerloom.profile.organisation.suspended.v1", topic=ACCESS, key="organisation_id"):
    """Nobody acts for the organisation until it is resumed. Its data stays."""

    organisation_id: UUID


class OrganisationResumed(Event, type="io.peerloom.profile.organisation.resumed.v1", topic=ACCESS, key="organisation_id"):
    """The organisation is served again."""

    organisation_id: UUID


class OrganisationClosed(Event, type="io.peerloom.profile.organisation.closed.v1", topic=ACCESS, key="organisation_id"):
    """The organisation has ended for good: nobody acts for it again."""

    organisation_id: UUID
