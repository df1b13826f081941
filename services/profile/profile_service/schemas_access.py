"""Bodies in and out of profile's API about who may act."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from peerloom_events import TokenKind
from peerloom_service.http.bodies import Body, Line, Out
from profile_service import domain_access
from profile_service.domain_access import OrganisationState, ParticipantKey, Role
from profile_service.schemas import ParticipantOut
from profile_service.use_cases.access import ChangeState, GrantRole, LinkAccount, RegisterIssuer

Claim = Annotated[Line, Field(description="Name of a claim; a path with dots leads into claims that are objects.")]


class NewIssuer(Body):
    issuer: Annotated[
        str,
        Field(
            min_length=8,
            max_length=300,
            description="The claim `iss` of its tokens, to the letter.",
            examples=["https://login.example.com"],
        ),
    ]
    audience: Annotated[Line, Field(description="What `aud` must contain: the client id or API the tokens are for.")]
    organisation_claim: Claim | None = Field(default=None, description="Where one issuer serves several organisations.")
    organisation_value: Line | None = Field(default=None, description="What that claim says in your people's tokens.")
    participant_claim: Claim = "email"
    participant_key: Annotated[ParticipantKey, Field(strict=False)] = Field(
        default=ParticipantKey.EMAIL,
        description="What of a participant that claim is. SCIM's externalId is kept as the employee number. `linked`: accounts "
        "are linked one by one.",
    )
    scopes_claim: Claim | None = Field(
        default=None, description="`scope` or `scp`, where tokens are narrowed to scopes of Peerloom; null: roles alone decide."
    )
    roles_claim: Claim | None = Field(default=None, description="`roles`, `groups` or `realm_access.roles`.")
    roles: dict[Line, Annotated[Role, Field(strict=False)]] = Field(
        default_factory=dict, max_length=50, description="What a value of that claim means here."
    )
    token_kind: TokenKind = Field(
        default="at+jwt",
        description="`at+jwt`: access tokens as RFC 9068 has them. `jwt`: the issuer's own access tokens. `id-token`: its id "
        "tokens, where it gives no access tokens for us.",
    )

    def command(self, *, local: bool) -> RegisterIssuer:
        """What is asked for."""
        return RegisterIssuer({name: getattr(self, name) for name in type(self).model_fields}, local)


class IssuerOut(Out):
    id: UUID
    version: int
    created_at: datetime
    issuer: str
    audience: str
    organisation_claim: str | None
    organisation_value: str | None
    participant_claim: str
    participant_key: ParticipantKey
    scopes_claim: str | None
    roles_claim: str | None
    roles: dict[str, Role]
    token_kind: str
    removed_at: datetime | None

    @classmethod
    def of(cls, issuer: domain_access.Issuer) -> Self:
        """As the API shows it."""
        return cls.model_validate(issuer, from_attributes=True)


class NewLink(Body):
    issuer_id: UUID = Field(strict=False)
    participant_id: UUID = Field(strict=False)
    subject: Annotated[Line, Field(description="The claim `sub` of the account's tokens. It is kept as an id made of it.")]

    def command(self) -> LinkAccount:
        """What is asked for."""
        return LinkAccount(self.issuer_id, self.participant_id, self.subject)


class LinkOut(Out):
    id: UUID
    version: int
    created_at: datetime
    issuer_id: UUID
    participant_id: UUID
    removed_at: datetime | None

    @classmethod
    def of(cls, link: domain_access.Link) -> Self:
        """As the API shows it."""
        return cls.model_validate(link, from_attributes=True)


class NewGrant(Body):
    participant_id: UUID = Field(strict=False)
    role: Role = Field(strict=False)
    program_id: Annotated[UUID | None, Field(strict=False)] = None

    def command(self) -> GrantRole:
        """What is asked for."""
        return GrantRole(self.participant_id, self.role, self.program_id)


class GrantOut(Out):
    id: UUID
    version: int
    created_at: datetime
    participant_id: UUID
    role: Role
    program_id: UUID | None
    removed_at: datetime | None

    @classmethod
    def of(cls, grant: domain_access.Grant) -> Self:
        """As the API shows it."""
        return cls.model_validate(grant, from_attributes=True)


class StateChange(Body):
    state: OrganisationState = Field(strict=False, description="`closed` is for good.")

    def command(self, organisation_id: UUID) -> ChangeState:
        """What is asked for."""
        return ChangeState(organisation_id, self.state)


class MeOut(Out):
    """Whom the access token speaks for."""

    kind: str = Field(description="person, client or operator")
    organisation_id: UUID | None
    client_id: str
    linked: bool = Field(description="A person's account is linked to a participant. PUT /v1/me links it.")
    hr_administrator: bool
    managed_program_ids: tuple[UUID, ...]
    scopes: tuple[str, ...] | None = Field(description="What the token is narrowed to; null: roles alone decide.")
    participant: ParticipantOut | None


class PartnerOut(Out):
    """Somebody the caller is proposed to, or matched with."""

    id: UUID = Field(description="The participant.")
    match_id: UUID
    name: str
    job_title: str
    department: str
    location: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """As the API shows it."""
        return cls.model_validate(dict(row.items()))
