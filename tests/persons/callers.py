"""Nine kinds of callers of one service, about a thing that is of one person and their partner, in one program."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx

from peerloom_events import Event, IssuerRegistered, PersonLinked, RoleGranted
from peerloom_service.access.directory import keep
from peerloom_service.access.registrations import subject_id
from peerloom_service.context import Cause
from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from tests.support import RunningService

KINDS: Final = ("self", "partner", "other", "manager", "other manager", "hr", "client", "other tenant", "none")


@dataclass
class Callers:
    """`people`: participant by kind; `clients`: an HTTP client for each kind."""

    service: RunningService
    tenant: UUID = field(default_factory=new_id)
    program: UUID = field(default_factory=new_id)
    other_program: UUID = field(default_factory=new_id)
    people: dict[str, UUID] = field(default_factory=lambda: {kind: new_id() for kind in KINDS[:6]})
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    issuer_id: UUID = field(default_factory=new_id)

    @classmethod
    async def of(cls, service: RunningService) -> "Callers":
        """Known to the service as profile's events would make them known."""
        it = cls(service)
        issuer_id, audience = it.issuer_id, f"people-of-{it.tenant}"
        issuer = service.issuer.url
        registered = IssuerRegistered(version=1, issuer_id=issuer_id, issuer=issuer, audience=audience)
        await it.keep(registered)
        for kind, person in it.people.items():
            subject = subject_id(issuer, kind)
            await it.keep(
                PersonLinked(version=1, link_id=new_id(), issuer_id=issuer_id, participant_id=person, subject_id=subject)
            )
            token = service.issuer.token(None, [], aud=audience, sub=kind, scope=None)
            it.clients[kind] = service.client_with(f"Bearer {token}")
        for kind, role, program in (
            ("manager", "program_manager", it.program),
            ("other manager", "program_manager", it.other_program),
            ("hr", "hr_administrator", None),
        ):
            grant: Any = {"role": role, "program_id": program}
            await it.keep(RoleGranted(version=1, grant_id=new_id(), participant_id=it.people[kind], **grant))
        it.clients["client"] = service.client(it.tenant)
        it.clients["other tenant"] = service.client(new_id())
        it.clients["none"] = service.client_with(None)
        return it

    @property
    def pair(self) -> tuple[UUID, UUID]:
        """The person and their partner."""
        return self.people["self"], self.people["partner"]

    async def keep(self, event: Event) -> None:
        """The service has received this fact about who may act."""
        await self.have(keep, event)

    async def add(self, *entities: Any) -> None:
        """The service has these things."""

        async def added(tx: Transaction, _: None) -> None:
            for entity in entities:
                tx.add(entity)

        await self.have(added, None)

    async def have(self, use_case: Callable[[Transaction, Any], Awaitable[Any]], command: Any) -> Any:
        """The result of a use case of the service itself."""
        return await self.service.runtime.perform(use_case, command, tenant_id=self.tenant, cause=Cause("a test"))
