"""Each service's own copy of who may act, and what is asked of it when a token comes.

`COPIED` is what a service subscribes to; the service that says these facts itself calls `keep` beside `publish`.
"""

from dataclasses import dataclass
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
from peerloom_service.access.registrations import Registration
from peerloom_service.consuming.decoding import Subscriptions
from peerloom_service.storage.database import Database
from peerloom_service.use_cases.transaction import Transaction

KEEP_ISSUER: Final = """
    INSERT INTO access_issuer (tenant_id, id, version, issuer, audience, organisation_claim, organisation_value, scopes_claim,
                               roles_claim, roles, token_kind)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        version = excluded.version, issuer = excluded.issuer, audience = excluded.audience,
        organisation_claim = excluded.organisation_claim, organisation_value = excluded.organisation_value,
        scopes_claim = excluded.scopes_claim, roles_claim = excluded.roles_claim, roles = excluded.roles,
        token_kind = excluded.token_kind
    WHERE access_issuer.version < excluded.version
"""
KEEP_LINK: Final = """
    INSERT INTO access_link (tenant_id, id, version, issuer_id, person_id, subject_id) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, id) DO NOTHING
"""
KEEP_GRANT: Final = """
    INSERT INTO access_grant (tenant_id, id, version, person_id, role, scope_id) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, id) DO NOTHING
"""
KEEP_STATE: Final = """
    INSERT INTO access_organisation (tenant_id, id, version, state) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, state = excluded.state
    WHERE access_organisation.version < excluded.version
"""
REMOVE_ISSUER: Final = "UPDATE access_issuer SET version = $3, removed = true WHERE tenant_id = $1 AND id = $2 AND version < $3"
REMOVE_LINK: Final = "UPDATE access_link SET version = $3, removed = true WHERE tenant_id = $1 AND id = $2 AND version < $3"
REMOVE_GRANT: Final = "UPDATE access_grant SET version = $3, removed = true WHERE tenant_id = $1 AND id = $2 AND version < $3"

ISSUERS: Final = """
    SELECT tenant_id, id, issuer, audience, organisation_claim, organisation_value, scopes_claim, roles_claim, roles, token_kind
    FROM access_issuer WHERE NOT removed
"""
STATE: Final = "SELECT state FROM access_organisation WHERE tenant_id = $1"
PERSON: Final = """
    SELECT link.person_id, organisation.state,
        coalesce(array_agg(role) FILTER (WHERE role IS NOT NULL AND scope_id IS NULL), '{}') AS roles,
        coalesce(array_agg(scope_id) FILTER (WHERE scope_id IS NOT NULL), '{}') AS scopes
    FROM (SELECT $1::uuid AS tenant_id, $2::uuid AS subject_id, $3::uuid AS issuer_id) AS asked
    LEFT JOIN access_organisation AS organisation USING (tenant_id)
    LEFT JOIN access_link AS link ON link.tenant_id = asked.tenant_id AND link.subject_id = asked.subject_id
        AND link.issuer_id = asked.issuer_id AND NOT link.removed
    LEFT JOIN access_grant AS granted ON granted.tenant_id = asked.tenant_id AND granted.person_id = link.person_id
        AND NOT granted.removed
    GROUP BY 1, 2
"""
"""One row, also for an account that is nobody's. `roles` hold everywhere, `scopes` are programs with a manager's role."""

SUSPENDED: Final = "suspended"
CLOSED: Final = "closed"
ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """Whose account it is (None: nobody's yet), what they were granted, and how their organisation stands."""

    person_id: UUID | None
    roles: frozenset[str]
    programs: frozenset[UUID]
    state: str


class Directory:
    """The copy, read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issuers(self) -> list[Registration]:
        """Every issuer that any organisation has registered."""
        return [Registration(**row) for row in await self._database.fetch(None, ISSUERS)]

    async def state(self, tenant_id: UUID) -> str:
        """How an organisation stands; one that nothing was said about is served."""
        row = await self._database.fetchrow(tenant_id, STATE, tenant_id)
        return ACTIVE if row is None else str(row["state"])

    async def account(self, tenant_id: UUID, subject_id: UUID, issuer_id: UUID) -> KnownAccount:
        """What is known of an account."""
        row = await self._database.fetchrow(tenant_id, PERSON, tenant_id, subject_id, issuer_id)
        assert row is not None
        return KnownAccount(row["person_id"], frozenset(row["roles"]), frozenset(row["scopes"]), row["state"] or ACTIVE)


async def keep(tx: Transaction, event: Event) -> None:
    """Keep one of these facts, unless a newer one of the same thing is kept already."""
    tenant = tx.tenant_id
    match event:
        case IssuerRegistered():
            told = event.model_dump(exclude={"issuer_id", "version"})
            await tx.execute(KEEP_ISSUER, tenant, event.issuer_id, event.version, *(told[name] for name in _TOLD))
        case PersonLinked():
            whose = event.issuer_id, event.participant_id, event.subject_id
            await tx.execute(KEEP_LINK, tenant, event.link_id, event.version, *whose)
        case RoleGranted():
            what = event.participant_id, event.role, event.program_id
            await tx.execute(KEEP_GRANT, tenant, event.grant_id, event.version, *what)
        case IssuerRemoved() | PersonUnlinked() | RoleRevoked():
            await tx.execute(_REMOVALS[type(event)], tenant, event.key, event.version)
        case _:
            await tx.execute(KEEP_STATE, tenant, event.key, event.version, _STATES[type(event)])


_TOLD: Final = (
    "issuer",
    "audience",
    "organisation_claim",
    "organisation_value",
    "scopes_claim",
    "roles_claim",
    "roles",
    "token_kind",
)
_REMOVALS: Final[dict[type[Any], str]] = {
    IssuerRemoved: REMOVE_ISSUER,
    PersonUnlinked: REMOVE_LINK,
    RoleRevoked: REMOVE_GRANT,
}
_STATES: Final[dict[type[Any], str]] = {
    OrganisationSuspended: SUSPENDED,
    OrganisationResumed: ACTIVE,
    OrganisationClosed: CLOSED,
}

COPIED: Final[Subscriptions] = dict.fromkeys(
    (
        IssuerRegistered,
        IssuerRemoved,
        PersonLinked,
        PersonUnlinked,
        RoleGranted,
        RoleRevoked,
        OrganisationSuspended,
        OrganisationResumed,
        OrganisationClosed,
    ),
    keep,
)
"""What every service but the one that says it subscribes to."""
