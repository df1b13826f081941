"""What is done with issuers, accounts, roles and the state of organisations. Other services hear of it as events, ids only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from peerloom_events import (
    Event,
    IssuerRegistered,
    IssuerRemoved,
    OrganisationClosed,
    OrganisationResumed,
    OrganisationSuspended,
    PersonLinked,
    PersonUnlinked,
    RoleGranted,
    RoleRevoked,
)
from peerloom_service.access import directory
from peerloom_service.access.registrations import subject_id
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service import queries
from profile_service.domain import Organisation, Participant, Program
from profile_service.domain_access import (
    Grant,
    Issuer,
    Link,
    NotAParticipant,
    OrganisationOver,
    OrganisationState,
    Role,
)

_STATES: Final[Mapping[OrganisationState, type[OrganisationSuspended | OrganisationResumed | OrganisationClosed]]] = {
    OrganisationState.SUSPENDED: OrganisationSuspended,
    OrganisationState.ACTIVE: OrganisationResumed,
    OrganisationState.CLOSED: OrganisationClosed,
}


@dataclass(frozen=True, slots=True)
class RegisterIssuer:
    """`facts`: those of an `Issuer`, by name. `local`: it may be on this machine."""

    facts: Mapping[str, Any]
    local: bool


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """`subject`: the claim `sub` of the account's tokens."""

    issuer_id: UUID
    participant_id: UUID
    subject: str


@dataclass(frozen=True, slots=True)
class LinkOwnAccount:
    """Somebody has signed in with this account; `claims` are their token's."""

    issuer_id: UUID
    subject_id: UUID
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GrantRole:
    participant_id: UUID
    role: Role
    program_id: UUID | None


@dataclass(frozen=True, slots=True)
class ChangeState:
    organisation_id: UUID
    state: OrganisationState


async def register_issuer(tx: Transaction, command: RegisterIssuer) -> Issuer:
    """From now on the organisation's people may come with this issuer's tokens.

    Raises: IssuerTaken, IssuerNotTaken.
    """
    issuer = Issuer(id=new_id(), version=1, created_at=await tx.now(), **command.facts)
    issuer.check(local=command.local)
    tx.add(issuer)
    told = {name: getattr(issuer, name) for name in IssuerRegistered.model_fields if hasattr(issuer, name)}
    await _say(tx, IssuerRegistered(issuer_id=issuer.id, **told))
    return issuer


async def remove_issuer(tx: Transaction, issuer_id: UUID) -> Issuer:
    """Its tokens are taken no longer. Raises: NotFound."""
    issuer = await tx.lock(Issuer, issuer_id)
    removed = issuer.removed(await tx.now())
    if removed is not issuer:
        await tx.save(removed)
        await _say(tx, IssuerRemoved(version=removed.version, issuer_id=issuer.id))
    return removed


async def link_account(tx: Transaction, command: LinkAccount) -> Link:
    """An account is a participant's.

    Raises: NotFound, AccountLinked.
    """
    issuer = await tx.get(Issuer, command.issuer_id)
    await tx.get(Participant, command.participant_id)
    return await _link(tx, issuer, command.participant_id, subject_id(issuer.issuer, command.subject))


async def link_own_account(tx: Transaction, command: LinkOwnAccount) -> Participant:
    """Whoever has signed in is found by what their token says of them, once; from then on by the account.

    Raises: NotFound, NotAParticipant, AccountLinked where the participant has another account at the same issuer: an address
    may have been handed on.
    """
    issuer = await tx.get(Issuer, command.issuer_id)
    for known in await tx.find(Link, _OF_ACCOUNT, issuer.id, command.subject_id):
        return await tx.get(Participant, known.participant_id)
    found = await queries.participants_by(tx.fetch, tx.tenant_id, issuer.participant_key, issuer.sought(command.claims))
    if len(found) != 1:
        raise NotAParticipant("Your organisation has told us of nobody with what your account says. Ask your HR department.")
    await _link(tx, issuer, found[0], command.subject_id)
    return await tx.get(Participant, found[0])


async def unlink_account(tx: Transaction, link_id: UUID) -> Link:
    """The account is nobody's any more. Raises: NotFound."""
    link = await tx.lock(Link, link_id)
    removed = link.removed(await tx.now())
    if removed is not link:
        await tx.save(removed)
        await _say(tx, PersonUnlinked(version=removed.version, link_id=link.id, participant_id=link.participant_id))
    return removed


async def grant_role(tx: Transaction, command: GrantRole) -> Grant:
    """A participant has a role from now on.

    Raises: NotFound, GrantedAlready, RoleWithoutProgram.
    """
    await tx.get(Participant, command.participant_id)
    if command.program_id is not None:
        await tx.get(Program, command.program_id)
    grant = Grant(new_id(), 1, await tx.now(), command.participant_id, command.role, command.program_id)
    tx.add(grant)
    event = RoleGranted(
        version=1,
        grant_id=grant.id,
        participant_id=grant.participant_id,
        role=grant.role.value,
        program_id=grant.program_id,
    )
    await _say(tx, event)
    return grant


async def revoke_role(tx: Transaction, grant_id: UUID) -> Grant:
    """They no longer have it. Raises: NotFound."""
    grant = await tx.lock(Grant, grant_id)
    removed = grant.removed(await tx.now())
    if removed is not grant:
        await tx.save(removed)
        await _say(tx, RoleRevoked(version=removed.version, grant_id=grant.id, participant_id=grant.participant_id))
    return removed


async def change_state(tx: Transaction, command: ChangeState) -> Organisation:
    """Suspend an organisation, resume it, or close it for good.

    Raises: NotFound, OrganisationOver.
    """
    tx.act_for(command.organisation_id)
    organisation = await tx.lock(Organisation, command.organisation_id)
    if organisation.state in (command.state, OrganisationState.CLOSED):
        raise OrganisationOver(f"It is {organisation.state}.")
    changed = replace(organisation, version=organisation.version + 1, state=command.state)
    await tx.save(changed)
    await _say(tx, _STATES[command.state](version=changed.version, organisation_id=changed.id))
    return changed


async def _link(tx: Transaction, issuer: Issuer, participant_id: UUID, subject: UUID) -> Link:
    link = Link(new_id(), 1, await tx.now(), issuer.id, participant_id, subject)
    tx.add(link)
    await _say(
        tx,
        PersonLinked(version=1, link_id=link.id, issuer_id=issuer.id, participant_id=participant_id, subject_id=subject),
    )
    return link


async def _say(tx: Transaction, event: Event) -> None:
    """Publish it, and keep it here as every other service does."""
    await directory.keep(tx, event)
    tx.publish(event)


_OF_ACCOUNT: Final = "issuer_id = $2 AND subject_id = $3 AND removed_at IS NULL"
