"""Profile's HTTP API about who may act: issuers, accounts, roles, the state of organisations, and whoever asks."""

from uuid import UUID

from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work
from peerloom_service.problems import IdempotencyKeyMissing, IdempotencyKeyReused, NotFound
from profile_service import queries
from profile_service.domain import Participant
from profile_service.domain_access import (
    AccountLinked,
    Grant,
    GrantedAlready,
    Issuer,
    IssuerNotTaken,
    IssuerTaken,
    Link,
    NotAParticipant,
    NotYourAccount,
    OrganisationOver,
    RoleWithoutProgram,
)
from profile_service.rules import AccessReader, AccessWriter, Me, Operator, PartnersReader
from profile_service.schemas import OrganisationOut, ParticipantOut
from profile_service.schemas_access import (
    GrantOut,
    IssuerOut,
    LinkOut,
    MeOut,
    NewGrant,
    NewIssuer,
    NewLink,
    PartnerOut,
    StateChange,
)
from profile_service.use_cases import access

router = Router(prefix="/v1")
KEYED = (IdempotencyKeyMissing, IdempotencyKeyReused)


@router.post(
    "/issuers",
    status_code=201,
    response_model=IssuerOut,
    responses=problems(*KEYED, IssuerTaken, IssuerNotTaken),
    tags=["access"],
)
async def register_issuer(body: NewIssuer, work: AccessWriter) -> Response:
    """Say where the organisation's people sign in. Their tokens are taken from then on, for your organisation only."""
    return await work(
        access.register_issuer,
        body.command(local=work.settings.environment == "local"),
        returns=IssuerOut.of,
        status=201,
        location=lambda issuer: f"/v1/issuers/{issuer.id}",
    )


@router.get("/issuers", response_model=Page[IssuerOut], tags=["access"])
async def list_issuers(work: AccessReader, limit: Limit = 100, cursor: Cursor = None) -> Page[IssuerOut]:
    """Issuers of the organisation, also those removed."""
    return await work.page(Issuer, returns=IssuerOut.of, limit=limit, cursor=cursor)


@router.get("/issuers/{issuer_id}", response_model=IssuerOut, responses=problems(NotFound), tags=["access"])
async def read_issuer(issuer_id: UUID, work: AccessReader) -> Response:
    """One issuer, with an ETag."""
    return await work.one(Issuer, issuer_id, returns=IssuerOut.of)


@router.delete("/issuers/{issuer_id}", response_model=IssuerOut, responses=problems(NotFound), tags=["access"])
async def remove_issuer(issuer_id: UUID, work: AccessWriter) -> Response:
    """Take its tokens no longer."""
    return await work(access.remove_issuer, issuer_id, returns=IssuerOut.of)


@router.post(
    "/account-links",
    status_code=201,
    response_model=LinkOut,
    responses=problems(*KEYED, NotFound, AccountLinked),
    tags=["access"],
)
async def link_account(body: NewLink, work: AccessWriter) -> Response:
    """Link an account to a participant by its subject. Most people link theirs by themselves, with PUT /v1/me."""
    return await work(
        access.link_account,
        body.command(),
        returns=LinkOut.of,
        status=201,
        location=lambda link: f"/v1/account-links/{link.id}",
    )


@router.get("/account-links", response_model=Page[LinkOut], tags=["access"])
async def list_account_links(
    work: AccessReader, limit: Limit = 100, cursor: Cursor = None, participant_id: UUID | None = None
) -> Page[LinkOut]:
    """Accounts and whose they are, also links removed."""
    return await work.page(Link, returns=LinkOut.of, limit=limit, cursor=cursor, participant_id=participant_id)


@router.get("/account-links/{link_id}", response_model=LinkOut, responses=problems(NotFound), tags=["access"])
async def read_account_link(link_id: UUID, work: AccessReader) -> Response:
    """One link, with an ETag."""
    return await work.one(Link, link_id, returns=LinkOut.of)


