"""What a running process of a service holds: opened at the start, closed at the end, handed to whoever needs it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from peerloom_service.auth import TokenVerifier
from peerloom_service.context import Cause
from peerloom_service.settings import ServiceSettings
from peerloom_service.storage.database import Database
from peerloom_service.storage.tables import Storage
from peerloom_service.use_cases.transaction import Transaction

Command = TypeVar("Command")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Runtime:
    """`wake_relay` is set whenever events were committed to the outbox by this process."""

    settings: ServiceSettings
    database: Database
    storages: dict[type, Storage[Any]]
    verifier: TokenVerifier
    wake_relay: asyncio.Event = field(default_factory=asyncio.Event)

    async def perform(
        self,
        use_case: Callable[[Transaction, Command], Awaitable[Result]],
        command: Command,
        *,
        tenant_id: UUID,
        cause: Cause,
    ) -> Result:
        """Run a use case that no request asked for, in one transaction of an organisation, and commit it.

        Raises: whatever the use case raises; then nothing has changed.
        """
        async with self.database.connection(tenant_id) as connection:
            tx = Transaction(connection, self.storages, tenant_id=tenant_id, cause=cause)
            try:
                result = await use_case(tx, command)
                published = await tx.commit()
            except BaseException:
                await tx.rollback()
                raise
        if published:
            self.wake_relay.set()
        return result