@router.delete("/account-links/{link_id}", response_model=LinkOut, responses=problems(NotFound), tags=["access"])
async def unlink_account(link_id: UUID, work: AccessWriter) -> Response:
    """The account is nobody's any more."""
    return await work(access.unlink_account, link_id, returns=LinkOut.of)


@router.post(
    "/role-grants",
    status_code=201,
    response_model=GrantOut,
    responses=problems(*KEYED, NotFound, GrantedAlready, RoleWithoutProgram),
    tags=["access"],
)
async def grant_role(body: NewGrant, work: AccessWriter) -> Response:
    """Give a participant a role: HR administrator, or manager of a program."""
    return await work(
        access.grant_role,
        body.command(),
        returns=GrantOut.of,
        status=201,
        location=lambda grant: f"/v1/role-grants/{grant.id}",
    )


@router.get("/role-grants", response_model=Page[GrantOut], tags=["access"])
async def list_role_grants(
    work: AccessReader, limit: Limit = 100, cursor: Cursor = None, participant_id: UUID | None = None
) -> Page[GrantOut]:
    """Who has which role, also roles taken back."""
    return await work.page(Grant, returns=GrantOut.of, limit=limit, cursor=cursor, participant_id=participant_id)


@router.get("/role-grants/{grant_id}", response_model=GrantOut, responses=problems(NotFound), tags=["access"])
async def read_role_grant(grant_id: UUID, work: AccessReader) -> Response:
    """One grant, with an ETag."""
    return await work.one(Grant, grant_id, returns=GrantOut.of)


@router.delete("/role-grants/{grant_id}", response_model=GrantOut, responses=problems(NotFound), tags=["access"])
async def revoke_role(grant_id: UUID, work: AccessWriter) -> Response:
    """Take a role back."""
    return await work(access.revoke_role, grant_id, returns=GrantOut.of)


@router.put(
    "/organisations/{organisation_id}/state",
    response_model=OrganisationOut,
    responses=problems(NotFound, OrganisationOver),
    tags=["organisations"],
)
async def change_organisation_state(organisation_id: UUID, body: StateChange, work: Operator) -> Response:
    """Suspend an organisation, resume it, or close it for good. For the operator of the platform."""
    return await work(access.change_state, body.command(organisation_id), returns=OrganisationOut.of)


@router.get("/me", response_model=MeOut, tags=["me"])
async def read_me(work: Me) -> MeOut:
    """Whom the access token speaks for, and what they may do."""
    person_id = work.caller.person_id
    return _me(work, None if person_id is None else await work.entity(Participant, person_id))


@router.put("/me", response_model=MeOut, responses=problems(NotYourAccount, NotAParticipant, AccountLinked), tags=["me"])
async def link_me(work: Me) -> Response:
    """Link the account that has signed in to its participant, whom the claim finds that the organisation chose. Doing it again
    changes nothing."""
    account = work.caller.account
    if account is None:
        raise NotYourAccount("Your token speaks for a client. A person's account is linked with the person's own token.")
    command = access.LinkOwnAccount(account.issuer_id, account.subject_id, account.claims)
    return await work(access.link_own_account, command, returns=lambda person: _me(work, person))


@router.get("/me/partners", response_model=Page[PartnerOut], tags=["me"])
async def list_my_partners(work: PartnersReader) -> Page[PartnerOut]:
    """The people the caller is proposed to or matched with, by name, at most 200 of them. A client has none of its own."""
    rows = await work.rows(queries.PARTNERS, work.tenant_id, work.caller.person_id)
    return Page[PartnerOut](items=[PartnerOut.of(row) for row in rows], next=None)


def _me(work: Work, person: Participant | None) -> MeOut:
    caller = work.caller
    return MeOut(
        kind=caller.actor.kind,
        organisation_id=caller.tenant_id,
        client_id=caller.client_id,
        linked=person is not None,
        hr_administrator=caller.administrator,
        managed_program_ids=tuple(sorted(caller.programs)),
        scopes=None if caller.scopes is None else tuple(sorted(caller.scopes)),
        participant=None if person is None else ParticipantOut.of(person),
    )
